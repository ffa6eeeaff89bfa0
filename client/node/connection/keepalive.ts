/** The options of a client's keepalive (gRFC A8). */
import type { OptionKinds } from '../../../wire/options/check-options.ts'

/** When a client pings its server. The option names of grpc-js are in parentheses. */
export interface KeepaliveOptions {
  /** Silence after which to ping, in milliseconds: from 10,000, or Infinity for never, the default (`grpc.keepalive_time_ms`). */
  readonly timeMs: number
  /** Time limit for the acknowledgement, in milliseconds: from 1. Default 20,000 (`grpc.keepalive_timeout_ms`). */
  readonly timeoutMs: number
  /** Whether to ping without calls in flight, which many servers forbid. Default: false (`grpc.keepalive_permit_without_calls`). */
  readonly permitWithoutCalls: boolean
}

/** The kinds of the options. */
export const KEEPALIVE_OPTION_KINDS: OptionKinds<KeepaliveOptions> = {
  timeMs: ['number'],
  timeoutMs: ['number'],
  permitWithoutCalls: ['boolean'],
}

/** Off, as in gRPC. */
export const DEFAULT_KEEPALIVE: KeepaliveOptions = Object.freeze({
  timeMs: Number.POSITIVE_INFINITY,
  timeoutMs: 20_000,
  permitWithoutCalls: false,
})

/** Minimum silence, as servers close connections that ping more often. */
const MIN_TIME_MS = 10_000
/** Maximum silence, in milliseconds: the longest delay of a timer. */
export const MAX_TIME_MS = 2_147_483_647

/**
 * Validates options and adds defaults.
 *
 * @throws RangeError that names the option, its value and its range
 */
export function normalizeKeepalive(init: Partial<KeepaliveOptions> = {}): KeepaliveOptions {
  const options = { ...DEFAULT_KEEPALIVE, ...init }
  const { timeMs, timeoutMs } = options
  if (timeMs !== Number.POSITIVE_INFINITY && !isWithin(timeMs, MIN_TIME_MS)) {
    throw new RangeError(`keepalive.timeMs is ${timeMs}: it must be from ${MIN_TIME_MS} to ${MAX_TIME_MS}, or Infinity`)
  }
  if (!isWithin(timeoutMs, 1)) {
    throw new RangeError(`keepalive.timeoutMs is ${timeoutMs}: it must be from 1 to ${MAX_TIME_MS}`)
  }
  return Object.freeze(options)
}

function isWithin(value: number, min: number): boolean {
  return value >= min && value <= MAX_TIME_MS
}
