/** Keeps a response alive that has nothing to say, where its protocol has something that clients ignore. */
import { type TimerWheel, WheelTimer } from '../../wire/http2/http2.ts'
import type { Exchange } from './exchange/exchange.ts'

/** A response without a message opens after this time, so that its client knows that the call is accepted. */
const OPENS_AFTER_MS = 1_000

/** A call whose response is kept alive. */
export interface HeartbeatOwner {
  readonly exchange: Pick<Exchange, 'sentBytes'>
  /** Sends a heartbeat, and the head before it, unless the client does not read. */
  beat(): void
}

/**
 * Beats if nothing was sent since the timer fired last. It fires twice per interval, so the response is never silent for longer than the
 * interval, and a busy stream costs no more than that.
 */
export class ResponseHeartbeat {
  readonly #owner: HeartbeatOwner
  readonly #timers: TimerWheel
  readonly #periodMs: number
  readonly #timer = new WheelTimer(() => this.#onTimeout())
  #sentBytes = 0

  /** @param intervalMs the longest silence, in milliseconds */
  constructor(owner: HeartbeatOwner, timers: TimerWheel, intervalMs: number) {
    this.#owner = owner
    this.#timers = timers
    this.#periodMs = intervalMs / 2
    timers.schedule(this.#timer, Math.min(OPENS_AFTER_MS, this.#periodMs))
  }

  /** Stops for good. */
  stop(): void {
    this.#timers.cancel(this.#timer)
  }

  #onTimeout(): void {
    const { sentBytes } = this.#owner.exchange
    const isSilent = sentBytes === this.#sentBytes
    this.#sentBytes = sentBytes
    this.#timers.schedule(this.#timer, this.#periodMs)
    if (isSilent) this.#owner.beat()
  }
}
