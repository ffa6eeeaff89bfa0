/** The contract of what decides how many attempts a call makes, and when. */
import type { ConnectError } from '@connectrpc/connect'
import type { HeaderField, TimerWheel } from '../../../wire/http2/http2.ts'
import type { ObservedAttempt } from './call-observer.ts'

/** One for each call that may need more than one attempt. */
export interface AttemptPolicy {
  /**
   * An attempt failed before any of its answer came.
   *
   * @returns whether the call goes on: another attempt is under way, or will be. False: the failure is the call's.
   */
  onFailure(failure: AttemptFailure): boolean
  /** The call is over, or has settled on an attempt: there will be no other. Called once or more. */
  stop(): void
}

/** How an attempt failed. */
export interface AttemptFailure {
  readonly error: ConnectError
  /** Of a Trailers-Only answer; null: there was none. */
  readonly trailers: readonly HeaderField[] | null
}

/** The call, as its policy sees it. */
export interface AttemptStarter {
  readonly timers: TimerWheel
  /** Begins an attempt; it may fail before this returns. */
  startAttempt(kind: ObservedAttempt): void
  /** An attempt will begin after so long. */
  onRetryDelay(delayMs: number): void
}
