/** The state that all parts of a session share: options, owner and statistics. */
import type { Socket } from 'node:net'
import type { Http2Session, ServerSessionHandler, SessionHandler } from './contract.ts'
import { FloodGuard } from './flood-guard.ts'
import type { Flushable } from './flush-scheduler.ts'
import type { NormalizedHttp2Options } from './options.ts'
import { reportFault, warnOfFault } from './report-fault.ts'
import { SessionStats } from './session-stats.ts'
import { initialPeerSettings, type PeerSettings } from './settings.ts'
import { StreamTable } from './stream-table.ts'
import { WheelTimer } from './timer-wheel.ts'

/** All parts of a session use it, and it uses none of them. */
export class SessionState {
  /** The session, for the owner's callbacks. */
  readonly session: Http2Session & Flushable
  readonly socket: Socket
  readonly options: NormalizedHttp2Options
  readonly isServer: boolean
  readonly handler: SessionHandler
  /** The handler of a server; null for a client. */
  readonly serverHandler: ServerSessionHandler | null
  readonly peer: PeerSettings = initialPeerSettings()
  readonly stats = new SessionStats()
  readonly streams = new StreamTable()
  readonly floods: FloodGuard
  /** The time of the last chunk or timer. */
  nowMs: number
  /** Whether a chunk is being parsed. The owner is called after it. */
  isParsing = false
  /** Whether a GOAWAY was sent or received, or the socket has ended. */
  isLeaving = false
  /** The most by which a stream's send window ever exceeded the peer's initial window. */
  largestSendCredit = 0
  private readonly timers: WheelTimer[] = []
  private hasStopped = false
  private postponed: (() => void)[] = []

  constructor(session: Http2Session & Flushable, socket: Socket, { options, handler }: SessionOwner) {
    this.session = session
    this.socket = socket
    this.options = options
    this.isServer = options.role === 'server'
    this.handler = handler
    this.serverHandler = this.isServer ? (handler as ServerSessionHandler) : null
    this.nowMs = options.timers.clock.now()
    this.stats.lastReceivedAtMs = this.nowMs
    this.stats.idleSinceMs = this.nowMs
    this.floods = new FloodGuard(options.floods, this.nowMs)
  }

  /** Creates a timer that stops with the session. */
  createTimer(onTimeout: () => void): WheelTimer {
    const timer = new WheelTimer(onTimeout)
    this.timers.push(timer)
    return timer
  }

  /** Schedules such a timer, unless the session has ended. */
  schedule(timer: WheelTimer, delayMs: number): void {
    if (!this.hasStopped) this.options.timers.schedule(timer, delayMs)
  }

  cancel(timer: WheelTimer): void {
    this.options.timers.cancel(timer)
  }

  /** Stops all timers at the end of the session. */
  stopTimers(): void {
    this.hasStopped = true
    for (const timer of this.timers) this.cancel(timer)
  }

  /** Defers a call of the owner until the chunk is parsed. */
  later(call: () => void): void {
    this.postponed.push(call)
  }

  /** Makes the deferred calls. */
  callLater(): void {
    if (this.postponed.length === 0) return
    const calls = this.postponed
    this.postponed = []
    for (const call of calls) this.guard(call)
  }

  /** Calls the owner, and reports what it throws. */
  guard(call: () => void): void {
    try {
      call()
    } catch (thrown) {
      this.report(thrown)
    }
  }

  /** Reports to the owner an error that one of its callbacks has thrown. */
  report(thrown: unknown): void {
    const { handler, session } = this
    reportFault((fault) => {
      if (handler.onFault === undefined) warnOfFault(fault)
      else handler.onFault(session, fault)
    }, thrown)
  }
}

/** The owner of a session, and its options. */
export interface SessionOwner {
  readonly options: NormalizedHttp2Options
  readonly handler: SessionHandler | ServerSessionHandler
}
