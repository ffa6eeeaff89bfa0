/** Makes several attempts in parallel, and uses the first response (gRFC A6, hedging). */
import { WheelTimer } from '../../../wire/http2/http2.ts'
import type { HedgingPolicy } from '../service-config/method-config.ts'
import {
  type AttemptFailure,
  type AttemptPolicy,
  type AttemptStarter,
  type PolicySettings,
  readPushback,
} from './attempt-policy.ts'

/** The hedges of one call. The call itself cancels the others when one has won. */
export class Hedging implements AttemptPolicy {
  readonly #settings: PolicySettings<HedgingPolicy>
  readonly #call: AttemptStarter
  readonly #timer: WheelTimer
  #started = 0
  #failed = 0
  /** Whether no further attempts start; those in flight go on. */
  #isFrozen = false

  constructor(settings: PolicySettings<HedgingPolicy>, call: AttemptStarter) {
    this.#settings = settings
    this.#call = call
    this.#timer = new WheelTimer(() => this.#startNext())
  }

  /** Starts the first attempt, and the timer of the next. */
  start(): void {
    this.#startNext()
  }

  onFailure(failure: AttemptFailure): boolean {
    const { policy, throttle } = this.#settings
    const pushbackMs = readPushback(failure)
    const isFatal = !policy.nonFatalCodes.has(failure.error.code)
    if (!isFatal || pushbackMs === 'never') throttle?.onFailure()
    if (isFatal) return false
    this.#failed += 1
    if (pushbackMs === 'never') this.stop()
    this.#startAfter(typeof pushbackMs === 'number' ? pushbackMs : 0)
    return this.#timer.isScheduled || this.#started > this.#failed
  }

  stop(): void {
    this.#isFrozen = true
    this.#call.timers.cancel(this.#timer)
  }

  /** Starts an attempt after a delay; without a timer if there is none. */
  #startAfter(delayMs: number): void {
    if (!this.#mayGoOn) return
    if (delayMs > 0) this.#call.timers.schedule(this.#timer, delayMs)
    else this.#startNext()
  }

  /** Starts an attempt. Schedules the next one first, as the attempt may fail immediately. */
  #startNext(): void {
    const { policy } = this.#settings
    const { timers } = this.#call
    timers.cancel(this.#timer)
    const hasOthers = this.#started > this.#failed
    if (hasOthers && !this.#mayGoOn) return
    const previousAttempts = this.#started
    this.#started += 1
    if (policy.hedgingDelayMs > 0 && this.#mayGoOn) timers.schedule(this.#timer, policy.hedgingDelayMs)
    this.#call.startAttempt({ previousAttempts, isTransparentRetry: false, isHedge: previousAttempts > 0 })
    if (policy.hedgingDelayMs === 0 && this.#mayGoOn) this.#startNext()
  }

  /** Whether more hedges may start. Once throttled, the call makes no more. */
  get #mayGoOn(): boolean {
    const { policy, throttle } = this.#settings
    if (throttle?.allowsRetry === false) this.#isFrozen = true
    return !this.#isFrozen && this.#started < policy.maxAttempts
  }
}
