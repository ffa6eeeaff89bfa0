/** The resolver of a channel, possibly a foreign one, from when the channel leaves IDLE until it is IDLE again. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Clock, ScheduledTimer } from '../../../wire/http2/http2.ts'
import { backoffDelayMs } from '../../core/backoff.ts'
import { type FaultListener, GuardedEdge } from '../base/guarded-edge.ts'
import { connectErrorOf } from '../base/thrown.ts'
import { CONNECTION_BACKOFF } from '../contracts/connection-backoff.ts'
import type { Resolver, ResolverContext, ResolverResult } from '../contracts/resolver.ts'

/** What a live resolver depends on. */
export interface LiveResolverParts {
  /** Name in reported faults: `the resolver of dns:///greeter.example`. */
  readonly name: string
  readonly clock: Clock
  readonly random: () => number
  /** As {@link ResolverContext.usesServiceConfig}. */
  readonly usesServiceConfig: boolean
  readonly onFault: FaultListener
  create(context: ResolverContext): Resolver
  /** Takes a result. Returns why it is unusable, or null. Not called after `close`. */
  onResult(result: ResolverResult): ConnectError | null
}

/** A throw or a rejection counts as a failed lookup. Results after `close` are dropped. */
export class LiveResolver {
  readonly #parts: LiveResolverParts
  readonly #edge: GuardedEdge
  #resolver: Resolver | null = null
  /** Number of unusable results in a row. */
  #failures = 0
  #timer: ScheduledTimer | null = null

  constructor(parts: LiveResolverParts) {
    this.#parts = parts
    const { name, onFault } = parts
    this.#edge = new GuardedEdge({ name, report: onFault, onCallbackFault: (thrown) => this.#fail(thrown) })
  }

  start(): void {
    const resolver = this.#edge.call<Resolver | null>(
      () => this.#create(),
      (thrown) => {
        this.#fail(thrown)
        return null
      },
    )
    this.#resolver = resolver
    // A result during `create` may have closed the channel.
    if (this.#edge.isOpen) this.#call((made) => made.start())
    else this.close()
  }

  /**
   * Requests another lookup, in the next turn, as a synchronous result would reenter the policy that requests it. While results are
   * unusable, the resolver is called only after the connection backoff.
   */
  resolveNow(): void {
    if (this.#timer !== null || !this.#edge.isOpen) return
    const { clock, random } = this.#parts
    const delayMs = this.#failures === 0 ? 0 : backoffDelayMs(CONNECTION_BACKOFF, this.#failures, random)
    this.#timer = delayMs === 0 ? nextTurn(() => this.#ask()) : clock.schedule(() => this.#ask(), delayMs)
  }

  /** Closes the resolver. Drops all later results, even those during this call. */
  close(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#edge.close()
    this.#call((resolver) => resolver.close())
    this.#resolver = null
  }

  #create(): Resolver {
    const { clock, random, usesServiceConfig, create } = this.#parts
    return create({
      clock: this.#edge.clock(clock),
      random,
      usesServiceConfig,
      listener: { onResult: (result) => this.#take(result) },
    })
  }

  #ask(): void {
    this.#timer = null
    this.#call((resolver) => resolver.resolveNow())
  }

  #call(run: (resolver: Resolver) => void): void {
    const resolver = this.#resolver
    if (resolver === null) return
    this.#edge.call(
      () => run(resolver),
      (thrown) => this.#fail(thrown),
    )
  }

  #fail(thrown: unknown): void {
    this.#take({ endpoints: connectErrorOf(thrown, Code.Unavailable) })
  }

  #take(result: ResolverResult): ConnectError | null {
    if (!this.#edge.isOpen) return null
    const rejection = this.#parts.onResult(result)
    const isOfUse = rejection === null && !(result.endpoints instanceof ConnectError)
    this.#failures = isOfUse ? 0 : this.#failures + 1
    return rejection
  }
}

/** Not a timer of the clock, which may take longer, and which tests control. */
function nextTurn(run: () => void): ScheduledTimer {
  const immediate = setImmediate(run)
  return { cancel: () => clearImmediate(immediate) }
}
