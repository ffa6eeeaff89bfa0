/** Makes one attempt after the other, until one gets an answer (gRFC A6, retries). */
import { WheelTimer } from '../../../wire/http2/http2.ts'
import type { AttemptFailure, AttemptPolicy, AttemptStarter } from './attempt-policy.ts'
import { type RetrySettings, RetryState } from './retry-state.ts'

/** The retries of one call; to be made when its first attempt fails. */
export class Retrying implements AttemptPolicy {
  readonly #state: RetryState
  readonly #call: AttemptStarter
  readonly #timer: WheelTimer

  constructor(settings: RetrySettings, call: AttemptStarter) {
    this.#state = new RetryState(settings)
    this.#call = call
    this.#timer = new WheelTimer(() => this.#startNext())
  }

  onFailure({ error, trailers }: AttemptFailure): boolean {
    const delayMs = this.#state.nextDelayMs(error, trailers)
    if (delayMs === null) return false
    this.#call.onRetryDelay(delayMs)
    this.#call.timers.schedule(this.#timer, delayMs)
    return true
  }

  stop(): void {
    this.#call.timers.cancel(this.#timer)
  }

  #startNext(): void {
    this.#call.startAttempt({ previousAttempts: this.#state.failures, isTransparentRetry: false, isHedge: false })
  }
}
