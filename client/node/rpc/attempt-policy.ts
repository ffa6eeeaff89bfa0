/** The contract of what decides how many attempts a call makes, and when. */
import type { ConnectError } from '@connectrpc/connect'
import type { AttemptStart } from '../../../wire/call-observer.ts'
import type { TimerWheel } from '../../../wire/http2/http2.ts'
import type { RetryThrottle } from '../service-config/retry-throttle.ts'
import type { ResponseField } from './attempt.ts'

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

/** What policies go by. */
export interface PolicySettings<Policy> {
  readonly policy: Policy
  /** Null: not throttled. */
  readonly throttle: RetryThrottle | null
}

/** How an attempt failed. */
export interface AttemptFailure {
  readonly error: ConnectError
  /** Of an answer that is an error and nothing else; null: there was none. */
  readonly trailers: readonly ResponseField[] | null
}

/** The call, as its policy sees it. */
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
 * Reads how a server wishes to be asked again (gRFC A6).
 *
 * @returns the milliseconds to wait; undefined where the server says nothing; `never` for anything that is not one number
 */
export function readPushback({ trailers }: AttemptFailure): number | 'never' | undefined {
  const values = (trailers ?? []).filter(({ name }) => name === PUSHBACK).map(({ value }) => value)
  if (values.length === 0) return undefined
  const [value = ''] = values
  const isNumber = values.length === 1 && /^\d{1,10}$/.test(value) && Number(value) <= MAX_PUSHBACK_MS
  return isNumber ? Number(value) : 'never'
}
