/** Traces and metrics of calls by OpenTelemetry. */
import type { CallObserver } from '../../../wire/call-observer.ts'
import { guardObservers } from '../../../wire/guard-observers.ts'
import { warnOfFault } from '../../../wire/http2/http2.ts'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import { GuardedEdge } from '../base/guarded-edge.ts'
import { observeByMetrics } from './call-metrics.ts'
import { observeBySpans } from './call-spans.ts'
import type { OtelApi, OtelMeter, OtelPropagator, OtelTracer } from './open-telemetry-api.ts'

/** What is to be told, and whom. There is no fallback to providers of the process: what is not given is not recorded. */
export interface OpenTelemetryOptions {
  /** The module `@opentelemetry/api`, from 1.9 on. Needed with a `tracer`, whose spans have the active one as their parent. */
  readonly api?: OtelApi
  /** Makes the spans. Default: there are none. */
  readonly tracer?: OtelTracer
  /** Makes the instruments. Default: there are none. */
  readonly meter?: OtelMeter
  /** Writes traces into metadata. Default: the one that is registered with the API, if any. */
  readonly propagator?: OtelPropagator
  /** Record what gRPC calls experimental too: retries, hedges, and how long calls waited for them. Default false. */
  readonly experimentalMetrics?: boolean
  /** Milliseconds on a clock that never goes back. Default: performance.now. */
  readonly now?: () => number
}

const SHAPE: OptionShape = {
  kinds: {
    api: ['any'],
    tracer: ['any'],
    meter: ['any'],
    propagator: ['any'],
    experimentalMetrics: ['boolean'],
    now: ['function'],
  } satisfies OptionKinds<OpenTelemetryOptions>,
}

/**
 * An observer for the `observers` of transports; of a server it records nothing.
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
 * @throws RangeError for a tracer without the API, and for a name that is not an option
 */
export function openTelemetry(options: OpenTelemetryOptions): CallObserver {
  checkOptions('openTelemetry', options, SHAPE)
  const { api, tracer, meter, experimentalMetrics = false, now = () => performance.now() } = options
  const observers: CallObserver[] = []
  if (tracer !== undefined) {
    if (api === undefined)
      throw new RangeError('api is missing, and must be the module @opentelemetry/api for a tracer')
    observers.push(observeBySpans({ api, tracer, propagator: options.propagator ?? api.propagation }))
  }
  if (meter !== undefined) observers.push(observeByMetrics({ meter, hasExperimental: experimentalMetrics, now }))
  const edge = new GuardedEdge({ name: 'OpenTelemetry', report: warnOfFault })
  return guardObservers(observers, (thrown) => edge.report(thrown)) ?? { onStart: () => null }
}
