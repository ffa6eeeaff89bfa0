/** What a session has to send, and what it may send. */
import { ControlQueue } from './control-queue.ts'
import { scheduleFlush } from './flush-scheduler.ts'
import { DEFAULT_WINDOW } from './frame.ts'
import { dropQueued, queuePiece, queueShort } from './queued-body.ts'
import type { SessionState } from './session-state.ts'
import { StreamQueue } from './stream-queue.ts'
import { OutputPlace, type StreamState } from './stream-state.ts'

/** Streams stand in one of two queues, or wait for the peer's window; `Sender` empties the queues. */
export class Outbox {
  readonly control = new ControlQueue()
  /** Heads, whole replies and bare ends. */
  readonly urgent = new StreamQueue()
  /** Bodies that have a window. */
  readonly bulk = new StreamQueue()
  /** Octets of bodies that are queued. */
  queuedBytes = 0
  /** Those of them that were queued since the last flush. */
  freshBytes = 0
  /** What the peer lets us send on the connection. */
  connectionWindow = DEFAULT_WINDOW
  /** A flush is under way, or has been asked for: it needs no other. */
  isFlushing = false
  isScheduled = false
  private readonly state: SessionState
  private waiters: StreamState[] = []

  constructor(state: SessionState) {
    this.state = state
  }

  /** All that could be sent is with the socket. */
  get isIdle(): boolean {
    return this.control.length === 0 && this.urgent.length === 0 && this.bulk.length === 0
  }

  /** Asks for a flush at the end of the turn. */
  schedule(): void {
    if (this.isScheduled || this.isFlushing) return
    this.isScheduled = true
    scheduleFlush(this.state.session)
  }

  /** Whether a stream may queue more. If not, it will be told when it may. */
  hasRoom(stream: StreamState): boolean {
    const { streamHighWaterBytes, sessionHighWaterBytes } = this.state.options
    if (stream.outBytes < streamHighWaterBytes && this.queuedBytes < sessionHighWaterBytes) return true
    if (!stream.isWritableDue) this.waiters.push(stream)
    stream.isWritableDue = true
    return false
  }

  /** The streams that asked for room in vain; none waits any more. */
  takeWaiters(): readonly StreamState[] {
    if (this.waiters.length === 0) return NOBODY
    const waiters = this.waiters
    this.waiters = []
    return waiters
  }

  /** The stream has a head, or something else that needs no window. */
  queueUrgent(stream: StreamState): void {
    if (stream.outPlace === OutputPlace.URGENT) return
    stream.outPlace = OutputPlace.URGENT
    this.urgent.push(stream)
    this.schedule()
  }

  /** The stream has a body to send. */
  queueBulk(stream: StreamState): void {
    stream.outPlace = OutputPlace.BULK
    this.bulk.push(stream)
    this.schedule()
  }

  /** A piece of a body, not empty. */
  queueData(stream: StreamState, data: Uint8Array): void {
    queuePiece(stream, data)
    this.afterQueued(stream, data.length)
  }

  /** Short messages of a busy stream cost no object each. */
  queueCopy(stream: StreamState, prefix: Uint8Array, data: Uint8Array): void {
    queueShort(stream, prefix, data)
    this.afterQueued(stream, prefix.length + data.length)
  }

  /** The owner ended a stream without more data: unless a body is waiting, that can go out at once. */
  queueEnd(stream: StreamState): void {
    if (stream.outPlace === OutputPlace.NONE && stream.isHeadGiven) this.queueUrgent(stream)
  }

  /** The peer raised a stream's window: if it waited for that it goes on. */
  unblock(stream: StreamState): void {
    if (stream.outPlace === OutputPlace.BLOCKED && this.windowOf(stream) > 0) this.queueBulk(stream)
  }

  /** What the peer lets a stream send; negative after its SETTINGS shrank the window. */
  windowOf(stream: StreamState): number {
    return this.state.peer.initialWindow + stream.sendCredit
  }

  /** Octets of bodies were queued, or sent if negative. */
  countQueued(bytes: number): void {
    this.queuedBytes += bytes
    this.state.options.memory.heldBytes += bytes
  }

  /** Drops what a stream has queued. */
  drop(stream: StreamState): void {
    this.countQueued(-stream.outBytes)
    stream.outBytes = 0
    dropQueued(stream)
    stream.outHead = null
    stream.outTrailers = null
    stream.interim = null
    if (this.waiters.length > 0) this.schedule()
  }

  /** Requests that have no id yet, as none of their frames has been sent. */
  unsentRequests(): StreamState[] {
    return this.urgent.list().filter((stream) => stream.id === 0 && !stream.isClosed)
  }

  private afterQueued(stream: StreamState, bytes: number): void {
    stream.outBytes += bytes
    this.countQueued(bytes)
    if (stream.outPlace === OutputPlace.NONE && stream.isHeadGiven) this.queueBulk(stream)
    this.freshBytes += bytes
  }
}

const NOBODY: readonly StreamState[] = Object.freeze([])
