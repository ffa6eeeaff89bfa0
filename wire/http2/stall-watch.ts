/** Finds, a few times a stall's length, what a peer keeps from going on. One timer a session, none while it is idle. */
import { ErrorCode } from './errors.ts'
import type { SessionParts, StallWatchPart } from './session-parts.ts'
import type { Stream } from './stream.ts'
import { WheelTimer } from './timer-wheel.ts'

/** Progress is that many octets a period, or all that was pending if that is less: a dribble is none. */
const PROGRESS_BYTES = 16_384

/** How long a peer may keep a reply from going out while memory is short. */
const STALL_UNDER_PRESSURE_MS = 10_000

/** Handlers that ignore that their streams are gone may hold all slots for so long. */
const ALL_ABORTED_MS = 10_000

const CHECKS_A_STALL = 4
const LONGEST_PERIOD_MS = 5_000

/** Looks at streams with something pending, and at the socket. */
export class StallWatch implements StallWatchPart {
  private readonly session: SessionParts
  private readonly timer: WheelTimer
  private readonly periodMs: number
  /** Since when the socket has had unsent octets without a drain, or -1. */
  private socketStalledSinceMs = -1

  constructor(session: SessionParts) {
    const { stallTimeoutMs, liveStallTimeoutMs } = session.options
    this.session = session
    this.timer = new WheelTimer(() => this.check())
    this.periodMs = Math.min(
      Math.ceil(Math.min(stallTimeoutMs, liveStallTimeoutMs) / CHECKS_A_STALL),
      LONGEST_PERIOD_MS,
    )
  }

  /** There is something to watch. */
  arm(): void {
    if (!this.timer.isScheduled) this.session.options.timers.schedule(this.timer, this.periodMs)
  }

  /** The session is over. */
  stop(): void {
    this.session.options.timers.cancel(this.timer)
  }

  /** The socket took everything. */
  drained(): void {
    this.socketStalledSinceMs = -1
  }

  private check(): void {
    const { session } = this
    session.nowMs = session.options.timers.clock.now()
    for (const stream of session.streams.list()) this.checkStream(stream)
    this.checkSlots()
    this.checkSocket()
    if (session.streams.size > 0 || session.socket.writableLength > 0 || session.dispatcher.running > 0) this.arm()
  }

  private checkStream(stream: Stream): void {
    if (this.isSendingStalled(stream)) {
      this.session.lifecycle.fail(stream, ErrorCode.CANCEL, 'the peer does not take what it asked for')
    } else if (this.isReceivingStalled(stream)) {
      this.session.lifecycle.fail(stream, ErrorCode.CANCEL, 'the peer does not finish its message')
    }
  }

  private isSendingStalled(stream: Stream): boolean {
    const { nowMs } = this.session
    const progress = stream.sentBytes - stream.stallSentBytes
    const isMoving = progress >= Math.min(stream.stallPendingBytes, PROGRESS_BYTES)
    if (stream.outBytes === 0 || isMoving) {
      stream.stallSinceMs = nowMs
      stream.stallSentBytes = stream.sentBytes
      stream.stallPendingBytes = stream.outBytes
      return false
    }
    return nowMs - stream.stallSinceMs >= this.sendingLimitMs(stream)
  }

  private sendingLimitMs(stream: Stream): number {
    const { stallTimeoutMs, liveStallTimeoutMs } = this.session.options
    const limitMs = stream.isOutputEnded ? stallTimeoutMs : liveStallTimeoutMs
    return this.session.receiveFlow.isUnderPressure ? Math.min(limitMs, STALL_UNDER_PRESSURE_MS) : limitMs
  }

  private isReceivingStalled(stream: Stream): boolean {
    const isHalf = !stream.isPeerDone && stream.readableBytes > 0 && stream.wanted > stream.readableBytes
    return isHalf && this.session.nowMs - stream.lastDataMs >= this.session.options.stallTimeoutMs
  }

  private checkSlots(): void {
    const sinceMs = this.session.dispatcher.allAbortedSinceMs
    if (sinceMs >= 0 && this.session.nowMs - sinceMs >= ALL_ABORTED_MS) this.session.close()
  }

  private checkSocket(): void {
    const { session } = this
    if (session.socket.writableLength === 0) {
      this.socketStalledSinceMs = -1
    } else if (this.socketStalledSinceMs < 0) {
      this.socketStalledSinceMs = session.nowMs
    } else if (session.nowMs - this.socketStalledSinceMs >= session.options.stallTimeoutMs) {
      session.socket.destroy(new Error('the peer does not read'))
    }
  }
}
