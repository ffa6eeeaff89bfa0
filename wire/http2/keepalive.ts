/** Detects dead connections by pinging silent peers (gRFC A8 for clients, A9 for servers). */
import type { Clock, ScheduledTimer } from './clock.ts'

/** The part of an Http2Session that keepalive needs. */
export interface WatchedSession {
  readonly openStreams: number
  readonly stats: { readonly bytesReceived: number; readonly lastReceivedAtMs: number }
  ping(): boolean
}

/** What keepalive depends on. */
export interface KeepaliveWatch {
  /** Silence after which to ping, in milliseconds; Infinity for never. */
  readonly timeMs: number
  readonly options: {
    /** Time limit for the acknowledgement, in milliseconds. */
    readonly timeoutMs: number
    /** Whether to ping without open streams. Servers always do. */
    readonly permitWithoutCalls: boolean
  }
  readonly clock: Clock
  /** Called once, if the peer does not answer in time. */
  readonly onDead: () => void
}

const NOT_ASKED = -1

/** The keepalive of one connection. Its clock runs from the last octet received, so it costs nothing per call. */
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

  /** Starts watching. A client must call it whenever a call starts, as its keepalive may pause without calls. */
  wake(): void {
    if (this.#timer === null && this.#watch.timeMs !== Number.POSITIVE_INFINITY) this.#look()
  }

  /** Handles the acknowledgement. */
  onPingAck(): void {
    if (this.#receivedWhenAsked === NOT_ASKED) return
    this.stop()
    this.#look()
  }

  /** Stops watching. An acknowledgement that is handled after it does not start it again. */
  stop(): void {
    this.#receivedWhenAsked = NOT_ASKED
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
