/** Writes the queued output of a session, in the order and amount that is fair to its streams. */
import { FRAME_HEADER_BYTES, FrameFlag, FrameType } from './frame.ts'
import { FrameOutput } from './frame-output.ts'
import { writeFrameHeader } from './frame-writer.ts'
import { HeadWriter } from './head-writer.ts'
import type { Outbox } from './outbox.ts'
import { moveQueued } from './queued-body.ts'
import type { SessionState } from './session-state.ts'
import type { StreamLifecycle } from './stream-lifecycle.ts'
import { OutputPlace, type StreamState } from './stream-state.ts'

/** Maximum written per flush. Nothing is written while the socket has more than this unsent. */
const MAX_FLUSH_BYTES = 262_144

/** More queued octets than this are flushed before the end of the turn. */
const EARLY_FLUSH_BYTES = 65_536

/** Replies up to this size are sent whole, ahead of larger ones. */
const WHOLE_REPLY_BYTES = 16_384

/** What a stream may send per round; also the largest frame, so that none delays the others. */
const QUANTUM_BYTES = 16_384

/**
 * A flush writes control frames; then heads, whole replies and ends in the order of queueing; then bodies in a deficit round robin, which
 * always gets half of the flush. Header blocks are encoded when they enter the output, so that none overtakes another.
 */
export class Sender {
  readonly heads: HeadWriter
  private readonly state: SessionState
  private readonly outbox: Outbox
  private readonly lifecycle: StreamLifecycle
  private readonly output: FrameOutput

  constructor(state: SessionState, outbox: Outbox, lifecycle: StreamLifecycle) {
    const { socket, peer, options } = state
    this.state = state
    this.outbox = outbox
    this.lifecycle = lifecycle
    this.output = new FrameOutput(socket, !('encrypted' in socket))
    this.heads = new HeadWriter(peer, options.maxSendHeaderListBytes)
  }

  /** As `Outbox.queueData`, but flushes large amounts immediately. */
  queueData(stream: StreamState, data: Uint8Array): void {
    this.outbox.queueData(stream, data)
    if (this.outbox.freshBytes >= EARLY_FLUSH_BYTES) this.flushNow()
  }

  /** As `Outbox.queueCopy`, but flushes large amounts immediately. */
  queueCopy(stream: StreamState, data: Uint8Array, start: number, end: number): void {
    this.outbox.queueCopy(stream, data, start, end)
    if (this.outbox.freshBytes >= EARLY_FLUSH_BYTES) this.flushNow()
  }

  /** Writes the queued output, as far as windows and the socket allow. Does not call owners. */
  flushNow(): void {
    const socket = this.state.socket
    this.outbox.freshBytes = 0
    if (this.outbox.isFlushing || socket.destroyed || socket.writableEnded || socket.writableLength >= MAX_FLUSH_BYTES)
      return
    this.outbox.isFlushing = true
    this.output.begin()
    this.outbox.control.flushTo(this.output)
    this.flushUrgent()
    this.flushBulk()
    this.state.stats.bytesSent += this.output.writtenBytes
    this.output.finish()
    this.outbox.isFlushing = false
    const hasMore = this.outbox.urgent.length > 0 || (this.outbox.bulk.length > 0 && this.outbox.connectionWindow > 0)
    if (hasMore || this.outbox.control.length > 0) this.outbox.schedule()
  }

  private flushUrgent(): void {
    const limit =
      this.outbox.bulk.length > 0 && this.outbox.connectionWindow > 0 ? MAX_FLUSH_BYTES / 2 : MAX_FLUSH_BYTES
    while (this.outbox.urgent.length > 0 && this.output.writtenBytes < limit) {
      const stream = this.outbox.urgent.shift() as StreamState
      stream.outPlace = OutputPlace.NONE
      if (stream.isClosed) continue
      this.sendHeads(stream)
      const isWhole = stream.isOutputEnded && stream.outBytes <= Math.min(WHOLE_REPLY_BYTES, this.sendable(stream))
      if (isWhole && stream.outBytes > 0) this.sendData(stream, stream.outBytes)
      if (stream.outBytes > 0) this.outbox.queueBulk(stream)
      else if (stream.isOutputEnded) this.sendEnd(stream)
    }
  }

  private sendable(stream: StreamState): number {
    return Math.min(this.outbox.connectionWindow, this.outbox.windowOf(stream))
  }

  private flushBulk(): void {
    while (
      this.outbox.bulk.length > 0 &&
      this.outbox.connectionWindow > 0 &&
      this.output.writtenBytes < MAX_FLUSH_BYTES
    ) {
      const stream = this.outbox.bulk.shift() as StreamState
      stream.outPlace = OutputPlace.NONE
      if (stream.isClosed) continue
      stream.deficit += QUANTUM_BYTES
      const bytes = Math.min(stream.deficit, stream.outBytes, this.sendable(stream))
      if (bytes > 0) this.sendData(stream, bytes)
      this.placeAgain(stream)
    }
  }

  /** Places a stream after its turn: nowhere if it is done or has no window, else at the end of the round robin. */
  private placeAgain(stream: StreamState): void {
    if (stream.outBytes === 0) {
      stream.deficit = 0
      if (stream.isOutputEnded) this.sendEnd(stream)
    } else if (this.outbox.windowOf(stream) <= 0) {
      stream.deficit = 0
      stream.outPlace = OutputPlace.BLOCKED
    } else {
      this.outbox.queueBulk(stream)
    }
  }

  private sendHeads(stream: StreamState): void {
    if (stream.id === 0) this.lifecycle.openRequest(stream)
    if (stream.interim !== null) {
      for (const fields of stream.interim) this.sendBlock(stream, fields, FrameFlag.NONE)
      stream.interim = null
    }
    if (stream.outHead === null) return
    const isAll = stream.isOutputEnded && stream.outBytes === 0 && stream.outTrailers === null
    const endStream = isAll ? FrameFlag.END_STREAM : FrameFlag.NONE
    this.heads.write(this.output, stream.id, stream.outHead, endStream, stream.addsDate)
    this.framesSent(false)
    stream.outHead = null
    stream.isLocalDone = isAll
  }

  private sendBlock(stream: StreamState, fields: NonNullable<StreamState['outHead']>, endStream: number): void {
    this.heads.write(this.output, stream.id, fields, endStream)
    this.framesSent(false)
  }

  /** Sends octets of the body, which are queued and within the windows, in frames as large as allowed. */
  private sendData(stream: StreamState, bytes: number): void {
    this.outbox.connectionWindow -= bytes
    stream.sendCredit -= bytes
    stream.sentBytes += bytes
    stream.deficit = Math.max(0, stream.deficit - bytes)
    stream.outBytes -= bytes
    this.outbox.countQueued(-bytes)
    const isLast = stream.outBytes === 0 && stream.isOutputEnded && stream.outTrailers === null
    for (let left = bytes; left > 0; ) {
      const length = Math.min(left, QUANTUM_BYTES)
      left -= length
      const endStream = isLast && left === 0 ? FrameFlag.END_STREAM : FrameFlag.NONE
      this.output.reserve(FRAME_HEADER_BYTES)
      const { buffer, at } = this.output
      this.output.at = writeFrameHeader(buffer, at, length, FrameType.DATA, endStream, stream.id)
      moveQueued(stream, this.output, length)
      this.framesSent(true)
    }
    stream.isLocalDone = isLast
  }

  /** Sends trailers or END_STREAM, unless END_STREAM was already sent. Our side of the stream is then done. */
  private sendEnd(stream: StreamState): void {
    if (stream.outTrailers !== null) {
      this.sendBlock(stream, stream.outTrailers, FrameFlag.END_STREAM)
      stream.outTrailers = null
    } else if (!stream.isLocalDone) {
      this.output.reserve(FRAME_HEADER_BYTES)
      const { buffer, at } = this.output
      this.output.at = writeFrameHeader(buffer, at, 0, FrameType.DATA, FrameFlag.END_STREAM, stream.id)
      this.framesSent(true)
    }
    stream.isLocalDone = true
    this.lifecycle.localDone(stream, this.output)
  }

  private framesSent(isData: boolean): void {
    const { stats, floods } = this.state
    stats.framesSent++
    if (isData) floods.sentData()
    else floods.sentHeaders()
  }
}
