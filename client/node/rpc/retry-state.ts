/** Decides for one call whether there is another attempt, and when (gRFC A6). */
import type { ConnectError } from '@connectrpc/connect'
import type { HeaderField } from '../../../wire/http2/http2.ts'
import { backoffDelayMs } from '../../core/backoff.ts'
import type { RetryPolicy } from '../service-config/method-config.ts'
import type { RetryThrottle } from '../service-config/retry-throttle.ts'
import { readPushback } from './read-pushback.ts'

/** What the attempts of a method go by. */
export interface RetrySettings {
  readonly policy: RetryPolicy
  /** Null: not throttled. */
  readonly throttle: RetryThrottle | null
  /** A number from 0 to below 1. */
  readonly random: () => number
}

/** By how much waits differ, up or down, so that clients do not come back in step. */
const JITTER = 0.2

/** The attempts of one call. */
export class RetryState {
  /** Attempts that have failed, those not counted that no server looked at. */
  failures = 0
  readonly #settings: RetrySettings
  /** Failures since the waits last began to grow. */
  #growth = 0

  constructor(settings: RetrySettings) {
    this.#settings = settings
  }

  /**
   * An attempt failed before any of the answer came.
   *
   * @param trailers of a Trailers-Only answer; null: there was none
   * @returns the milliseconds until the next attempt; null: the failure stands
   */
  nextDelayMs(error: ConnectError, trailers: readonly HeaderField[] | null): number | null {
    const { policy, throttle } = this.#settings
    const pushbackMs = readPushback(trailers)
    const isRetryable = policy.retryableCodes.has(error.code)
    if (isRetryable || pushbackMs === 'never') throttle?.onFailure()
    if (!isRetryable || pushbackMs === 'never' || throttle?.allowsRetry === false) return null
    this.failures += 1
    if (this.failures >= policy.maxAttempts) return null
    return pushbackMs === undefined ? this.#backoffMs() : this.#obey(pushbackMs)
  }

  #backoffMs(): number {
    const { initialBackoffMs, maxBackoffMs, backoffMultiplier } = this.#settings.policy
    this.#growth += 1
    const backoff = {
      initialMs: initialBackoffMs,
      maxMs: maxBackoffMs,
      multiplier: backoffMultiplier,
      jitter: JITTER,
    }
    return backoffDelayMs(backoff, this.#growth, this.#settings.random)
  }

  /** The server knows best, and waits start small again afterwards. */
  #obey(pushbackMs: number): number {
    this.#growth = 0
    return pushbackMs
  }
}
