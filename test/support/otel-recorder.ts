/** Records OpenTelemetry data with the OpenTelemetry SDK. */
import { type Attributes, type SpanStatus, SpanStatusCode } from '@opentelemetry/api'
import { DataPointType, MeterProvider, type MetricData, MetricReader } from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

/** A span in comparable form. */
export interface RecordedSpan {
  readonly name: string
  readonly kind: number
  /** The name of the parent span; undefined without one. */
  readonly parent: string | undefined
  readonly attributes: Attributes
  /** Event names, with their attributes if any. */
  readonly events: readonly (string | [name: string, attributes: Attributes])[]
  readonly status: SpanStatus | 'unset'
}

/** A metric in comparable form. */
export interface RecordedMetric {
  readonly name: string
  readonly unit: string
  readonly type: string
  readonly boundaries: readonly number[] | undefined
  /** One per set of labels; the value is the sum of what was recorded. */
  readonly points: readonly { readonly labels: Attributes; readonly value: number; readonly count: number }[]
}

/** Tracer and meter of one test. */
export class OtelRecorder {
  readonly #spans = new InMemorySpanExporter()
  readonly #reader = new PassiveReader()
  readonly tracer = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter: this.#spans })],
  }).getTracer('test')
  readonly meter = new MeterProvider({ readers: [this.#reader] }).getMeter('test')

  /** The ended spans, in SDK form. */
  get rawSpans(): readonly ReadableSpan[] {
    return this.#spans.getFinishedSpans()
  }

  /** The ended spans, in order of their end. */
  get spans(): readonly RecordedSpan[] {
    const names = new Map(this.rawSpans.map((span) => [span.spanContext().spanId, span.name]))
    return this.rawSpans.map(({ name, kind, parentSpanContext, attributes, events, status }) => ({
      name,
      kind,
      parent: names.get(parentSpanContext?.spanId ?? ''),
      attributes: { ...attributes },
      events: events.map((event) =>
        Object.keys(event.attributes ?? {}).length === 0 ? event.name : [event.name, { ...event.attributes }],
      ),
      status: status.code === SpanStatusCode.UNSET ? 'unset' : status,
    }))
  }

  /** All recorded metrics, by name. */
  async metrics(): Promise<readonly RecordedMetric[]> {
    const { resourceMetrics, errors } = await this.#reader.collect()
    if (errors.length > 0) throw new AggregateError(errors, 'metrics cannot be collected')
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    return metrics.map(toRecord).sort((a, b) => a.name.localeCompare(b.name))
  }
}

/** Collects on request. */
class PassiveReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

function toRecord(metric: MetricData): RecordedMetric {
  const { name, unit } = metric.descriptor
  const common = { name, unit, type: DataPointType[metric.dataPointType] }
  if (metric.dataPointType !== DataPointType.HISTOGRAM) {
    const points = metric.dataPoints.map(({ attributes, value }) => ({
      labels: { ...attributes },
      value: Number(value),
      count: 1,
    }))
    return { ...common, boundaries: undefined, points }
  }
  return {
    ...common,
    boundaries: metric.dataPoints[0]?.value.buckets.boundaries,
    points: metric.dataPoints.map(({ attributes, value }) => ({
      labels: { ...attributes },
      value: value.sum ?? 0,
      count: value.count,
    })),
  }
}
