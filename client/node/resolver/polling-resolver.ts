/** Polls DNS and other registries that cannot be watched. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { ScheduledTimer } from '../../../wire/http2/http2.ts'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import { BACKOFF_SHAPE, type Backoff, backoffDelayMs } from '../../core/backoff.ts'
import { connectErrorOf } from '../base/thrown.ts'
import type { Resolver, ResolverContext, ResolverResult } from '../contracts/resolver.ts'

/** Options of polling. */
export interface PollingOptions {
  /**
   * Does one lookup. Rejects for a failure; a result whose endpoints are an error counts as failed, too. The signal aborts when the resolver
   * is closed, or the lookup has taken too long.
   */
  readonly lookUp: (signal: AbortSignal) => Promise<ResolverResult>
  /** Minimum time from the start of a successful lookup to the next one, in milliseconds. Default 30,000. */
  readonly minIntervalMs?: number
  /** Time from the end of a successful lookup to the next one without a request, in milliseconds, from 1. Default: never. */
  readonly refreshMs?: number
  /** Time limit of a lookup, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number
  /** The backoff after failed lookups. Default: that of connections. */
  readonly backoff?: Backoff
}

const SHAPE: OptionShape = {
  kinds: {
    lookUp: ['function'],
    minIntervalMs: ['number'],
    refreshMs: ['number'],
    timeoutMs: ['number'],
    backoff: ['object'],
  } satisfies OptionKinds<PollingOptions>,
  nested: { backoff: BACKOFF_SHAPE },
}

const DEFAULT_MIN_INTERVAL_MS = 30_000
const DEFAULT_TIMEOUT_MS = 30_000

/** The backoff of gRPC's Connection Backoff Protocol. */
const DEFAULT_BACKOFF: Backoff = Object.freeze({ initialMs: 1_000, maxMs: 120_000, multiplier: 1.6, jitter: 0.2 })

/**
 * Does a lookup at the start; after a success, on request but not before the minimum interval is over, and without a request when `refreshMs`
 * is over; after a failure, automatically when the backoff is over. A result that the channel cannot use counts as a failure.
 */
export class PollingResolver implements Resolver {
  readonly #context: ResolverContext
  readonly #options: Required<PollingOptions>
  #state: 'looking' | 'resting' | 'closed' = 'resting'
  #isWanted = false
  #failures = 0
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #refreshAtMs = Number.POSITIVE_INFINITY
  #timer: ScheduledTimer | null = null
  #abort: AbortController | null = null

  constructor(context: ResolverContext, options: PollingOptions) {
    checkOptions('PollingResolver', options, SHAPE)
    this.#context = context
    const { lookUp, refreshMs = Number.POSITIVE_INFINITY } = options
    assertInterval('refreshMs', refreshMs)
    this.#options = {
      lookUp,
      refreshMs,
      minIntervalMs: options.minIntervalMs ?? DEFAULT_MIN_INTERVAL_MS,
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      backoff: options.backoff ?? DEFAULT_BACKOFF,
    }
  }

  start(): void {
    this.#look()
  }

  /** Requests a lookup. During a lookup, another one follows; during a backoff, one follows anyway. */
  resolveNow(): void {
    if (this.#state === 'closed' || this.#failures > 0 || this.#isWanted) return
    this.#isWanted = true
    if (this.#state === 'resting') this.#lookAfterInterval()
  }

  close(): void {
    this.#state = 'closed'
    this.#setTimer(null)
    this.#abort?.abort()
  }

  /** A refresh that is due before the end of the minimum interval serves the request, too. */
  #lookAfterInterval(): void {
    this.#lookAt(Math.min(this.#lookedAtMs + this.#options.minIntervalMs, this.#refreshAtMs))
  }

  #lookAt(atMs: number): void {
    const { clock } = this.#context
    this.#setTimer(clock.schedule(() => this.#look(), Math.max(0, atMs - clock.now())))
  }

  #look(): void {
    const { clock } = this.#context
    const abort = new AbortController()
    this.#state = 'looking'
    this.#isWanted = false
    this.#lookedAtMs = clock.now()
    this.#abort = abort
    const { timeoutMs } = this.#options
    this.#setTimer(clock.schedule(() => this.#giveUp(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs))
    void this.#lookUp(abort.signal).then((result) => this.#finish(abort, result))
  }

  /** Never rejects. A synchronous throw counts as a failure, too. */
  async #lookUp(signal: AbortSignal): Promise<ResolverResult> {
    try {
      return await this.#options.lookUp(signal)
    } catch (cause) {
      return { endpoints: lookupError(cause) }
    }
  }

  #giveUp(cause: Error): void {
    const abort = this.#abort
    if (abort === null) return
    this.#finish(abort, { endpoints: lookupError(cause) })
    abort.abort()
  }

  /** Handles a result, unless the resolver was closed or the lookup abandoned meanwhile. */
  #finish(abort: AbortController, result: ResolverResult): void {
    if (this.#state !== 'looking' || abort !== this.#abort) return
    this.#state = 'resting'
    this.#abort = null
    this.#setTimer(null)
    const rejection = this.#context.listener.onResult(result)
    const hasFailed = rejection !== null || result.endpoints instanceof ConnectError
    // The listener may have closed the resolver.
    if (this.#isOpen()) this.#rest(hasFailed)
  }

  #isOpen(): boolean {
    return this.#state !== 'closed'
  }

  #rest(hasFailed: boolean): void {
    const { clock, random } = this.#context
    const { backoff, refreshMs } = this.#options
    this.#failures = hasFailed ? this.#failures + 1 : 0
    this.#refreshAtMs = clock.now() + refreshMs
    if (hasFailed) this.#lookAt(clock.now() + backoffDelayMs(backoff, this.#failures, random))
    else if (this.#isWanted) this.#lookAfterInterval()
    else if (Number.isFinite(refreshMs)) this.#lookAt(this.#refreshAtMs)
  }

  #setTimer(timer: ScheduledTimer | null): void {
    this.#timer?.cancel()
    this.#timer = timer
  }
}

/**
 * Validates an interval between lookups, in milliseconds.
 *
 * @throws RangeError that names the option, its value and its range
 */
export function assertInterval(name: string, ms: number): void {
  if (!(ms >= 1)) throw new RangeError(`${name} is ${ms}: it must be at least 1`)
}

function lookupError(cause: unknown): ConnectError {
  return connectErrorOf(cause, Code.Unavailable, 'name resolution failed: ')
}
