/** The public edge of `portico/server/telemetry`. */

export type {
  CounterSeries,
  HistogramDefinition,
  HistogramSeries,
  Instrument,
  MetricDefinition,
  MetricSource,
  OverWorkers,
  ReportValue,
} from '../../wire/telemetry/metrics/metric-registry.ts'
export type { TracedPeer } from '../../wire/telemetry/server-spans.ts'
export type { PromClientRegistry } from './metrics/exposition.ts'
export { type MeasuringMiddleware, metrics, otelMetrics } from './metrics/metrics.ts'
export type { AuthorizeReader, MetricsReader } from './metrics/metrics-access.ts'
export type { MeasuredOptions, MetricNames, MetricsOptions } from './metrics/metrics-options.ts'
export { type TelemetryMiddleware, telemetry } from './telemetry.ts'
export type { TelemetryOptions, TraceOptions } from './telemetry-options.ts'
