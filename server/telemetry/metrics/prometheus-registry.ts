/**
 * Keeps measurements until Prometheus reads them. A measurement adds to numbers of its series, which costs tens of nanoseconds; those
 * of prom-client look up their labels each time. What is kept has the form of prom-client's metrics, so that it writes them out.
 */
import {
  attributesKey,
  type CounterSeries,
  type HistogramDefinition,
  type HistogramSeries,
  type Instrument,
  type MetricDefinition,
  type MetricRegistry,
  type MetricSource,
  MetricSources,
  type OverWorkers,
  type TraceIdentity,
} from '../../../wire/telemetry/metrics/metric-registry.ts'
import type { OtelAttributes } from '../../../wire/telemetry/open-telemetry-api.ts'
import { type Labels, labelsOf, prometheusName } from './prometheus-names.ts'

/** The head of a metric in the form of prom-client. */
export interface MetricDescription {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
}

/** A metric in the form of prom-client. */
export interface CollectedMetric extends MetricDescription {
  get(): CollectedData
}

/** The values of a metric in the form of prom-client. */
export interface CollectedData extends MetricDescription {
  readonly values: readonly CollectedValue[]
  /** What the values of several processes become: prom-client's own words, and `each`. */
  readonly aggregator: Aggregator
}

/** How values of several processes are merged. */
export type Aggregator = OverWorkers | 'min' | 'average' | 'first' | 'omit'

/** A line of the page. */
export interface CollectedValue {
  readonly value: number
  readonly labels: Readonly<Record<string, string | number>>
  /** Labels besides `labels`. prom-client formats each such object once. */
  readonly sharedLabels?: Labels
  readonly metricName?: string
  readonly exemplar?: CollectedExemplar | undefined
}

/** A value that was measured, with the trace that it comes from. */
export interface CollectedExemplar {
  readonly labelSet: Labels
  readonly value: number
  /** In seconds since 1970. */
  readonly timestamp: number
}

/** Collects the measurements of one server. */
export class PrometheusRegistry implements MetricRegistry {
  readonly #families = new Map<string, Family>()
  /** Reads the wall clock, in milliseconds. */
  readonly #wallClockMs: () => number

  constructor(wallClockMs: () => number = Date.now) {
    this.#wallClockMs = wallClockMs
  }

  /** The metrics that have values. */
  get metrics(): readonly CollectedMetric[] {
    return [...this.#families.values()].filter((family) => !family.isEmpty).map(collected)
  }

  histogram(definition: HistogramDefinition): Instrument<HistogramSeries> {
    const { buckets } = definition
    return this.#family(definition, 'histogram', (labels) => new Buckets(labels, buckets, this.#wallClockMs))
  }

  counter(definition: MetricDefinition): Instrument<CounterSeries> {
    return this.#family(definition, 'counter', (labels) => new Count(labels))
  }

  addSource(source: MetricSource): () => void {
    const family = this.#family(source, source.kind, (labels) => new Count(labels))
    family.aggregator = source.kind === 'counter' ? 'sum' : (source.overWorkers ?? 'sum')
    family.sources.add(source)
    return () => family.sources.delete(source)
  }

  /** The family may exist: two parts of a server may measure the same thing. */
  #family<S extends Series>(
    definition: MetricDefinition,
    type: MetricDescription['type'],
    create: (labels: Labels) => S,
  ): Family<S> {
    const name = prometheusName(definition, type)
    const known = this.#families.get(name) as Family<S> | undefined
    if (known !== undefined) return known
    const family = new Family({ name, help: definition.description, type }, create)
    this.#families.set(name, family)
    return family
  }
}

interface Series {
  collect(name: string): readonly CollectedValue[]
}

/** A metric and its series. */
class Family<S extends Series = Series> implements Instrument<S> {
  readonly description: MetricDescription
  readonly sources = new MetricSources()
  aggregator: Aggregator = 'sum'
  readonly #create: (labels: Labels) => S
  readonly #series = new Map<string, S>()

  constructor(description: MetricDescription, create: (labels: Labels) => S) {
    this.description = description
    this.#create = create
  }

  get isEmpty(): boolean {
    return this.#series.size === 0 && this.sources.isEmpty
  }

  /** Returns the same series for the same attributes: several methods and protocols may share one. */
  with(attributes: OtelAttributes): S {
    const key = attributesKey(attributes)
    const known = this.#series.get(key)
    if (known !== undefined) return known
    const series = this.#create(labelsOf(attributes))
    this.#series.set(key, series)
    return series
  }

  values(name: string): readonly CollectedValue[] {
    const measured = [...this.#series.values()].flatMap((series) => series.collect(name))
    const read = [...this.sources.read()].map(({ attributes, value }) => ({ labels: labelsOf(attributes), value }))
    return [...measured, ...read]
  }
}

/** prom-client calls `get` on objects of its own that stand before this one, and may have another name. */
function collected(family: Family): CollectedMetric {
  return {
    ...family.description,
    get() {
      const { name, help, type } = this
      return { name, help, type, values: family.values(name), aggregator: family.aggregator }
    },
  }
}

class Count implements Series, CounterSeries {
  readonly #labels: Labels
  #value = 0

  constructor(labels: Labels) {
    this.#labels = labels
  }

  add(value: number): void {
    this.#value += value
  }

  collect(): readonly CollectedValue[] {
    return [{ value: this.#value, labels: this.#labels }]
  }
}

class Buckets implements Series, HistogramSeries {
  readonly #labels: Labels
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  readonly #exemplars: (CollectedExemplar | undefined)[] = []
  readonly #wallClockMs: () => number
  #sum = 0

  constructor(labels: Labels, bounds: readonly number[], wallClockMs: () => number) {
    this.#labels = labels
    this.#bounds = bounds
    this.#counts = new Array(bounds.length + 1).fill(0)
    this.#wallClockMs = wallClockMs
  }

  /** Most calls are fast, so that the search from the start is short. */
  record(value: number, trace?: TraceIdentity): void {
    const bounds = this.#bounds
    let at = 0
    while (at < bounds.length && value > (bounds[at] as number)) at += 1
    this.#counts[at] = (this.#counts[at] as number) + 1
    this.#sum += value
    if (trace !== undefined) this.#exemplars[at] = this.#exemplarOf(value, trace)
  }

  /** The buckets are cumulative, up to infinity. */
  collect(name: string): readonly CollectedValue[] {
    const sharedLabels = this.#labels
    let count = 0
    const buckets = this.#counts.map((inBucket, at) => {
      count += inBucket
      const labels = { le: this.#bounds[at] ?? '+Inf' }
      return { value: count, labels, sharedLabels, metricName: `${name}_bucket`, exemplar: this.#exemplars[at] }
    })
    return [
      ...buckets,
      { value: this.#sum, labels: {}, sharedLabels, metricName: `${name}_sum` },
      { value: count, labels: {}, sharedLabels, metricName: `${name}_count` },
    ]
  }

  #exemplarOf(value: number, { traceId, spanId }: TraceIdentity): CollectedExemplar {
    return { labelSet: { trace_id: traceId, span_id: spanId }, value, timestamp: this.#wallClockMs() / 1000 }
  }
}
