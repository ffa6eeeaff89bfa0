/** Traces and metrics of calls with OpenTelemetry. */
import type { CallObserver } from '../../../wire/call-observer.ts'
import { guardObservers } from '../../../wire/guard-observers.ts'
import { warnOfFault } from '../../../wire/http2/http2.ts'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import { observeByClientSpans } from '../../../wire/telemetry/client-spans.ts'
import { grpcCallNames, grpcRetryNames } from '../../../wire/telemetry/metrics/grpc-call-names.ts'
import { observeByMetrics } from '../../../wire/telemetry/metrics/observe-by-metrics.ts'
import { otelRegistry } from '../../../wire/telemetry/metrics/otel-registry.ts'
import { rpcCallNames } from '../../../wire/telemetry/metrics/rpc-call-names.ts'
import type { OtelApi, OtelMeter, OtelPropagator, OtelTracer } from '../../../wire/telemetry/open-telemetry-api.ts'
import { GuardedEdge } from '../base/guarded-edge.ts'

/** Options of `openTelemetry`. There is no fallback to global providers: without a tracer or meter, nothing is recorded. */
export interface OpenTelemetryOptions {
  /** The module `@opentelemetry/api`, 1.9 or later. Required with a `tracer`, whose spans are children of the active one. */
  readonly api?: OtelApi
  /** Creates the spans. Default: no spans. */
  readonly tracer?: OtelTracer
  /** Creates the instruments. Default: no metrics. */
  readonly meter?: OtelMeter
  /** Writes traces to metadata. Default: the one registered with the API, if any. */
  readonly propagator?: OtelPropagator
  /** Whether to record the metrics that gRPC calls experimental: retries, hedges and their delays. Default: false. */
  readonly experimentalMetrics?: boolean
  /**
   * Labels the metrics of gRPC with the `callLabel` of each call (gRFC A108): its allowed values, or how many different ones are allowed.
   * All others become `other`. Default: no such label.
   */
  readonly callLabels?: number | readonly string[]
  /** Returns the time of a monotonic clock, in milliseconds. Default: performance.now. */
  readonly now?: () => number
}

const SHAPE: OptionShape = {
  kinds: {
    api: ['any'],
    tracer: ['any'],
    meter: ['any'],
    propagator: ['any'],
    experimentalMetrics: ['boolean'],
    callLabels: ['number', 'array'],
    now: ['function'],
  } satisfies OptionKinds<OpenTelemetryOptions>,
}

/**
 * Creates an observer for the option `observers` of transports. It records nothing on a server.
 *
 *     import * as api from '@opentelemetry/api'
 *
 *     const telemetry = openTelemetry({
 *       api,
 *       tracer: api.trace.getTracer('shop'),
 *       meter: api.metrics.getMeter('shop'),
 *     })
 *     const transport = createTransport({ target: 'dns:///greeter.example:443', observers: [telemetry] })
 *
 * @throws RangeError for a tracer without the API, and for unknown options
 */
export function openTelemetry(options: OpenTelemetryOptions): CallObserver {
  checkOptions('openTelemetry', options, SHAPE)
  const { api, tracer, meter, experimentalMetrics = false, now = () => performance.now() } = options
  const observers: CallObserver[] = []
  if (tracer !== undefined) {
    if (api === undefined)
      throw new RangeError('api is missing, and must be the module @opentelemetry/api for a tracer')
    observers.push(observeByClientSpans({ api, tracer, propagator: options.propagator ?? api.propagation }))
  }
  if (meter !== undefined) {
    const names = [rpcCallNames, grpcCallNames, ...(experimentalMetrics ? [grpcRetryNames] : [])]
    const { callLabels } = options
    observers.push(observeByMetrics({ registry: otelRegistry(meter), names, side: 'client', callLabels, now }))
  }
  const edge = new GuardedEdge({ name: 'OpenTelemetry', report: warnOfFault })
  return guardObservers(observers, (thrown) => edge.report(thrown)) ?? { onStart: () => null }
}
