/** The contract of policies that decide how many attempts a call makes, and when. */
import type { ConnectError } from '@connectrpc/connect'
import type { AttemptStart } from '../../../wire/call-observer.ts'
import type { TimerWheel } from '../../../wire/http2/http2.ts'
import type { RetryThrottle } from '../service-config/retry-throttle.ts'
import type { ResponseField } from './attempt.ts'

/** Created for each call that may need more than one attempt. */
export interface AttemptPolicy {
  /**
   * An attempt failed before its response started.
   *
   * @returns whether the call goes on with another attempt, now or later. If not, the call fails, too
   */
  onFailure(failure: AttemptFailure): boolean
  /** The call has ended, or settled on an attempt, so no other may start. May be called repeatedly. */
  stop(): void
}

/** The settings of a policy. */
export interface PolicySettings<Policy> {
  readonly policy: Policy
  /** Null if there is no throttling. */
  readonly throttle: RetryThrottle | null
}

/** How an attempt failed. */
export interface AttemptFailure {
  readonly error: ConnectError
  /** The trailers of a response that is only an error; null without such a response. */
  readonly trailers: readonly ResponseField[] | null
}

/** The call of a policy. */
export interface AttemptStarter {
  readonly timers: TimerWheel
  /** Starts an attempt; it may fail before this returns. */
  startAttempt(kind: AttemptStart): void
  /** An attempt will start after this delay. */
  onRetryDelay(delayMs: number): void
}

const PUSHBACK = 'grpc-retry-pushback-ms'
const MAX_PUSHBACK_MS = 2_147_483_647

/**
 * Reads the retry pushback of a server (gRFC A6).
 *
 * @returns milliseconds; undefined without a pushback; `never` for any value that is not one number
 */
export function readPushback({ trailers }: AttemptFailure): number | 'never' | undefined {
  const values = (trailers ?? []).filter(({ name }) => name === PUSHBACK).map(({ value }) => value)
  if (values.length === 0) return undefined
  const [value = ''] = values
  const isNumber = values.length === 1 && /^\d{1,10}$/.test(value) && Number(value) <= MAX_PUSHBACK_MS
  return isNumber ? Number(value) : 'never'
}
