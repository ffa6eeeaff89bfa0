/** How a session ends: gracefully, with an error, or by the peer. */
import type { Goaway, StreamReset } from './contract.ts'
import type { Dispatcher } from './dispatcher.ts'
import { ConnectionError, ErrorCode, socketReason } from './errors.ts'
import { MAX_31_BIT } from './frame.ts'
import type { Outbox } from './outbox.ts'
import type { Pings } from './pings.ts'
import type { Sender } from './sender.ts'
import type { SessionState } from './session-state.ts'
import type { StreamLifecycle } from './stream-lifecycle.ts'
import { WheelTimer } from './timer-wheel.ts'

/**
 * open: normal operation. draining: the first GOAWAY was sent, new streams are still accepted. closing: no new streams, the open ones end.
 * ending: nothing is sent any more, the socket is closing. closed: the socket is closed.
 */
type Phase = 'open' | 'draining' | 'closing' | 'ending' | 'closed'

/** Maximum read and dropped after an error. Unread octets would make the kernel send a reset, and the peer lose our GOAWAY. */
const MAX_LINGER_BYTES = 262_144

/** The parts of a session that the shutdown uses. */
export interface ShutdownParts {
  readonly outbox: Outbox
  readonly dispatcher: Dispatcher
  readonly lifecycle: StreamLifecycle
  readonly sender: Sender
  readonly pings: Pings
}

/** The phases of a session, which only advance. */
export class Shutdown {
  private phase: Phase = 'open'
  private readonly state: SessionState
  private readonly parts: ShutdownParts
  private lastStreamId = MAX_31_BIT
  /** The debug data of a graceful GOAWAY. */
  private leavingReason = ''
  private lingeredBytes = 0
  private isReported = false
  private hasPeerEnded = false
  /** The server's last GOAWAY with an error code. */
  private complaint: Goaway | null = null
  /** Unsent octets of the socket at the last check, after the peer's end. */
  private unsentBytes = Number.POSITIVE_INFINITY
  private readonly timer: WheelTimer
  private readonly graceTimer: WheelTimer

  constructor(state: SessionState, parts: ShutdownParts) {
    this.state = state
    this.parts = parts
    this.timer = new WheelTimer(() => this.onTimeout())
    this.graceTimer = new WheelTimer(() => this.onGraceOver())
  }

  /** Whether input from the peer is dropped. */
  get isDeaf(): boolean {
    return this.phase === 'ending' || this.phase === 'closed'
  }

  /** Whether the peer opened this stream after our GOAWAY. */
  isBeyondLast(streamId: number): boolean {
    return streamId > this.lastStreamId
  }

  /** Closes gracefully. A server first announces it, and waits a PING round trip for requests under way (RFC 9113, section 6.8). */
  close(graceMs?: number, reason = ''): void {
    if (this.isDeaf) return
    const { isServer, options } = this.state
    if (graceMs !== undefined) options.timers.schedule(this.graceTimer, graceMs)
    if (this.phase !== 'open') return
    this.leavingReason = reason
    if (!isServer) {
      this.leave('closing', 0)
      return
    }
    this.leave('draining', MAX_31_BIT)
    this.parts.pings.send(() => this.stopAccepting())
    options.timers.schedule(this.timer, options.goawayTimeoutMs)
  }

  /** Sends a GOAWAY immediately. Open streams go on. */
  goaway(code: number, reason: string): void {
    if (this.isDeaf) return
    const { outbox } = this.parts
    this.lastStreamId = this.lastServedId
    if (this.phase === 'open' || this.phase === 'draining') this.enter('closing')
    outbox.control.goaway(this.lastStreamId, code, reason)
    outbox.schedule()
  }

  /**
   * Ends the session with an error, of the peer or from the owner: sends a GOAWAY and resets the streams. Frames of the chunk before the
   * error count, but handlers that were not started yet never are.
   */
  fail(error: ConnectionError): void {
    if (this.phase === 'closed') return
    if (this.phase === 'ending') {
      this.state.socket.destroy()
      return
    }
    const { outbox, sender, dispatcher } = this.parts
    outbox.control.goaway(this.lastServedId, error.code, error.message)
    sender.flushNow()
    this.abandonStreams(connectionLost(error.message, error.code))
    dispatcher.dispatch()
    this.finish(error.code === ErrorCode.NO_ERROR ? undefined : error)
  }

  /** Handles the peer's GOAWAY. A client opens no new streams, and remembers the reason in case the server cuts the open ones. */
  onGoaway(goaway: Goaway): void {
    const { outbox, dispatcher } = this.parts
    const { session, handler, isServer } = this.state
    if (!isServer) this.onServerLeaves(goaway)
    this.state.later(() => {
      // The sinks of all streams are called before the handler of the session.
      dispatcher.dispatch()
      handler.onGoaway?.(session, goaway)
    })
    outbox.schedule()
  }

  /** Handles the end of the peer's output. Finished replies are still sent; everything else is reset. */
  onPeerEnd(): void {
    if (this.isDeaf) return
    const { isServer, options, streams } = this.state
    const { lifecycle } = this.parts
    const isInterrupted = lifecycle.openStreams > 0
    this.hasPeerEnded = true
    this.enter('closing')
    options.timers.schedule(this.timer, options.lingerMs)
    const cause: StreamReset = this.cutOff('the peer closed the connection')
    for (const stream of streams.list()) {
      if (!isServer || !stream.isOutputEnded) lifecycle.abandon(stream, cause)
    }
    lifecycle.abandonAbove(MAX_31_BIT, cause)
    if (isInterrupted && !isServer) this.report(new Error(cause.reason))
    this.progress()
  }

  /** Handles the close of the socket. */
  onSocketClose(error: Error | undefined): void {
    const { timers } = this.state.options
    this.enter('closed')
    timers.cancel(this.timer)
    timers.cancel(this.graceTimer)
    this.stop()
    this.abandonStreams(this.cutOff(error === undefined ? 'the connection is gone' : socketReason(error)))
    this.report(error)
  }

  /** Counts octets that arrive after the end. */
  linger(bytes: number): void {
    this.lingeredBytes += bytes
    if (this.lingeredBytes > MAX_LINGER_BYTES) this.state.socket.destroy()
  }

  /** Ends the session if nothing is left to do. Called after a stream has closed, and after a flush. */
  progress(): void {
    const { lifecycle, outbox } = this.parts
    if (this.phase !== 'closing' || lifecycle.openStreams > 0) return
    const { timers, stallTimeoutMs, goawayTimeoutMs } = this.state.options
    if (outbox.isIdle) this.finish(undefined, this.hasPeerEnded ? goawayTimeoutMs : stallTimeoutMs)
    else if (!this.timer.isScheduled) timers.schedule(this.timer, stallTimeoutMs)
  }

  /** The last stream id for a GOAWAY: the highest that may have reached a handler; 0 for a client, as servers open no streams. */
  private get lastServedId(): number {
    return this.state.isServer ? this.parts.lifecycle.lastId : 0
  }

  private enter(phase: Phase): void {
    this.phase = phase
    this.state.isLeaving = true
  }

  private onServerLeaves(goaway: Goaway): void {
    if (this.phase === 'open') this.enter('closing')
    if (goaway.code !== ErrorCode.NO_ERROR) this.complaint = goaway
    const reason = `the peer is leaving: ${goaway.reason}`
    const cause: StreamReset = { code: goaway.code, source: 'connection', isUnprocessed: true, reason }
    this.parts.lifecycle.abandonAbove(goaway.lastStreamId, cause)
  }

  private leave(phase: Phase, lastStreamId: number): void {
    const { outbox } = this.parts
    this.enter(phase)
    outbox.control.goaway(lastStreamId, ErrorCode.NO_ERROR, this.leavingReason)
    outbox.schedule()
  }

  private stopAccepting(): void {
    if (this.phase !== 'draining') return
    this.state.options.timers.cancel(this.timer)
    this.lastStreamId = this.lastServedId
    this.leave('closing', this.lastStreamId)
  }

  private onTimeout(): void {
    if (this.phase === 'draining') this.stopAccepting()
    else if (this.phase === 'closing') this.finish(undefined)
    else if (!this.isStillSending()) this.state.socket.destroy()
  }

  /** Whether output still leaves the socket. A TLS socket that was reset shows only the peer's end, and is destroyed once none does. */
  private isStillSending(): boolean {
    const { socket, options } = this.state
    const unsentBytes = socket.writableLength
    if (!this.hasPeerEnded || unsentBytes === 0 || unsentBytes >= this.unsentBytes) return false
    this.unsentBytes = unsentBytes
    options.timers.schedule(this.timer, options.goawayTimeoutMs)
    return true
  }

  private onGraceOver(): void {
    const { lifecycle } = this.parts
    for (const stream of this.state.streams.list()) lifecycle.fail(stream, ErrorCode.CANCEL, 'out of time')
    this.fail(new ConnectionError(ErrorCode.NO_ERROR, 'out of time'))
  }

  private finish(error: Error | undefined, limitMs: number = this.state.options.lingerMs): void {
    const { socket, options } = this.state
    const { timers, lingerMs } = options
    this.enter('ending')
    this.stop()
    timers.cancel(this.graceTimer)
    timers.schedule(this.timer, limitMs)
    socket.end(() => {
      if (this.phase === 'ending') timers.schedule(this.timer, lingerMs)
    })
    socket.resume()
    this.abandonStreams(connectionLost('the session has ended'))
    this.report(error)
  }

  /** Stops all timers, and releases the memory. */
  private stop(): void {
    const { dispatcher, lifecycle } = this.parts
    this.state.stopTimers()
    dispatcher.stop()
    this.state.options.memory.leave(lifecycle)
  }

  private abandonStreams(cause: StreamReset): void {
    const { lifecycle } = this.parts
    if (lifecycle.openStreams > 0) lifecycle.abandonAbove(-1, cause)
  }

  /** Prefers the server's last GOAWAY with an error code as the cause, as it says more than the lost connection. */
  private cutOff(reason: string): StreamReset {
    const { complaint } = this
    return complaint === null ? connectionLost(reason) : connectionLost(complaint.reason || reason, complaint.code)
  }

  private report(error: Error | undefined): void {
    if (this.isReported) return
    this.isReported = true
    const { session, handler } = this.state
    // The sinks of all streams are called before the handler of the session.
    this.parts.dispatcher.whenAllNotified(() => this.state.guard(() => handler.onClose(session, error)))
  }
}

function connectionLost(reason: string, code: number = ErrorCode.CANCEL): StreamReset {
  return { code, source: 'connection', isUnprocessed: false, reason }
}
