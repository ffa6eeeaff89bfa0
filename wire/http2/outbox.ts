/** The output that a session has queued, and the windows that limit it. */
import { ControlQueue } from './control-queue.ts'
import { scheduleFlush } from './flush-scheduler.ts'
import { DEFAULT_WINDOW } from './frame.ts'
import { dropQueued, queuePiece, queueShort } from './queued-body.ts'
import type { SessionState } from './session-state.ts'
import { StreamQueue } from './stream-queue.ts'
import { OutputPlace, type StreamState } from './stream-state.ts'

/** A stream is in one of two queues, or waits for its send window. `Sender` empties the queues. */
export class Outbox {
  readonly control = new ControlQueue()
  /** Streams with a head, a whole reply, or only an end to send. */
  readonly urgent = new StreamQueue()
  /** Streams with a body to send, and a window. */
  readonly bulk = new StreamQueue()
  /** Queued octets of bodies. */
  queuedBytes = 0
  /** Octets queued since the last flush. */
  freshBytes = 0
  /** The connection's send window. */
  connectionWindow = DEFAULT_WINDOW
  /** Whether a flush is running, and whether one is scheduled (`isScheduled`). */
  isFlushing = false
  isScheduled = false
  private readonly state: SessionState
  private waiters: StreamState[] = []

  constructor(state: SessionState) {
    this.state = state
  }

  /** Whether the socket has everything that could be sent. */
  get isIdle(): boolean {
    return this.control.length === 0 && this.urgent.length === 0 && this.bulk.length === 0
  }

  /** Schedules a flush for the end of the turn. */
  schedule(): void {
    if (this.isScheduled || this.isFlushing) return
    this.isScheduled = true
    scheduleFlush(this.state.session)
  }

  /** Whether a stream may queue more. If not, its `onWritable` follows. */
  hasRoom(stream: StreamState): boolean {
    const { streamHighWaterBytes, sessionHighWaterBytes } = this.state.options
    if (stream.outBytes < streamHighWaterBytes && this.queuedBytes < sessionHighWaterBytes) return true
    if (!stream.isWritableDue) this.waiters.push(stream)
    stream.isWritableDue = true
    return false
  }

  /** Returns and clears the list of streams that wait for room. */
  takeWaiters(): readonly StreamState[] {
    if (this.waiters.length === 0) return NOBODY
    const waiters = this.waiters
    this.waiters = []
    return waiters
  }

  /** Queues a stream that has a head, or something else that needs no window. */
  queueUrgent(stream: StreamState): void {
    if (stream.outPlace === OutputPlace.URGENT) return
    stream.outPlace = OutputPlace.URGENT
    this.urgent.push(stream)
    this.schedule()
  }

  /** Queues a stream that has a body to send. */
  queueBulk(stream: StreamState): void {
    stream.outPlace = OutputPlace.BULK
    this.bulk.push(stream)
    this.schedule()
  }

  /** Queues a piece of a body, which is not empty. */
  queueData(stream: StreamState, data: Uint8Array): void {
    queuePiece(stream, data)
    this.afterQueued(stream, data.length)
  }

  /** Queues a copy of a short message, `data[start, end)`, so that the messages of a busy stream need no object each. */
  queueCopy(stream: StreamState, data: Uint8Array, start: number, end: number): void {
    queueShort(stream, data, start, end)
    this.afterQueued(stream, end - start)
  }

  /** Queues a stream that its owner has ended without more data, unless its body is still queued. */
  queueEnd(stream: StreamState): void {
    if (stream.outPlace === OutputPlace.NONE && stream.isHeadGiven) this.queueUrgent(stream)
  }

  /** Queues a stream again that waited for its window, which the peer has raised. */
  unblock(stream: StreamState): void {
    if (stream.outPlace === OutputPlace.BLOCKED && this.windowOf(stream) > 0) this.queueBulk(stream)
  }

  /** Returns the send window of a stream; negative after the peer's SETTINGS have reduced it. */
  windowOf(stream: StreamState): number {
    return this.state.peer.initialWindow + stream.sendCredit
  }

  /** Counts queued octets of bodies; sent ones if negative. */
  countQueued(bytes: number): void {
    this.queuedBytes += bytes
    this.state.options.memory.heldBytes += bytes
  }

  /** Drops the queued output of a stream. */
  drop(stream: StreamState): void {
    this.countQueued(-stream.outBytes)
    stream.outBytes = 0
    dropQueued(stream)
    stream.outHead = null
    stream.outTrailers = null
    stream.interim = null
    if (this.waiters.length > 0) this.schedule()
  }

  /** Returns the requests that have no id yet, as no frame of theirs was sent. */
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
