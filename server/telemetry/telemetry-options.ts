/** The options of telemetry. */
import type { OptionKinds, OptionShape } from '../../wire/options/check-options.ts'
import type { TracedPeer } from '../../wire/telemetry/server-spans.ts'
import { MEASURED_SHAPE, type MeasuredOptions } from './metrics/metrics-options.ts'

/** Options of `telemetry`. */
export interface TelemetryOptions {
  /** Whether to record spans, or how. Default: true. */
  readonly traces?: boolean | TraceOptions
  /** Whether to measure calls, connections and the process, or how. Default: true. */
  readonly metrics?: boolean | MeasuredOptions
  /** The name of the service, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES says it. Default: `unknown_service:node`. */
  readonly serviceName?: string
}

/** Options of the spans of a server. */
export interface TraceOptions {
  /**
   * Whether the trace that a caller sends is continued: its ids, its sampling, its state. If not, a new trace starts with a link to the
   * caller's, and calls of the handler carry nothing of the caller's. A function gets the other end of the connection. Default: true.
   */
  readonly trustsCaller?: boolean | ((peer: TracedPeer) => boolean)
  /** Whether each message is an event of the span. Default: false. */
  readonly messageEvents?: boolean
}

const TRACE_KINDS: OptionKinds<TraceOptions> = { trustsCaller: ['boolean', 'function'], messageEvents: ['boolean'] }

/** The names and kinds of the options of `telemetry`. */
export const TELEMETRY_SHAPE: OptionShape = {
  kinds: {
    traces: ['boolean', 'object'],
    metrics: ['boolean', 'object'],
    serviceName: ['string'],
  } satisfies OptionKinds<TelemetryOptions>,
  nested: { traces: { kinds: TRACE_KINDS }, metrics: MEASURED_SHAPE },
}
