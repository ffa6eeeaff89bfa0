/** Records to the meter of an OpenTelemetry SDK. */
import type { OtelAttributes, OtelMeter, OtelObserveCallback } from '../open-telemetry-api.ts'
import type {
  CounterSeries,
  HistogramDefinition,
  HistogramSeries,
  Instrument,
  MetricDefinition,
  MetricRegistry,
  MetricSource,
} from './metric-registry.ts'

/** Creates the registry. What a meter does with series, such as adding examples, is up to its SDK. */
export function otelRegistry(meter: OtelMeter): MetricRegistry {
  return new OtelRegistry(meter)
}

class OtelRegistry implements MetricRegistry {
  readonly #meter: OtelMeter

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

  addSource({ name, unit, description, kind, read }: MetricSource): () => void {
    const options = { unit, description }
    const meter = this.#meter
    const instrument =
      kind === 'gauge' ? meter.createObservableGauge(name, options) : meter.createObservableCounter(name, options)
    const callback: OtelObserveCallback = (result) => read((value, attributes) => result.observe(value, attributes))
    instrument.addCallback(callback)
    return () => instrument.removeCallback(callback)
  }
}
