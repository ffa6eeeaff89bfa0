/** What a session sends, in which order, and how much of it a turn. */
import type { Socket } from 'node:net'
import { ControlQueue } from './control-queue.ts'
import { scheduleFlush } from './flush-scheduler.ts'
import { DEFAULT_WINDOW, FRAME_HEADER_BYTES, FrameFlag, FrameType } from './frame.ts'
import { FrameOutput } from './frame-output.ts'
import { writeFrameHeader } from './frame-writer.ts'
import { HeadWriter } from './head-writer.ts'
import { dropQueued, moveQueued, queuePiece, queueShort } from './queued-body.ts'
import type { SenderPart, SessionParts } from './session-parts.ts'
import { OutputPlace, type Stream } from './stream.ts'
import { StreamQueue } from './stream-queue.ts'

/** The most that one flush writes; also, with more than this unsent in the socket nothing is written. */
const MAX_FLUSH_BYTES = 262_144

/** Bodies that wait are not left to the end of the turn above this. */
const EARLY_FLUSH_BYTES = 65_536

/** A reply up to this size goes out whole, ahead of larger ones. */
const WHOLE_REPLY_BYTES = 16_384

/** What a stream may send when it is its turn; also the largest frame, so that none holds up the others. */
const QUANTUM_BYTES = 16_384

/**
 * A flush writes control frames; then heads, whole replies and bare ends in the order in which they came; then bodies, in a
 * deficit round robin that always has half of the flush. Header blocks are encoded when they enter the output, so that none
 * overtakes another.
 */
export class Sender implements SenderPart {
  readonly control = new ControlQueue()
  readonly heads: HeadWriter
  /** Octets of bodies that are queued. */
  queuedBytes = 0
  /** What the peer lets us send on the connection. */
  connectionWindow = DEFAULT_WINDOW
  private readonly session: SessionParts
  private readonly output: FrameOutput
  private readonly urgent = new StreamQueue()
  private readonly bulk = new StreamQueue()
  private waiters: Stream[] = []
  private freshBytes = 0
  private isScheduled = false
  private isFlushing = false

  constructor(session: SessionParts, socket: Socket, isSynchronous: boolean) {
    this.session = session
    this.output = new FrameOutput(socket, isSynchronous)
    this.heads = new HeadWriter(session.peer, session.options.maxSendHeaderListBytes)
  }

  /** All that could be sent is with the socket. */
  get isIdle(): boolean {
    return this.control.length === 0 && this.urgent.length === 0 && this.bulk.length === 0
  }

  /** Whether a stream may queue more. If not, it will be told when it may. */
  hasRoom(stream: Stream): boolean {
    const { streamHighWaterBytes, sessionHighWaterBytes } = this.session.options
    if (stream.outBytes < streamHighWaterBytes && this.queuedBytes < sessionHighWaterBytes) return true
    if (!stream.isWritableDue) this.waiters.push(stream)
    stream.isWritableDue = true
    return false
  }

  /** The stream has a head, or something else that needs no window. */
  queueUrgent(stream: Stream): void {
    if (stream.outPlace === OutputPlace.URGENT) return
    stream.outPlace = OutputPlace.URGENT
    this.urgent.push(stream)
    this.schedule()
  }

  /** A piece of a body, not empty. */
  queueData(stream: Stream, data: Uint8Array): void {
    queuePiece(stream, data)
    this.afterQueued(stream, data.length)
  }

  /** Short messages of a busy stream cost no object each. */
  queueCopy(stream: Stream, prefix: Uint8Array, data: Uint8Array): void {
    queueShort(stream, prefix, data)
    this.afterQueued(stream, prefix.length + data.length)
  }

  /** The owner ended a stream without more data: unless a body is waiting, that can go out at once. */
  queueEnd(stream: Stream): void {
    if (stream.outPlace === OutputPlace.NONE && stream.isHeadGiven) this.queueUrgent(stream)
  }

  /** The peer raised a stream's window: if it waited for that it goes on. */
  unblock(stream: Stream): void {
    if (stream.outPlace === OutputPlace.BLOCKED && this.windowOf(stream) > 0) this.queueBulk(stream)
  }

  /** What the peer lets a stream send; negative after its SETTINGS shrank the window. */
  windowOf(stream: Stream): number {
    return this.session.peer.initialWindow + stream.sendCredit
  }

  /** Drops what a stream has queued. */
  drop(stream: Stream): void {
    this.countQueued(-stream.outBytes)
    stream.outBytes = 0
    dropQueued(stream)
    stream.outHead = null
    stream.outTrailers = null
    stream.interim = null
    if (this.waiters.length > 0) this.schedule()
  }

  /** Requests that have no id yet, as none of their frames has been sent. */
  unsentRequests(): Stream[] {
    return this.urgent.list().filter((stream) => stream.id === 0 && !stream.isClosed)
  }

  /** Asks for a flush at the end of the turn. */
  schedule(): void {
    if (this.isScheduled || this.isFlushing) return
    this.isScheduled = true
    scheduleFlush(this.session)
  }

  /** Called by the scheduler: besides writing, owners are told that there is room. */
  flush(): void {
    this.isScheduled = false
    this.flushNow()
    if (this.waiters.length > 0) this.callWaiters()
    this.session.afterFlush()
  }

  /** Writes what there is, as far as windows and the socket allow. Calls no owner back. */
  flushNow(): void {
    const socket = this.session.socket
    this.freshBytes = 0
    if (this.isFlushing || socket.destroyed || socket.writableEnded || socket.writableLength >= MAX_FLUSH_BYTES) return
    this.isFlushing = true
    this.output.begin()
    this.control.flushTo(this.output)
    this.flushUrgent()
    this.flushBulk()
    this.session.stats.bytesSent += this.output.writtenBytes
    this.output.finish()
    this.isFlushing = false
    const hasMore = this.urgent.length > 0 || (this.bulk.length > 0 && this.connectionWindow > 0)
    if (hasMore || this.control.length > 0) this.schedule()
  }

  private queueBulk(stream: Stream): void {
    stream.outPlace = OutputPlace.BULK
    this.bulk.push(stream)
    this.schedule()
  }

  private afterQueued(stream: Stream, bytes: number): void {
    stream.outBytes += bytes
    this.countQueued(bytes)
    if (stream.outPlace === OutputPlace.NONE && stream.isHeadGiven) this.queueBulk(stream)
    this.freshBytes += bytes
    if (this.freshBytes >= EARLY_FLUSH_BYTES) this.flushNow()
  }

  private countQueued(bytes: number): void {
    this.queuedBytes += bytes
    this.session.options.memory.heldBytes += bytes
  }

  private flushUrgent(): void {
    const limit = this.bulk.length > 0 && this.connectionWindow > 0 ? MAX_FLUSH_BYTES / 2 : MAX_FLUSH_BYTES
    while (this.urgent.length > 0 && this.output.writtenBytes < limit) {
      const stream = this.urgent.shift() as Stream
      stream.outPlace = OutputPlace.NONE
      if (stream.isClosed) continue
      this.sendHeads(stream)
      const isWhole = stream.isOutputEnded && stream.outBytes <= Math.min(WHOLE_REPLY_BYTES, this.sendable(stream))
      if (isWhole && stream.outBytes > 0) this.sendData(stream, stream.outBytes)
      if (stream.outBytes > 0) this.queueBulk(stream)
      else if (stream.isOutputEnded) this.sendEnd(stream)
    }
  }

  private sendable(stream: Stream): number {
    return Math.min(this.connectionWindow, this.windowOf(stream))
  }

  private flushBulk(): void {
    while (this.bulk.length > 0 && this.connectionWindow > 0 && this.output.writtenBytes < MAX_FLUSH_BYTES) {
      const stream = this.bulk.shift() as Stream
      stream.outPlace = OutputPlace.NONE
      if (stream.isClosed) continue
      stream.deficit += QUANTUM_BYTES
      const bytes = Math.min(stream.deficit, stream.outBytes, this.sendable(stream))
      if (bytes > 0) this.sendData(stream, bytes)
      this.placeAgain(stream)
    }
  }

  /** After its turn: done with, waiting for its window, or at the end of the round robin. */
  private placeAgain(stream: Stream): void {
    if (stream.outBytes === 0) {
      stream.deficit = 0
      if (stream.isOutputEnded) this.sendEnd(stream)
    } else if (this.windowOf(stream) <= 0) {
      stream.deficit = 0
      stream.outPlace = OutputPlace.BLOCKED
    } else {
      this.queueBulk(stream)
    }
  }

  private sendHeads(stream: Stream): void {
    if (stream.id === 0) this.session.lifecycle.openRequest(stream)
    if (stream.interim !== null) {
      for (const fields of stream.interim) this.sendBlock(stream, fields, FrameFlag.NONE)
      stream.interim = null
    }
    if (stream.outHead === null) return
    const isAll = stream.isOutputEnded && stream.outBytes === 0 && stream.outTrailers === null
    this.sendBlock(stream, stream.outHead, isAll ? FrameFlag.END_STREAM : FrameFlag.NONE)
    stream.outHead = null
    stream.isLocalDone = isAll
  }

  private sendBlock(stream: Stream, fields: NonNullable<Stream['outHead']>, endStream: number): void {
    this.heads.write(this.output, stream.id, fields, endStream)
    this.session.framesSent(false)
  }

  /** Sends octets of the body, which are there and within the windows, in frames as large as may be. */
  private sendData(stream: Stream, bytes: number): void {
    this.connectionWindow -= bytes
    stream.sendCredit -= bytes
    stream.sentBytes += bytes
    stream.deficit = Math.max(0, stream.deficit - bytes)
    stream.outBytes -= bytes
    this.countQueued(-bytes)
    const isLast = stream.outBytes === 0 && stream.isOutputEnded && stream.outTrailers === null
    for (let left = bytes; left > 0; ) {
      const length = Math.min(left, QUANTUM_BYTES)
      left -= length
      const endStream = isLast && left === 0 ? FrameFlag.END_STREAM : FrameFlag.NONE
      this.output.reserve(FRAME_HEADER_BYTES)
      const { buffer, at } = this.output
      this.output.at = writeFrameHeader(buffer, at, length, FrameType.DATA, endStream, stream.id)
      moveQueued(stream, this.output, length)
      this.session.framesSent(true)
    }
    stream.isLocalDone = isLast
  }

  /** Trailers or END_STREAM, unless END_STREAM has gone out with something else; then the stream's half is done. */
  private sendEnd(stream: Stream): void {
    if (stream.outTrailers !== null) {
      this.sendBlock(stream, stream.outTrailers, FrameFlag.END_STREAM)
      stream.outTrailers = null
    } else if (!stream.isLocalDone) {
      this.output.reserve(FRAME_HEADER_BYTES)
      const { buffer, at } = this.output
      this.output.at = writeFrameHeader(buffer, at, 0, FrameType.DATA, FrameFlag.END_STREAM, stream.id)
      this.session.framesSent(true)
    }
    stream.isLocalDone = true
    this.session.lifecycle.localDone(stream, this.output)
  }

  private callWaiters(): void {
    const waiters = this.waiters
    this.waiters = []
    for (const stream of waiters) {
      if (stream.isClosed) continue
      stream.isWritableDue = false
      if (this.hasRoom(stream)) this.session.dispatcher.callWritable(stream)
    }
  }
}
