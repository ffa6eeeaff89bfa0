/** How long a WebSocket may stay open after its last frame. */
import { type TimerWheel, WheelTimer } from '../http2/http2.ts'

/** What is watched, and what to do in the end. */
export interface ClosingWatchInit {
  readonly timers: TimerWheel
  /** How long the peer may take to answer our close frame, once it has left. */
  readonly closeTimeoutMs: number
  /** How long what is queued before the close frame may rest; 0 for no limit. */
  readonly stallTimeoutMs: number
  /** Returns the octets that have not left. */
  queuedBytes(): number
  /** Returns the octets that have. */
  leftBytes(): number
  onOver(): void
}

/** Gives the queue the time that it may rest, and then the peer the time to answer. */
export class ClosingWatch {
  readonly #init: ClosingWatchInit
  readonly #timer = new WheelTimer(() => this.#check())
  #leftBefore = -1
  #restedMs = 0

  constructor(init: ClosingWatchInit) {
    this.#init = init
  }

  start(): void {
    this.#init.timers.schedule(this.#timer, this.#init.closeTimeoutMs)
  }

  stop(): void {
    this.#init.timers.cancel(this.#timer)
  }

  #check(): void {
    const { closeTimeoutMs, stallTimeoutMs } = this.#init
    const leftBytes = this.#init.leftBytes()
    const isMoving = leftBytes !== this.#leftBefore
    this.#restedMs = isMoving ? 0 : this.#restedMs + closeTimeoutMs
    const isQueued = this.#init.queuedBytes() > 0
    const mayWait = isMoving || (isQueued && (stallTimeoutMs === 0 || this.#restedMs < stallTimeoutMs))
    this.#leftBefore = leftBytes
    if (mayWait) this.start()
    else this.#init.onOver()
  }
}
