/** Records to the meter of an OpenTelemetry SDK. */
import type { OtelAttributes, OtelMeter, OtelObservable, OtelObserveCallback } from '../open-telemetry-api.ts'
import {
  type CounterSeries,
  type HistogramDefinition,
  type HistogramSeries,
  type Instrument,
  type MetricDefinition,
  type MetricRegistry,
  type MetricSource,
  MetricSources,
} from './metric-registry.ts'

/** Creates the registry. What a meter does with series, such as adding examples, is up to its SDK. */
export function otelRegistry(meter: OtelMeter): MetricRegistry {
  return new OtelRegistry(meter)
}

class OtelRegistry implements MetricRegistry {
  readonly #meter: OtelMeter
  /** By the name of the metric. */
  readonly #observed = new Map<string, ObservedSources>()

  constructor(meter: OtelMeter) {
    this.#meter = meter
  }

  histogram({ name, unit, description, buckets }: HistogramDefinition): Instrument<HistogramSeries> {
    const advice = { explicitBucketBoundaries: [...buckets] }
    const histogram = this.#meter.createHistogram(name, { unit, description, advice })
    return {
      with: (attributes: OtelAttributes) => ({ record: (value: number) => histogram.record(value, attributes) }),
    }
  }

  counter({ name, unit, description }: MetricDefinition): Instrument<CounterSeries> {
    const counter = this.#meter.createCounter(name, { unit, description })
    return { with: (attributes: OtelAttributes) => ({ add: (value: number) => counter.add(value, attributes) }) }
  }

  addSource(source: MetricSource): () => void {
    let observed = this.#observed.get(source.name)
    if (observed === undefined) {
      observed = new ObservedSources(this.#observable(source))
      this.#observed.set(source.name, observed)
    }
    return observed.add(source)
  }

  #observable({ name, unit, description, kind }: MetricSource): OtelObservable {
    const options = { unit, description }
    return kind === 'gauge'
      ? this.#meter.createObservableGauge(name, options)
      : this.#meter.createObservableCounter(name, options)
  }
}

/** The sources of one instrument, with one callback: of two that observe the same attributes, the last would replace the first. */
class ObservedSources {
  readonly #instrument: OtelObservable
  readonly #sources = new MetricSources()
  readonly #callback: OtelObserveCallback = (result) => {
    for (const { value, attributes } of this.#sources.read()) result.observe(value, attributes)
  }

  constructor(instrument: OtelObservable) {
    this.#instrument = instrument
  }

  /** Returns the function that removes the source. */
  add(source: MetricSource): () => void {
    if (this.#sources.isEmpty) this.#instrument.addCallback(this.#callback)
    this.#sources.add(source)
    return () => {
      this.#sources.delete(source)
      if (this.#sources.isEmpty) this.#instrument.removeCallback(this.#callback)
    }
  }
}
