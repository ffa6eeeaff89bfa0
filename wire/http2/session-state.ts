/** What all parts of a session share: its options, its owner, what it counts. */
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

/** The parts of a session know this, and it knows none of them. */
export class SessionState {
  /** As the owner knows it. */
  readonly session: Http2Session & Flushable
  readonly socket: Socket
  readonly options: NormalizedHttp2Options
  readonly isServer: boolean
  readonly handler: SessionHandler
  /** The same at a server, null at a client. */
  readonly serverHandler: ServerSessionHandler | null
  readonly peer: PeerSettings = initialPeerSettings()
  readonly stats = new SessionStats()
  readonly streams = new StreamTable()
  readonly floods: FloodGuard
  /** The time as of the last chunk or timer. */
  nowMs: number
  /** A chunk is being read: the owner is called behind it. */
  isParsing = false
  /** One of the two sides has said that it leaves, or the socket has ended. */
  isLeaving = false
  /** The most that a stream's send window was ever above the peer's initial window. */
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

  /** Creates a timer that the end of the session stops. */
  createTimer(onTimeout: () => void): WheelTimer {
    const timer = new WheelTimer(onTimeout)
    this.timers.push(timer)
    return timer
  }

  /** Schedules such a timer, unless the session is over. */
  schedule(timer: WheelTimer, delayMs: number): void {
    if (!this.hasStopped) this.options.timers.schedule(timer, delayMs)
  }

  cancel(timer: WheelTimer): void {
    this.options.timers.cancel(timer)
  }

  /** The session is over: none of its timers fires any more. */
  stopTimers(): void {
    this.hasStopped = true
    for (const timer of this.timers) this.cancel(timer)
  }

  /** Calls the owner once the chunk is parsed. */
  later(call: () => void): void {
    this.postponed.push(call)
  }

  /** Makes the calls that waited for the end of the chunk. */
  callLater(): void {
    if (this.postponed.length === 0) return
    const calls = this.postponed
    this.postponed = []
    for (const call of calls) this.guard(call)
  }

  /** Calls the owner. What it throws harms nothing here. */
  guard(call: () => void): void {
    try {
      call()
    } catch (thrown) {
      this.report(thrown)
    }
  }

  /** Tells the owner what a callback of its own has thrown. */
  report(thrown: unknown): void {
    const { handler, session } = this
    reportFault((fault) => {
      if (handler.onFault === undefined) warnOfFault(fault)
      else handler.onFault(session, fault)
    }, thrown)
  }
}

/** Who a session works for, and how. */
export interface SessionOwner {
  readonly options: NormalizedHttp2Options
  readonly handler: SessionHandler | ServerSessionHandler
}
