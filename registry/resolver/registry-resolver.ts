/** Resolves a service by watching a registry. */
import { Code, ConnectError } from '@connectrpc/connect'
import { type Backoff, backoffDelayMs } from '../../client/core/backoff.ts'
import { endpointKey } from '../../client/node/balancer/endpoint-children/endpoint-key.ts'
import { connectErrorOf } from '../../client/node/base/thrown.ts'
import { addressKey, type Endpoint } from '../../client/node/contracts/endpoint.ts'
import type { Resolver, ResolverContext } from '../../client/node/contracts/resolver.ts'
import type { ScheduledTimer } from '../../wire/http2/http2.ts'

/** Shorter than that of connections, as lists are old for as long after an outage. */
const WATCH_BACKOFF: Backoff = Object.freeze({ initialMs: 1_000, maxMs: 15_000, multiplier: 1.6, jitter: 0.2 })

/** How to watch one service. */
export interface RegistryWatch {
  /** The service in its registry, for errors: `greeter in etcd`. */
  readonly subject: string
  /**
   * Calls `onEndpoints` with all endpoints once they are known, and again after each change, until the signal aborts. Rejects when
   * the watch is lost; it is then called again after a backoff.
   */
  watch(onEndpoints: (endpoints: readonly Endpoint[]) => void, signal: AbortSignal): Promise<void>
}

/**
 * Watches a registry for a channel. The last list stays in effect while the registry cannot be reached, and when it has no instances:
 * both are reported as errors, which fail calls only before the first list. Lists equal to the previous one are not passed on, as a
 * balancer may request another lookup for each result.
 */
export class RegistryResolver implements Resolver {
  readonly #context: ResolverContext
  readonly #watch: RegistryWatch
  readonly #abort = new AbortController()
  /** The key of the last list; null after an error, or before the first. */
  #told: string | null = null
  #failures = 0
  #timer: ScheduledTimer | null = null

  constructor(context: ResolverContext, watch: RegistryWatch) {
    this.#context = context
    this.#watch = watch
  }

  start(): void {
    void this.#run()
  }

  /** Does nothing: the registry reports each change, and a lost watch starts again automatically. */
  resolveNow(): void {}

  close(): void {
    this.#timer?.cancel()
    this.#abort.abort()
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { signal } = this.#abort
    try {
      // Results must not be passed on from within `start`.
      await null
      if (signal.aborted) return
      await this.#watch.watch((endpoints) => this.#tell(endpoints), signal)
      throw new ConnectError('the watch ended', Code.Unavailable)
    } catch (cause) {
      if (!signal.aborted) this.#fail(cause)
    }
  }

  #tell(found: readonly Endpoint[]): void {
    if (this.#abort.signal.aborted) return
    this.#failures = 0
    const endpoints = uniqueEndpoints(found)
    if (endpoints.length === 0) {
      this.#tellError(new ConnectError(`${this.#watch.subject} has no instances`, Code.Unavailable))
      return
    }
    const key = keyOf(endpoints)
    if (key === this.#told) return
    this.#told = key
    this.#context.listener.onResult({ endpoints })
  }

  #fail(cause: unknown): void {
    const { clock, random } = this.#context
    this.#failures += 1
    const waitMs = backoffDelayMs(WATCH_BACKOFF, this.#failures, random)
    this.#timer = clock.schedule(() => void this.#run(), waitMs)
    // The error of the registry's own connection would read like that of a server.
    const { rawMessage, code } = connectErrorOf(cause, Code.Unavailable)
    this.#tellError(new ConnectError(`${this.#watch.subject}: ${rawMessage}`, code, undefined, undefined, cause))
  }

  #tellError(error: ConnectError): void {
    this.#told = null
    this.#context.listener.onResult({ endpoints: error })
  }
}

/** Keeps the last of several endpoints with the same addresses: a server that started again may be there twice until its old entry expires. */
function uniqueEndpoints(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const unique = new Map(endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]))
  return unique.size === endpoints.length ? endpoints : [...unique.values()]
}

/** Equal for lists of the same endpoints with the same attributes, in any order. */
function keyOf(endpoints: readonly Endpoint[]): string {
  const keys = endpoints.map(({ addresses, attributes }) => {
    return JSON.stringify([addresses.map(addressKey), Object.entries(attributes).sort()])
  })
  return keys.sort().join()
}
