/** Observes calls from inside a server, and leaves some of them unanswered. */
import { randomUUID } from 'node:crypto'
import type { Interceptor } from '@connectrpc/connect'
import { untilAborted } from './until-aborted.ts'

/** What a server saw of one call. */
export interface ProbedCall {
  /** Headers to send with the call. */
  readonly headers: Record<string, string>
  /** Resolves with the HTTP method once the call has reached the server's interceptors. */
  readonly begun: Promise<string>
  /** Resolves with the abort reason once the server's signal of the call aborts. */
  readonly aborted: Promise<unknown>
}

const ID = 'probe-id'
const HANG = 'probe-hang'

/** A server with `interceptor` echoes the `echo-*` headers of probed calls, as headers and as `trailer-echo-*`. */
export class CallProbe {
  readonly #calls = new Map<string, { begin(method: string): void; abort(reason: unknown): void }>()

  /** Probes one call. With `hangs` the service is not reached: the call waits until it is aborted. */
  expectCall({ hangs = false } = {}): ProbedCall {
    const id = randomUUID()
    const begun = Promise.withResolvers<string>()
    const aborted = Promise.withResolvers<unknown>()
    this.#calls.set(id, { begin: begun.resolve, abort: aborted.resolve })
    const headers = { [ID]: id, ...(hangs ? { [HANG]: 'yes' } : {}) }
    return { headers, begun: begun.promise, aborted: aborted.promise }
  }

  /** To be added to the server's interceptors. */
  readonly interceptor: Interceptor = (next) => async (request) => {
    const call = this.#calls.get(request.header.get(ID) ?? '')
    const { signal } = request
    signal.addEventListener('abort', () => call?.abort(signal.reason))
    call?.begin(request.requestMethod)
    if (request.header.has(HANG)) await untilAborted(signal)
    const response = await next(request)
    for (const [name, value] of request.header) {
      if (!name.startsWith('echo-')) continue
      response.header.append(name, value)
      response.trailer.append(`trailer-${name}`, value)
    }
    return response
  }
}
