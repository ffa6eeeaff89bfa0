/** Makes one attempt after the other, until one gets an answer (gRFC A6, retries). */
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

/** What retries go by. */
export interface RetrySettings extends PolicySettings<RetryPolicy> {
  /** A number from 0 to below 1. */
  readonly random: () => number
}

/** By how much waits differ, up or down, so that clients do not come back in step. */
const JITTER = 0.2

/** The retries of one call; to be made when its first attempt fails. */
export class Retrying implements AttemptPolicy {
  readonly #settings: RetrySettings
  readonly #call: AttemptStarter
  readonly #timer: WheelTimer
  /** Attempts that have failed, those not counted that no server looked at. */
  #failures = 0
  /** Failures since the waits last began to grow. */
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

  /** Null: the failure stands. */
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

  /** The server knows best, and waits start small again afterwards. */
  #obey(pushbackMs: number): number {
    this.#growth = 0
    return pushbackMs
  }

  #startNext(): void {
    this.#call.startAttempt({ previousAttempts: this.#failures, isTransparentRetry: false, isHedge: false })
  }
}
