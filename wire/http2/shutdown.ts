/** How a session ends: in peace, by a fault, by the peer. */
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
 * open: all is well. draining: we said that we will leave. closing: no new streams, the open ones end. ending: nothing is sent
 * any more, the socket is on its way out. closed: it is gone.
 */
type Phase = 'open' | 'draining' | 'closing' | 'ending' | 'closed'

/** What is read and thrown away after an error, so that the kernel does not answer it with a reset that eats our GOAWAY. */
const MAX_LINGER_BYTES = 262_144

/** What the end of a session concerns. */
export interface ShutdownParts {
  readonly outbox: Outbox
  readonly dispatcher: Dispatcher
  readonly lifecycle: StreamLifecycle
  readonly sender: Sender
  readonly pings: Pings
}

/** The last phases of a session, one after the other; none is taken back. */
export class Shutdown {
  private phase: Phase = 'open'
  private readonly state: SessionState
  private readonly parts: ShutdownParts
  private lastStreamId = MAX_31_BIT
  private lingeredBytes = 0
  private isReported = false
  private hasPeerEnded = false
  /** The server's last GOAWAY that named a fault, its own or ours. */
  private complaint: Goaway | null = null
  /** When the socket was last looked at, after the peer's end. */
  private unsentBytes = Number.POSITIVE_INFINITY
  private readonly timer: WheelTimer
  private readonly graceTimer: WheelTimer

  constructor(state: SessionState, parts: ShutdownParts) {
    this.state = state
    this.parts = parts
    this.timer = new WheelTimer(() => this.onTimeout())
    this.graceTimer = new WheelTimer(() => this.onGraceOver())
  }

  /** What the peer sends is thrown away. */
  get isDeaf(): boolean {
    return this.phase === 'ending' || this.phase === 'closed'
  }

  /** A stream of the peer that it opened after it was told not to. */
  isBeyondLast(streamId: number): boolean {
    return streamId > this.lastStreamId
  }

  /** Leaves in peace. A server says so first and gives requests that are on their way the time of a PING. */
  close(graceMs?: number): void {
    if (this.isDeaf) return
    const { isServer, options } = this.state
    if (graceMs !== undefined) options.timers.schedule(this.graceTimer, graceMs)
    if (this.phase !== 'open') return
    if (!isServer) {
      this.leave('closing', 0)
      return
    }
    this.leave('draining', MAX_31_BIT)
    this.parts.pings.send(() => this.stopAccepting())
    options.timers.schedule(this.timer, options.goawayTimeoutMs)
  }

  /** Sends a GOAWAY now; streams go on. */
  goaway(code: number, reason: string): void {
    if (this.isDeaf) return
    const { outbox } = this.parts
    this.lastStreamId = this.lastServedId
    if (this.phase === 'open' || this.phase === 'draining') this.enter('closing')
    outbox.control.goaway(this.lastStreamId, code, reason)
    outbox.schedule()
  }

  /**
   * A fault, of the peer or of the owner's making: the peer is told, the owner's streams are, and that is all. What a chunk
   * brought before the fault stands, but handlers that were not started by then will not be.
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

  /** The peer's GOAWAY came. At a client: no new streams, and should the server cut off those that are open, that is why. */
  onGoaway(goaway: Goaway): void {
    const { outbox, dispatcher } = this.parts
    const { session, handler, isServer } = this.state
    if (!isServer) this.onServerLeaves(goaway)
    this.state.later(() => {
      // All streams are told before the session's owner is.
      dispatcher.dispatch()
      handler.onGoaway?.(session, goaway)
    })
    outbox.schedule()
  }

  /** The peer will send nothing more. Replies that are finished still go out; all else is over. */
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

  /** The socket is gone. */
  onSocketClose(error: Error | undefined): void {
    const { timers } = this.state.options
    this.enter('closed')
    timers.cancel(this.timer)
    timers.cancel(this.graceTimer)
    this.stop()
    this.abandonStreams(this.cutOff(error === undefined ? 'the connection is gone' : socketReason(error)))
    this.report(error)
  }

  /** Octets that came after the end. */
  linger(bytes: number): void {
    this.lingeredBytes += bytes
    if (this.lingeredBytes > MAX_LINGER_BYTES) this.state.socket.destroy()
  }

  /** A stream is gone or a flush done: if nothing is left, the session ends. */
  progress(): void {
    const { lifecycle, outbox } = this.parts
    if (this.phase !== 'closing' || lifecycle.openStreams > 0) return
    const { timers, stallTimeoutMs, goawayTimeoutMs } = this.state.options
    if (outbox.isIdle) this.finish(undefined, this.hasPeerEnded ? goawayTimeoutMs : stallTimeoutMs)
    else if (!this.timer.isScheduled) timers.schedule(this.timer, stallTimeoutMs)
  }

  /** The highest stream that may have reached a handler, which a GOAWAY names; a server has opened none. */
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
    outbox.control.goaway(lastStreamId, ErrorCode.NO_ERROR, '')
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

  /** A socket that was reset during TLS shows no more than the peer's end: it is given up once nothing of our answers leaves. */
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

  /** Nothing more is to happen by time, and nothing is held. */
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

  /** What a server has complained of before tells more than that it is gone. */
  private cutOff(reason: string): StreamReset {
    const { complaint } = this
    return complaint === null ? connectionLost(reason) : connectionLost(complaint.reason || reason, complaint.code)
  }

  private report(error: Error | undefined): void {
    if (this.isReported) return
    this.isReported = true
    const { session, handler } = this.state
    // All streams are told before the session's owner is.
    this.parts.dispatcher.whenAllTold(() => this.state.guard(() => handler.onClose(session, error)))
  }
}

function connectionLost(reason: string, code: number = ErrorCode.CANCEL): StreamReset {
  return { code, source: 'connection', isUnprocessed: false, reason }
}
