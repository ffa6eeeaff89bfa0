/** Ends calls over WebSockets whose client stops sending what it owes, or reading its response. */
import { type TimerWheel, WheelTimer } from '../../../wire/http2/http2.ts'
import { HeadFault, type RequestFault } from '../../rpc/exchange/refusal.ts'

/** A call that is watched. */
export interface WatchedWebSocket {
  /** Whether the call waits for octets of the client. */
  readonly isOwed: boolean
  readonly receivedBytes: number
  /** Octets of the response that have not left. */
  readonly queuedBytes: number
  /** Octets that have. */
  readonly leftBytes: number
  onStall(fault: RequestFault): void
  /** Called now and then, to notice that the client is gone although nothing is read from it. */
  probe(): void
}

interface Progress {
  receivedBytes: number
  receivedAtMs: number
  leftBytes: number
  sentAtMs: number
}

/** Sweeps per limit. A stall is found late by a quarter of the limit at most. */
const SWEEPS_PER_LIMIT = 4
const LONGEST_SWEEP_MS = 5_000

/** One timer for all WebSockets of a port. It runs only while there are any. */
export class WebSocketStalls {
  readonly #limitMs: number
  readonly #timers: TimerWheel
  readonly #watched = new Map<WatchedWebSocket, Progress>()
  readonly #timer = new WheelTimer(() => this.#sweep())

  /** @param limitMs how long a client may rest; 0 for no limit */
  constructor(limitMs: number, timers: TimerWheel) {
    this.#limitMs = limitMs
    this.#timers = timers
  }

  add(socket: WatchedWebSocket): void {
    if (this.#limitMs === 0) return
    const nowMs = this.#timers.clock.now()
    this.#watched.set(socket, { receivedBytes: 0, receivedAtMs: nowMs, leftBytes: 0, sentAtMs: nowMs })
    if (!this.#timer.isScheduled) this.#schedule()
  }

  delete(socket: WatchedWebSocket): void {
    this.#watched.delete(socket)
    if (this.#watched.size === 0) this.#timers.cancel(this.#timer)
  }

  #schedule(): void {
    this.#timers.schedule(this.#timer, Math.min(Math.ceil(this.#limitMs / SWEEPS_PER_LIMIT), LONGEST_SWEEP_MS))
  }

  #sweep(): void {
    const nowMs = this.#timers.clock.now()
    for (const [socket, progress] of this.#watched) {
      const fault = this.#faultOf(socket, progress, nowMs)
      if (fault === undefined) socket.probe()
      else socket.onStall(fault)
    }
    if (this.#watched.size > 0) this.#schedule()
  }

  #faultOf(socket: WatchedWebSocket, progress: Progress, nowMs: number): RequestFault | undefined {
    const { isOwed, receivedBytes, queuedBytes, leftBytes } = socket
    if (!isOwed || receivedBytes !== progress.receivedBytes) {
      progress.receivedBytes = receivedBytes
      progress.receivedAtMs = nowMs
    }
    if (queuedBytes === 0 || leftBytes !== progress.leftBytes) {
      progress.leftBytes = leftBytes
      progress.sentAtMs = nowMs
    }
    if (nowMs - progress.receivedAtMs > this.#limitMs) return HeadFault.STOPPED_ARRIVING
    return nowMs - progress.sentAtMs > this.#limitMs ? HeadFault.STALLED : undefined
  }
}
