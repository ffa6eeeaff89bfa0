/** Measures requests that are not calls: those that Fastify answers, preflights, and heads that could not be read. */
import type { CallEnd, CallObservation, CallObserver } from '../../call-observer.ts'
import { CALL_DURATION_BUCKETS } from '../buckets.ts'
import type { OtelAttributes } from '../open-telemetry-api.ts'
import type { HistogramSeries, Instrument, MetricRegistry } from './metric-registry.ts'

/** The verbs of RFC 9110 and RFC 5789. Callers may send any other, which would make series without end. */
const VERBS: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
])

/** `http.server.request.duration` of OpenTelemetry's conventions for HTTP, without the route, which observers do not know. */
export function httpRequests(registry: MetricRegistry): CallObserver {
  const durations = new HttpDurations(
    registry.histogram({
      name: 'http.server.request.duration',
      unit: 's',
      description: 'Duration of HTTP requests that are not calls',
      buckets: CALL_DURATION_BUCKETS,
    }),
  )
  return { onStart: ({ httpMethod }) => new HttpRequest(durations, VERBS.has(httpMethod) ? httpMethod : '_OTHER') }
}

class HttpRequest implements CallObservation {
  readonly #durations: HttpDurations
  readonly #verb: string

  constructor(durations: HttpDurations, verb: string) {
    this.#durations = durations
    this.#verb = verb
  }

  onEnd({ httpStatus = 0, durationMs }: CallEnd): void {
    this.#durations.of(this.#verb, httpStatus).record(durationMs / 1000)
  }
}

class HttpDurations {
  readonly #durations: Instrument<HistogramSeries>
  readonly #series = new Map<string, HistogramSeries[]>()

  constructor(durations: Instrument<HistogramSeries>) {
    this.#durations = durations
  }

  /** @param status 0 if there was no response */
  of(verb: string, status: number): HistogramSeries {
    let byStatus = this.#series.get(verb)
    if (byStatus === undefined) {
      byStatus = []
      this.#series.set(verb, byStatus)
    }
    const found = byStatus[status]
    if (found !== undefined) return found
    const created = this.#durations.with(attributesOf(verb, status))
    byStatus[status] = created
    return created
  }
}

function attributesOf(verb: string, status: number): OtelAttributes {
  return {
    'http.request.method': verb,
    ...(status !== 0 && { 'http.response.status_code': status }),
    ...((status === 0 || status >= 500) && { 'error.type': status === 0 ? '_OTHER' : String(status) }),
  }
}
