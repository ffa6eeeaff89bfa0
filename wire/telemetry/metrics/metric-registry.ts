/**
 * Where measurements go. Prometheus and OpenTelemetry each have an adapter; what measures calls knows only this interface.
 *
 * Names, units and attributes are those of OpenTelemetry: `rpc.server.call.duration`, `s`, `rpc.method`. An instrument is asked once
 * for each set of attribute values, and gives a series, so that a measurement does not build or look up attributes.
 */
import type { OtelAttributes } from '../open-telemetry-api.ts'

/** The name of a metric, and what it measures. */
export interface MetricDefinition {
  /** In lower case, with dots: `grpc.server.call.started`. */
  readonly name: string
  /** `s`, `By`, `1`, or what is counted in braces: `{call}`. */
  readonly unit: string
  readonly description: string
}

/** The definition of a histogram. */
export interface HistogramDefinition extends MetricDefinition {
  /** The upper bounds of the buckets, ascending, without infinity. */
  readonly buckets: readonly number[]
}

/** Gives the series of a metric. An attribute that a series does not have counts as empty. */
export interface Instrument<Series> {
  with(attributes: OtelAttributes): Series
}

/** Counts values in buckets. */
export interface HistogramSeries {
  /** @param trace the trace that the value comes from, to be shown as an example of its bucket, if the adapter can */
  record(value: number, trace?: TraceIdentity): void
}

/** Only grows. */
export interface CounterSeries {
  add(value: number): void
}

/** The identity of a span, in hexadecimal digits. */
export interface TraceIdentity {
  readonly traceId: string
  readonly spanId: string
}

/** Receives a value of a source. Default: no attributes. */
export type ReportValue = (value: number, attributes?: OtelAttributes) => void

/** What the values of several workers become. */
export type OverWorkers = 'sum' | 'max' | 'each'

/** A metric whose values exist elsewhere, and are read when metrics are collected. It costs nothing in between. */
export interface MetricSource extends MetricDefinition {
  /** A gauge goes up and down; a counter only grows. */
  readonly kind: 'gauge' | 'counter'
  /**
   * What the values of the workers of one server become on its page: their `sum`, as of connections; the `max`imum, for what is the same in
   * all; or one series for `each` worker, with the label `worker`. Counters are always added up. Default: `sum`.
   */
  readonly overWorkers?: OverWorkers
  /** Reports the values, at most one for each set of attribute values. */
  read(report: ReportValue): void
}

/** The values of a source, added up. */
export interface SourceValue {
  readonly attributes: OtelAttributes
  readonly value: number
}

/** The sources of one metric, such as those of two servers, or of two limits with one name. */
export class MetricSources {
  readonly #sources = new Set<MetricSource>()

  get isEmpty(): boolean {
    return this.#sources.size === 0
  }

  add(source: MetricSource): void {
    this.#sources.add(source)
  }

  delete(source: MetricSource): void {
    this.#sources.delete(source)
  }

  /** Reads the sources, and adds up the values with the same attributes. */
  read(): Iterable<SourceValue> {
    const values = new Map<string, SourceValue>()
    for (const source of this.#sources) {
      source.read((value, attributes = {}) => {
        const key = attributesKey(attributes)
        values.set(key, { attributes, value: value + (values.get(key)?.value ?? 0) })
      })
    }
    return values.values()
  }
}

/** Returns the same text for the same attributes in any order. */
export function attributesKey(attributes: OtelAttributes): string {
  return JSON.stringify(
    Object.entries(attributes)
      .map(([name, value]) => [name, String(value)])
      .sort(),
  )
}

/** Creates instruments. */
export interface MetricRegistry {
  histogram(definition: HistogramDefinition): Instrument<HistogramSeries>
  counter(definition: MetricDefinition): Instrument<CounterSeries>
  /** Adds a source. Returns the function that removes it. */
  addSource(source: MetricSource): () => void
}
