/** Makes one attempt after the other, until one succeeds or is not retryable (gRFC A6, retries). */
import { WheelTimer } from '../../../wire/http2/http2.ts'
import { backoffDelayMs } from '../../core/backoff.ts'
import type { RetryPolicy } from '../service-config/method-config.ts'
import {
  type AttemptFailure,
  type AttemptPolicy,
  type AttemptStarter,
  type PolicySettings,
  readPushback,
} from './attempt-policy.ts'

/** The settings of retries. */
export interface RetrySettings extends PolicySettings<RetryPolicy> {
  /** Returns a number from 0 to below 1. */
  readonly random: () => number
}

/** Jitter of delays, up or down, so that clients do not retry in step. */
const JITTER = 0.2

/** The retries of one call. Created when its first attempt fails. */
export class Retrying implements AttemptPolicy {
  readonly #settings: RetrySettings
  readonly #call: AttemptStarter
  readonly #timer: WheelTimer
  /** Number of failed attempts, without those that no server processed. */
  #failures = 0
  /** Number of failures since the backoff was reset. */
  #growth = 0

  constructor(settings: RetrySettings, call: AttemptStarter) {
    this.#settings = settings
    this.#call = call
    this.#timer = new WheelTimer(() => this.#startNext())
  }

  onFailure(failure: AttemptFailure): boolean {
    const delayMs = this.#nextDelayMs(failure)
    if (delayMs === null) return false
    this.#call.onRetryDelay(delayMs)
    this.#call.timers.schedule(this.#timer, delayMs)
    return true
  }

  stop(): void {
    this.#call.timers.cancel(this.#timer)
  }

  /** Returns the delay before the next attempt; null for no retry. */
  #nextDelayMs(failure: AttemptFailure): number | null {
    const { policy, throttle } = this.#settings
    const pushbackMs = readPushback(failure)
    const isRetryable = policy.retryableCodes.has(failure.error.code)
    if (isRetryable || pushbackMs === 'never') throttle?.onFailure()
    if (!isRetryable || pushbackMs === 'never' || throttle?.allowsRetry === false) return null
    this.#failures += 1
    if (this.#failures >= policy.maxAttempts) return null
    return pushbackMs === undefined ? this.#backoffMs() : this.#obey(pushbackMs)
  }

  #backoffMs(): number {
    const { policy, random } = this.#settings
    this.#growth += 1
    const backoff = {
      initialMs: policy.initialBackoffMs,
      maxMs: policy.maxBackoffMs,
      multiplier: policy.backoffMultiplier,
      jitter: JITTER,
    }
    return backoffDelayMs(backoff, this.#growth, random)
  }

  /** Obeys the server's pushback, after which the backoff is reset. */
  #obey(pushbackMs: number): number {
    this.#growth = 0
    return pushbackMs
  }

  #startNext(): void {
    this.#call.startAttempt({ previousAttempts: this.#failures, isTransparentRetry: false, isHedge: false })
  }
}
