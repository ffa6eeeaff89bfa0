/**
 * Finds, a few times a stall's length, what a client keeps from going on. One timer a session, none while it is idle. Servers alone
 * have it: what a client waits for, and for how long, is up to its deadlines and its keepalive.
 */
import type { Dispatcher } from './dispatcher.ts'
import { ErrorCode } from './errors.ts'
import type { ReceiveFlow } from './receive-flow.ts'
import type { SessionState } from './session-state.ts'
import type { Shutdown } from './shutdown.ts'
import type { StreamLifecycle } from './stream-lifecycle.ts'
import type { StreamState } from './stream-state.ts'
import type { WheelTimer } from './timer-wheel.ts'

/** Progress is that many octets a period, or all that was pending if that is less: a dribble is none. */
const PROGRESS_BYTES = 16_384

/** How long a peer may keep a reply from going out while memory is short. */
const STALL_UNDER_PRESSURE_MS = 10_000

/** Handlers that ignore that their streams are gone may hold all slots for so long. */
const ALL_ABORTED_MS = 10_000

const CHECKS_A_STALL = 4
const LONGEST_PERIOD_MS = 5_000

/** What a stall ends. */
export interface StallWatchParts {
  readonly receiveFlow: ReceiveFlow
  readonly dispatcher: Dispatcher
  readonly lifecycle: StreamLifecycle
  readonly shutdown: Shutdown
}

/** Looks at streams with something pending, and at the socket. */
export class StallWatch {
  private readonly state: SessionState
  private readonly parts: StallWatchParts
  private readonly timer: WheelTimer
  private readonly periodMs: number
  /** Since when the socket has had unsent octets without a drain, or -1. */
  private socketStalledSinceMs = -1

  constructor(state: SessionState, parts: StallWatchParts) {
    const { stallTimeoutMs, liveStallTimeoutMs } = state.options
    this.state = state
    this.parts = parts
    this.timer = state.createTimer(() => this.check())
    this.periodMs = Math.min(
      Math.ceil(Math.min(stallTimeoutMs, liveStallTimeoutMs) / CHECKS_A_STALL),
      LONGEST_PERIOD_MS,
    )
  }

  /** There is something to watch. */
  arm(): void {
    if (!this.timer.isScheduled) this.state.schedule(this.timer, this.periodMs)
  }

  /** The socket took everything. */
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
      this.parts.lifecycle.fail(stream, ErrorCode.CANCEL, 'the peer does not take what it asked for')
    } else if (this.isReceivingStalled(stream)) {
      this.parts.lifecycle.fail(stream, ErrorCode.CANCEL, 'the peer does not send what it owes')
    }
  }

  /** A stream that waits for room makes progress as the session does: the peer has to take what others have queued. */
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

  /** A peer without a window is held back by us. */
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

  /** To the owners of a server's streams this is not a peer that has gone. */
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
