/** Traces and metrics of a server with OpenTelemetry, by one switch. */
import type { CallObserver } from '../../wire/call-observer.ts'
import { guardObservers } from '../../wire/guard-observers.ts'
import { checkOptions } from '../../wire/options/check-options.ts'
import { observeByClientSpans } from '../../wire/telemetry/client-spans.ts'
import { otelRegistry } from '../../wire/telemetry/metrics/otel-registry.ts'
import { observeByServerSpans } from '../../wire/telemetry/server-spans.ts'
import type { Middleware, PreparedServer } from '../rpc/middleware.ts'
import { readSpansFrom } from './active-span.ts'
import { type Measured, measure } from './metrics/measure.ts'
import { measuredFaults } from './metrics/metrics-options.ts'
import { type OtelSdk, startOtel } from './otel/otel-sdk.ts'
import { TELEMETRY_SHAPE, type TelemetryOptions } from './telemetry-options.ts'

/** Middleware with an observer, for the transports of clients too. */
export type TelemetryMiddleware = Middleware & Required<Pick<Middleware, 'observer'>>

/**
 * Records spans and metrics of calls with OpenTelemetry: with the SDK that the program has registered, or else with one that is set up from OTEL_*
 * variables and exports with OTLP. Needs packages of OpenTelemetry, which an error at start-up names. Its `observer` makes the spans and metrics of a
 * client too, if its transport has it among its observers.
 *
 *     const otel = telemetry()
 *     await serve({ middleware: [otel], routes })
 *     const transport = createTransport({ target, observers: [otel.observer] })
 *
 * @throws RangeError for options that are unknown or not valid
 */
export function telemetry(options: TelemetryOptions = {}): TelemetryMiddleware {
  checkOptions('telemetry', options, TELEMETRY_SHAPE)
  const faults = measuredFaults(typeof options.metrics === 'object' ? options.metrics : {})
  if (faults.length > 0) throw new RangeError(`telemetry: metrics.${faults.join('; metrics.')}`)
  return new Telemetry(options)
}

class Telemetry implements TelemetryMiddleware {
  readonly name = 'telemetry'
  /** Observes nothing until the server is prepared. */
  readonly observer: CallObserver = { onStart: (call) => this.#observer?.onStart(call) ?? null }
  readonly #options: TelemetryOptions
  #observer: CallObserver | null = null
  #measured: Measured | null = null
  #starting: Promise<OtelSdk | null> | undefined
  /** Servers that use the SDK, and have not closed. */
  #servers = 0

  constructor(options: TelemetryOptions) {
    this.#options = options
  }

  async prepare({ app, log, metricSources }: PreparedServer): Promise<void> {
    this.#starting ??= this.#start(log)
    const sdk = await this.#starting
    this.#servers += 1
    this.#measured?.prepare({ app, metricSources })
    // Hooks run in reverse order, so the last export has what the server still measures.
    app?.addHook('onClose', async () => {
      this.#servers -= 1
      if (this.#servers > 0) return
      this.#observer = null
      readSpansFrom(null)
      this.#starting = undefined
      await sdk?.close()
    })
  }

  async #start(log: PreparedServer['log']): Promise<OtelSdk | null> {
    const { serviceName } = this.#options
    const sdk = await startOtel({ env: process.env, serviceName, log })
    if (sdk === null) {
      log.info('telemetry is off: OTEL_SDK_DISABLED is true')
      return null
    }
    const onFault = (thrown: unknown) => log.error({ err: thrown }, 'call observer failed')
    this.#measured = measuredWith(sdk, this.#options)
    const observers = [
      ...spanObservers(sdk, this.#options),
      ...(this.#measured === null ? [] : [this.#measured.observer]),
    ]
    this.#observer = guardObservers(observers, onFault)
    readSpansFrom(sdk.api)
    log.info(sdk.description, 'telemetry is on')
    return sdk
  }
}

function measuredWith({ meter }: OtelSdk, { metrics = true }: TelemetryOptions): Measured | null {
  if (metrics === false || meter === undefined) return null
  return measure(otelRegistry(meter), metrics === true ? {} : metrics)
}

function spanObservers({ api, tracer }: OtelSdk, { traces = true }: TelemetryOptions): readonly CallObserver[] {
  if (traces === false || tracer === undefined) return []
  const { trustsCaller = true, messageEvents: hasMessageEvents = false } = traces === true ? {} : traces
  const parts = { api, tracer, propagator: api.propagation }
  const ofServer = observeByServerSpans({ ...parts, trustsCaller, hasMessageEvents })
  const ofClient = observeByClientSpans(parts)
  return [{ onStart: (call) => (call.side === 'server' ? ofServer : ofClient).onStart(call) }]
}
