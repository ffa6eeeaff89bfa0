/** Detects dead connections by pinging silent servers (gRFC A8). */
import type { Clock, ScheduledTimer } from '../../../wire/http2/http2.ts'
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

/** The part of an Http2Session that keepalive needs. */
export interface WatchedSession {
  readonly openStreams: number
  readonly stats: { readonly bytesReceived: number; readonly lastReceivedAtMs: number }
  ping(): boolean
}

/** What keepalive depends on. */
export interface KeepaliveWatch {
  readonly options: Pick<KeepaliveOptions, 'timeoutMs' | 'permitWithoutCalls'>
  /** The current keepalive time, which grows after complaints of servers. */
  readonly timeMs: number
  readonly clock: Clock
  /** Called once, if the server does not answer in time. */
  readonly onDead: () => void
}

const NOT_ASKED = -1

/** The keepalive of one connection, from the first SETTINGS to its end. */
export class Keepalive {
  readonly #session: WatchedSession
  readonly #watch: KeepaliveWatch
  #timer: ScheduledTimer | null = null
  /** Octets received when the PING was sent. Any octet since then counts as an answer. */
  #receivedWhenAsked = NOT_ASKED

  constructor(session: WatchedSession, watch: KeepaliveWatch) {
    this.#session = session
    this.#watch = watch
  }

  /** Starts watching. Must be called whenever a call starts, as keepalive pauses without calls. */
  wake(): void {
    if (this.#timer === null && this.#watch.timeMs !== Number.POSITIVE_INFINITY) this.#look()
  }

  /** Handles the acknowledgement. */
  onPingAck(): void {
    if (this.#receivedWhenAsked === NOT_ASKED) return
    this.#receivedWhenAsked = NOT_ASKED
    this.stop()
    this.#look()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  #look(): void {
    const { stats, openStreams } = this.#session
    if (this.#receivedWhenAsked === stats.bytesReceived) {
      this.#watch.onDead()
      return
    }
    this.#receivedWhenAsked = NOT_ASKED
    if (openStreams === 0 && !this.#watch.options.permitWithoutCalls) return
    const { clock, timeMs } = this.#watch
    const remainingMs = stats.lastReceivedAtMs + timeMs - clock.now()
    if (remainingMs <= 0) this.#ask()
    else this.#lookIn(remainingMs)
  }

  #ask(): void {
    this.#receivedWhenAsked = this.#session.stats.bytesReceived
    this.#session.ping()
    this.#lookIn(this.#watch.options.timeoutMs)
  }

  #lookIn(delayMs: number): void {
    this.#timer = this.#watch.clock.schedule(() => {
      this.#timer = null
      this.#look()
    }, delayMs)
  }
}
