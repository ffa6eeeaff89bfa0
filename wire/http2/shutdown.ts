/** How a session ends: in peace, by a fault, by the peer. */
import type { Goaway, StreamReset } from './contract.ts'
import { ConnectionError, ErrorCode } from './errors.ts'
import { MAX_31_BIT } from './frame.ts'
import type { SessionParts, ShutdownPart } from './session-parts.ts'
import { WheelTimer } from './timer-wheel.ts'

/**
 * open: all is well. draining: we said that we will leave. closing: no new streams, the open ones end. ending: nothing is sent
 * any more, the socket is on its way out. closed: it is gone.
 */
type Phase = 'open' | 'draining' | 'closing' | 'ending' | 'closed'

/** What is read and thrown away after an error, so that the kernel does not answer it with a reset that eats our GOAWAY. */
const MAX_LINGER_BYTES = 262_144

/** The last phases of a session, one after the other; none is taken back. */
export class Shutdown implements ShutdownPart {
  phase: Phase = 'open'
  private readonly session: SessionParts
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

  constructor(session: SessionParts) {
    this.session = session
    this.timer = new WheelTimer(() => this.onTimeout())
    this.graceTimer = new WheelTimer(() => this.onGraceOver())
  }

  /** No new streams are wanted. */
  get isLeaving(): boolean {
    return this.phase !== 'open'
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
    const { session } = this
    if (graceMs !== undefined) session.options.timers.schedule(this.graceTimer, graceMs)
    if (this.phase !== 'open') return
    if (!session.isServer) {
      this.leave('closing', 0)
      return
    }
    this.leave('draining', MAX_31_BIT)
    session.pings.send(() => this.stopAccepting())
    session.options.timers.schedule(this.timer, session.options.goawayTimeoutMs)
  }

  /** Sends a GOAWAY now; streams go on. */
  goaway(code: number, reason: string): void {
    if (this.isDeaf) return
    const { session } = this
    this.lastStreamId = session.isServer ? session.lifecycle.lastId : 0
    if (this.phase === 'open' || this.phase === 'draining') this.phase = 'closing'
    session.sender.control.goaway(this.lastStreamId, code, reason)
    session.sender.schedule()
  }

  /**
   * A fault, of the peer or of the owner's making: the peer is told, the owner's streams are, and that is all. What a chunk
   * brought before the fault stands, but handlers that were not started by then will not be.
   */
  fail(error: ConnectionError): void {
    if (this.phase === 'closed') return
    if (this.phase === 'ending') {
      this.session.socket.destroy()
      return
    }
    const { session } = this
    session.sender.control.goaway(session.isServer ? session.lifecycle.lastId : 0, error.code, error.message)
    session.sender.flushNow()
    this.abandonStreams(connectionLost(error.message, error.code))
    session.dispatcher.dispatch()
    this.finish(error.code === ErrorCode.NO_ERROR ? undefined : error)
  }

  /** The server's GOAWAY came: no new streams, and should it cut off those that are open, that is why. */
  onServerLeaves(goaway: Goaway): void {
    if (this.phase === 'open') this.phase = 'closing'
    if (goaway.code !== ErrorCode.NO_ERROR) this.complaint = goaway
  }

  /** The peer will send nothing more. Replies that are finished still go out; all else is over. */
  onPeerEnd(): void {
    if (this.isDeaf) return
    const { session } = this
    const isInterrupted = session.openStreams > 0
    this.hasPeerEnded = true
    this.phase = 'closing'
    session.options.timers.schedule(this.timer, session.options.lingerMs)
    const cause: StreamReset = this.cutOff('the peer closed the connection')
    for (const stream of session.streams.list()) {
      if (!session.isServer || !stream.isOutputEnded) session.lifecycle.abandon(stream, cause)
    }
    session.lifecycle.abandonAbove(MAX_31_BIT, cause)
    if (isInterrupted && !session.isServer) this.report(new Error(cause.reason))
    this.progress()
  }

  /** The socket is gone. */
  onSocketClose(error: Error | undefined): void {
    const { timers } = this.session.options
    this.phase = 'closed'
    timers.cancel(this.timer)
    timers.cancel(this.graceTimer)
    this.session.stop()
    this.abandonStreams(this.cutOff(error?.message ?? 'the connection is gone'))
    this.report(error)
  }

  /** Octets that came after the end. */
  linger(bytes: number): void {
    this.lingeredBytes += bytes
    if (this.lingeredBytes > MAX_LINGER_BYTES) this.session.socket.destroy()
  }

  /** A stream is gone or a flush done: if nothing is left, the session ends. */
  progress(): void {
    if (this.phase !== 'closing' || this.session.openStreams > 0 || !this.session.sender.isIdle) return
    const { stallTimeoutMs, goawayTimeoutMs } = this.session.options
    this.finish(undefined, this.hasPeerEnded ? goawayTimeoutMs : stallTimeoutMs)
  }

  private leave(phase: Phase, lastStreamId: number): void {
    this.phase = phase
    this.session.sender.control.goaway(lastStreamId, ErrorCode.NO_ERROR, '')
    this.session.sender.schedule()
  }

  private stopAccepting(): void {
    if (this.phase !== 'draining') return
    this.session.options.timers.cancel(this.timer)
    this.lastStreamId = this.session.lifecycle.lastId
    this.leave('closing', this.lastStreamId)
  }

  private onTimeout(): void {
    if (this.phase === 'draining') this.stopAccepting()
    else if (this.phase === 'closing') this.finish(undefined)
    else if (!this.isStillSending()) this.session.socket.destroy()
  }

  /** A socket that was reset during TLS shows no more than the peer's end: it is given up once nothing of our answers leaves. */
  private isStillSending(): boolean {
    const { socket, options } = this.session
    const unsentBytes = socket.writableLength
    if (!this.hasPeerEnded || unsentBytes === 0 || unsentBytes >= this.unsentBytes) return false
    this.unsentBytes = unsentBytes
    options.timers.schedule(this.timer, options.goawayTimeoutMs)
    return true
  }

  private onGraceOver(): void {
    const { session } = this
    for (const stream of session.streams.list()) session.lifecycle.fail(stream, ErrorCode.CANCEL, 'out of time')
    this.fail(new ConnectionError(ErrorCode.NO_ERROR, 'out of time'))
  }

  private finish(error: Error | undefined, limitMs: number = this.session.options.lingerMs): void {
    const { session } = this
    const { timers, lingerMs } = session.options
    this.phase = 'ending'
    session.stop()
    timers.cancel(this.graceTimer)
    timers.schedule(this.timer, limitMs)
    session.socket.end(() => {
      if (this.phase === 'ending') timers.schedule(this.timer, lingerMs)
    })
    session.socket.resume()
    this.abandonStreams(connectionLost('the session has ended'))
    this.report(error)
  }

  private abandonStreams(cause: StreamReset): void {
    const { session } = this
    if (session.openStreams > 0) session.lifecycle.abandonAbove(-1, cause)
  }

  /** What a server has complained of before tells more than that it is gone. */
  private cutOff(reason: string): StreamReset {
    const { complaint } = this
    return complaint === null ? connectionLost(reason) : connectionLost(complaint.reason || reason, complaint.code)
  }

  private report(error: Error | undefined): void {
    if (this.isReported) return
    this.isReported = true
    // All streams are told before the session's owner is.
    this.session.dispatcher.dispatch()
    this.session.guard(() => this.session.handler.onClose(this.session, error))
  }
}

function connectionLost(reason: string, code: number = ErrorCode.CANCEL): StreamReset {
  return { code, source: 'connection', isUnprocessed: false, reason }
}
