/** Finds out whether a silent server is still there (gRFC A8). */
import type { Clock, ScheduledTimer } from '../../../wire/http2/http2.ts'
import type { OptionKinds } from '../../../wire/options/check-options.ts'

/** When a client asks whether its server is there. The names of grpc-js stand beside. */
export interface KeepaliveOptions {
  /** Silence after which to ask, in milliseconds: from 10,000, or Infinity for never, the default (`grpc.keepalive_time_ms`). */
  readonly timeMs: number
  /** How long the answer may take, in milliseconds: from 1. Default 20,000 (`grpc.keepalive_timeout_ms`). */
  readonly timeoutMs: number
  /** Also ask while no call is under way. Many servers forbid it. Default false (`grpc.keepalive_permit_without_calls`). */
  readonly permitWithoutCalls: boolean
}

/** What the options can be. */
export const KEEPALIVE_OPTION_KINDS: OptionKinds<KeepaliveOptions> = {
  timeMs: ['number'],
  timeoutMs: ['number'],
  permitWithoutCalls: ['boolean'],
}

/** As gRPC has it: off. */
export const DEFAULT_KEEPALIVE: KeepaliveOptions = Object.freeze({
  timeMs: Number.POSITIVE_INFINITY,
  timeoutMs: 20_000,
  permitWithoutCalls: false,
})

/** The least silence: servers punish those who ask more often. */
const MIN_TIME_MS = 10_000
/** The longest silence, in milliseconds: what a timer can wait. */
export const MAX_TIME_MS = 2_147_483_647

/**
 * Fills in what is absent.
 *
 * @throws RangeError naming the option, its value and its range
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

/** The connection that is watched: the part of an Http2Session that matters here. */
export interface WatchedSession {
  readonly openStreams: number
  readonly stats: { readonly bytesReceived: number; readonly lastReceivedAtMs: number }
  ping(): boolean
}

/** What a watch works with. */
export interface KeepaliveWatch {
  readonly options: Pick<KeepaliveOptions, 'timeoutMs' | 'permitWithoutCalls'>
  /** As of now: servers that complain make it longer. */
  readonly timeMs: number
  readonly clock: Clock
  /** Called once: the server has not answered in time. */
  readonly onDead: () => void
}

const NOT_ASKED = -1

/** Watches one connection, from its first SETTINGS to its end. */
export class Keepalive {
  readonly #session: WatchedSession
  readonly #watch: KeepaliveWatch
  #timer: ScheduledTimer | null = null
  /** What had been received when the question went out: any octet since is an answer. */
  #receivedWhenAsked = NOT_ASKED

  constructor(session: WatchedSession, watch: KeepaliveWatch) {
    this.#session = session
    this.#watch = watch
  }

  /** Begins. To be called again when a call starts: while there are none, the watch sleeps. */
  wake(): void {
    if (this.#timer === null && this.#watch.timeMs !== Number.POSITIVE_INFINITY) this.#look()
  }

  /** The answer came. */
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
