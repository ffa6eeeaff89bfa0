/**
 * Resets streams that a client blocks, checking several times per stall timeout. One timer per session, which does not run while the
 * session is idle. Only servers need it: clients limit their waiting by deadlines and keepalive.
 */
import type { Dispatcher } from './dispatcher.ts'
import { ErrorCode } from './errors.ts'
import type { ReceiveFlow } from './receive-flow.ts'
import type { SessionState } from './session-state.ts'
import type { Shutdown } from './shutdown.ts'
import type { StreamLifecycle } from './stream-lifecycle.ts'
import type { StreamState } from './stream-state.ts'
import type { WheelTimer } from './timer-wheel.ts'

/** Octets per period that count as progress, or everything pending if that is less, so that a trickle does not. */
const PROGRESS_BYTES = 16_384

/** The stall timeout of replies while memory is short. */
const STALL_UNDER_PRESSURE_MS = 10_000

/** How long handlers that ignore a reset of their streams may occupy all slots. */
const ALL_ABORTED_MS = 10_000

const CHECKS_PER_STALL = 4
const LONGEST_PERIOD_MS = 5_000

/** The parts of a session that the stall watch uses. */
export interface StallWatchParts {
  readonly receiveFlow: ReceiveFlow
  readonly dispatcher: Dispatcher
  readonly lifecycle: StreamLifecycle
  readonly shutdown: Shutdown
}

/** Checks streams with pending octets, and the socket. */
export class StallWatch {
  private readonly state: SessionState
  private readonly parts: StallWatchParts
  private readonly timer: WheelTimer
  private readonly periodMs: number
  /** Since when the socket has had unsent octets, or -1. */
  private socketStalledSinceMs = -1

  constructor(state: SessionState, parts: StallWatchParts) {
    const { stallTimeoutMs, liveStallTimeoutMs } = state.options
    this.state = state
    this.parts = parts
    this.timer = state.createTimer(() => this.check())
    this.periodMs = Math.min(
      Math.ceil(Math.min(stallTimeoutMs, liveStallTimeoutMs) / CHECKS_PER_STALL),
      LONGEST_PERIOD_MS,
    )
  }

  /** Starts the timer when there is something to watch. */
  arm(): void {
    if (!this.timer.isScheduled) this.state.schedule(this.timer, this.periodMs)
  }

  /** Called when the socket has written everything. */
  drained(): void {
    this.socketStalledSinceMs = -1
  }

  private check(): void {
    const { state } = this
    state.nowMs = state.options.timers.clock.now()
    for (const stream of state.streams.list()) this.checkStream(stream)
    this.checkSlots()
    this.checkSocket()
    if (state.streams.size > 0 || state.socket.writableLength > 0 || this.parts.dispatcher.running > 0) this.arm()
  }

  private checkStream(stream: StreamState): void {
    if (this.isSendingStalled(stream)) {
      this.parts.lifecycle.fail(stream, ErrorCode.CANCEL, 'the peer does not read the response')
    } else if (this.isReceivingStalled(stream)) {
      this.parts.lifecycle.fail(stream, ErrorCode.CANCEL, 'the peer does not send the rest of the message')
    }
  }

  /** Whether sending is stalled. A stream that waits for room progresses with the session, as the peer must first take what others queued. */
  private isSendingStalled(stream: StreamState): boolean {
    const { nowMs, stats } = this.state
    const isWaiting = stream.outBytes === 0 && stream.isWritableDue
    const sentBytes = isWaiting ? stats.bytesSent : stream.sentBytes
    const pendingBytes = isWaiting ? PROGRESS_BYTES : stream.outBytes
    const progress = sentBytes - stream.stallSentBytes
    const isMoving = progress < 0 || progress >= Math.min(stream.stallPendingBytes, PROGRESS_BYTES)
    if (pendingBytes === 0 || isMoving) {
      stream.stallSinceMs = nowMs
      stream.stallSentBytes = sentBytes
      stream.stallPendingBytes = pendingBytes
      return false
    }
    return nowMs - stream.stallSinceMs >= this.sendingLimitMs(stream)
  }

  private sendingLimitMs(stream: StreamState): number {
    const { stallTimeoutMs, liveStallTimeoutMs } = this.state.options
    const limitMs = stream.isOutputEnded ? stallTimeoutMs : liveStallTimeoutMs
    return this.parts.receiveFlow.isUnderPressure ? Math.min(limitMs, STALL_UNDER_PRESSURE_MS) : limitMs
  }

  private isReceivingStalled(stream: StreamState): boolean {
    const { nowMs, options } = this.state
    if (stream.isPeerDone || !this.mayPeerSend(stream) || !this.isOwed(stream)) {
      stream.owedSinceMs = -1
      return false
    }
    if (stream.owedSinceMs < 0) stream.owedSinceMs = nowMs
    return nowMs - Math.max(stream.owedSinceMs, stream.lastDataMs) >= options.stallTimeoutMs
  }

  /** Whether the peer has a window. Without one, we are the reason that it does not send. */
  private mayPeerSend(stream: StreamState): boolean {
    return stream.granted > 0 && this.parts.receiveFlow.granted > 0
  }

  private isOwed(stream: StreamState): boolean {
    try {
      return stream.sink?.isOwed ?? (stream.readableBytes > 0 && stream.wanted > stream.readableBytes)
    } catch (thrown) {
      this.state.report(thrown)
      return false
    }
  }

  private checkSlots(): void {
    const sinceMs = this.parts.dispatcher.allAbortedSinceMs
    if (sinceMs >= 0 && this.state.nowMs - sinceMs >= ALL_ABORTED_MS) this.parts.shutdown.close()
  }

  /** Fails all streams, so that their owners see a stall rather than a client that left. */
  private failAll(reason: string): void {
    if (!this.state.isServer) return
    for (const stream of this.state.streams.list()) this.parts.lifecycle.fail(stream, ErrorCode.CANCEL, reason)
  }

  private checkSocket(): void {
    const { socket, nowMs, options } = this.state
    if (socket.writableLength === 0) {
      this.socketStalledSinceMs = -1
    } else if (this.socketStalledSinceMs < 0) {
      this.socketStalledSinceMs = nowMs
    } else if (nowMs - this.socketStalledSinceMs >= options.stallTimeoutMs) {
      this.failAll('the peer does not read')
      socket.destroy(new Error('the peer does not read'))
    }
  }
}
