/** Splits the chunks of a socket into frames, wherever the chunk boundaries are. */
import { Buffer } from 'node:buffer'
import { ConnectionError, ErrorCode } from './errors.ts'
import { FRAME_HEADER_BYTES, FrameFlag, FrameType, PREFACE } from './frame.ts'

/**
 * Receives frames from a {@link FrameReader}, in order. A method may throw a {@link ConnectionError}, after which the reader must not be used.
 * Buffers are valid only during the call.
 */
export interface FrameHandler {
  /** A whole frame of any type but DATA, with the payload `buffer[start, end)`. */
  onFrame(type: number, flags: number, streamId: number, buffer: Buffer, start: number, end: number): void
  /** The header of a DATA frame. `length` is the payload with padding, which counts for flow control. */
  onDataHeader(flags: number, streamId: number, length: number): void
  /** The next piece of data of the current DATA frame, without padding, never empty. */
  onDataChunk(buffer: Buffer, start: number, end: number): void
  /** The end of the current DATA frame. `dataLength` is its length without padding. */
  onDataEnd(dataLength: number): void
}

/** Initial size of the buffer that joins the pieces of a frame; it doubles. */
const FIRST_CARRY_BYTES = 64

/** "HTT", read as the length of a frame. */
const BEGIN_OF_HTTP1 = 0x48_54_54

/**
 * Frames are read in place, and pieces of DATA frames are passed on as they arrive. Other frames that a chunk boundary splits are joined in a
 * buffer that grows with the received octets, not with the declared length.
 */
export class FrameReader {
  private readonly handler: FrameHandler
  private readonly maxFrameSize: number
  private prefaceRead: number
  private carry: Buffer | null = null
  private carried = 0
  private isInData = false
  private isPadLengthDue = false
  private dataLength = 0
  private dataLeft = 0
  private padLeft = 0

  /** @param expectsPreface whether to check and skip the connection preface of a client first */
  constructor(handler: FrameHandler, maxFrameSize: number, expectsPreface: boolean) {
    this.handler = handler
    this.maxFrameSize = maxFrameSize
    this.prefaceRead = expectsPreface ? 0 : PREFACE.length
  }

  /** The type of the frame that is incomplete, or -1. DATA frames do not count. */
  get partialType(): number {
    return this.carry !== null && this.carried > 3 ? (this.carry[3] as number) : -1
  }

  /** Reads a whole chunk. Throws a {@link ConnectionError} for a framing error. */
  read(chunk: Buffer): void {
    let at = this.prefaceRead < PREFACE.length ? this.readPreface(chunk) : 0
    while (at < chunk.length) {
      if (this.isInData) at = this.readData(chunk, at)
      else if (this.carried > 0) at = this.fillCarry(chunk, at)
      else at = this.readFrame(chunk, at)
    }
  }

  private readPreface(chunk: Buffer): number {
    const length = Math.min(chunk.length, PREFACE.length - this.prefaceRead)
    if (PREFACE.compare(chunk, 0, length, this.prefaceRead, this.prefaceRead + length) !== 0) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'bad connection preface')
    }
    this.prefaceRead += length
    return length
  }

  private readFrame(chunk: Buffer, at: number): number {
    const available = chunk.length - at
    if (available < FRAME_HEADER_BYTES) return this.startCarry(chunk, at)
    const length = this.checkedLength(chunk, at)
    const type = chunk[at + 3] as number
    const payload = at + FRAME_HEADER_BYTES
    if (type === FrameType.DATA) {
      this.startData(chunk, at, length)
      return payload
    }
    if (available < FRAME_HEADER_BYTES + length) return this.startCarry(chunk, at)
    this.handler.onFrame(type, chunk[at + 4] as number, streamIdAt(chunk, at + 5), chunk, payload, payload + length)
    return payload + length
  }

  private checkedLength(buffer: Buffer, at: number): number {
    const length = ((buffer[at] as number) << 16) | ((buffer[at + 1] as number) << 8) | (buffer[at + 2] as number)
    if (length > this.maxFrameSize) throw tooLong(length)
    return length
  }

  private startData(buffer: Buffer, at: number, length: number): void {
    const flags = buffer[at + 4] as number
    this.handler.onDataHeader(flags, streamIdAt(buffer, at + 5), length)
    this.isPadLengthDue = (flags & FrameFlag.PADDED) !== 0
    if (this.isPadLengthDue && length === 0) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'no pad length')
    this.dataLength = length
    this.dataLeft = length
    this.padLeft = 0
    this.isInData = true
    if (length === 0) this.endData()
  }

  private readData(chunk: Buffer, start: number): number {
    let at = start
    if (this.isPadLengthDue) this.readPadLength(chunk[at++] as number)
    const dataEnd = Math.min(chunk.length, at + this.dataLeft)
    if (dataEnd > at) {
      this.dataLeft -= dataEnd - at
      this.handler.onDataChunk(chunk, at, dataEnd)
    }
    const padEnd = this.dataLeft === 0 ? Math.min(chunk.length, dataEnd + this.padLeft) : dataEnd
    this.padLeft -= padEnd - dataEnd
    if (this.dataLeft === 0 && this.padLeft === 0) this.endData()
    return padEnd
  }

  private readPadLength(padLength: number): void {
    if (padLength >= this.dataLength) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'padding above the payload')
    this.isPadLengthDue = false
    this.padLeft = padLength
    this.dataLength -= 1 + padLength
    this.dataLeft = this.dataLength
  }

  private endData(): void {
    this.isInData = false
    this.handler.onDataEnd(this.dataLength)
  }

  private startCarry(chunk: Buffer, at: number): number {
    this.carried = 0
    this.appendToCarry(chunk, at, chunk.length)
    return chunk.length
  }

  private fillCarry(chunk: Buffer, start: number): number {
    let at = start
    if (this.carried < FRAME_HEADER_BYTES) {
      at = Math.min(chunk.length, at + FRAME_HEADER_BYTES - this.carried)
      this.appendToCarry(chunk, start, at)
      if (this.carried < FRAME_HEADER_BYTES) return at
    }
    const carry = this.carry as Buffer
    const length = this.checkedLength(carry, 0)
    if (carry[3] === FrameType.DATA) {
      this.dropCarry()
      this.startData(carry, 0, length)
      return at
    }
    return this.fillPayload(chunk, at, FRAME_HEADER_BYTES + length)
  }

  private fillPayload(chunk: Buffer, start: number, frameEnd: number): number {
    const end = Math.min(chunk.length, start + frameEnd - this.carried)
    const frame = this.appendToCarry(chunk, start, end)
    if (this.carried === frameEnd) {
      this.dropCarry()
      const type = frame[3] as number
      this.handler.onFrame(type, frame[4] as number, streamIdAt(frame, 5), frame, FRAME_HEADER_BYTES, frameEnd)
    }
    return end
  }

  private appendToCarry(chunk: Buffer, start: number, end: number): Buffer {
    const needed = this.carried + end - start
    let carry = this.carry
    if (carry === null || carry.length < needed) {
      const larger = Buffer.allocUnsafe(Math.max(needed, carry === null ? FIRST_CARRY_BYTES : carry.length * 2))
      if (carry !== null) carry.copy(larger, 0, 0, this.carried)
      carry = larger
    }
    chunk.copy(carry, this.carried, start, end)
    this.carried = needed
    this.carry = carry
    return carry
  }

  private dropCarry(): void {
    this.carry = null
    this.carried = 0
  }
}

function streamIdAt(buffer: Buffer, at: number): number {
  return (
    (((buffer[at] as number) & 0x7f) << 24) |
    ((buffer[at + 1] as number) << 16) |
    ((buffer[at + 2] as number) << 8) |
    (buffer[at + 3] as number)
  )
}

/** An HTTP/1.1 server answers the preface with an HTTP/1.1 response, which the error then names. */
function tooLong(length: number): ConnectionError {
  const reason = length === BEGIN_OF_HTTP1 ? 'the peer speaks HTTP/1.1' : 'frame above MAX_FRAME_SIZE'
  return new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, reason)
}
