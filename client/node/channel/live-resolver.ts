/** The resolver of a channel, which may not be ours, from one time that the channel wakes to its next rest. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Clock, ScheduledTimer } from '../../../wire/http2/http2.ts'
import { backoffDelayMs } from '../../core/backoff.ts'
import { type FaultListener, GuardedEdge } from '../base/guarded-edge.ts'
import { connectErrorOf } from '../base/thrown.ts'
import { CONNECTION_BACKOFF } from '../contracts/connection-backoff.ts'
import type { Resolver, ResolverContext, ResolverResult } from '../contracts/resolver.ts'

/** What a resolver is made of and works with. */
export interface LiveResolverParts {
  /** For faults: `the resolver of dns:///greeter.example`. */
  readonly name: string
  readonly clock: Clock
  readonly random: () => number
  /** As {@link ResolverContext.usesServiceConfig}. */
  readonly usesServiceConfig: boolean
  readonly onFault: FaultListener
  create(context: ResolverContext): Resolver
  /** Takes a result as it came; returns why it is of no use, or null. Not called after `close`. */
  onResult(result: ResolverResult): ConnectError | null
}

/** A throw or a rejection is a failed lookup. Once it is closed, its results go nowhere. */
export class LiveResolver {
  readonly #parts: LiveResolverParts
  readonly #edge: GuardedEdge
  #resolver: Resolver | null = null
  /** Results in a row that were of no use. */
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
    // A result that came too early may have led to the end of the channel.
    if (this.#edge.isOpen) this.#call((made) => made.start())
    else this.close()
  }

  /**
   * Looks again, in another turn: an answer that came at once would meet the policy that asks in the middle of its work. While
   * results are of no use the resolver is asked only after the backoff of connections.
   */
  resolveNow(): void {
    if (this.#timer !== null || !this.#edge.isOpen) return
    const { clock, random } = this.#parts
    const delayMs = this.#failures === 0 ? 0 : backoffDelayMs(CONNECTION_BACKOFF, this.#failures, random)
    this.#timer = delayMs === 0 ? nextTurn(() => this.#ask()) : clock.schedule(() => this.#ask(), delayMs)
  }

  /** Whatever the resolver says from now on, in the middle of this too, goes nowhere. */
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

/** Timers of a clock may take longer, and are the tests' to move. */
function nextTurn(run: () => void): ScheduledTimer {
  const immediate = setImmediate(run)
  return { cancel: () => clearImmediate(immediate) }
}
