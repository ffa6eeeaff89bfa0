/** Receives frames from the reader: checks their order, assembles header blocks, and passes control frames on. */
import { Buffer } from 'node:buffer'
import { ControlFrames } from './control-frames.ts'
import { ConnectionError, ErrorCode } from './errors.ts'
import { checkDependency, FrameFlag, FrameType } from './frame.ts'
import type { FrameHandler } from './frame-reader.ts'
import type { Handshake } from './handshake.ts'
import { HpackDecoder } from './hpack/hpack-decoder.ts'
import { MessageReceiver } from './message-receiver.ts'
import type { SessionParts } from './session-parts.ts'
import type { SessionState } from './session-state.ts'

/** Octets of the priority fields of a HEADERS frame. */
const PRIORITY_BYTES = 5

/** The HPACK table of the peer's encoder. It is the protocol's default, so it need not be announced. */
const DECODER_TABLE_BYTES = 4_096

/** The receiving side of a session. */
export class Receiver implements FrameHandler {
  private readonly control: ControlFrames
  private readonly state: SessionState
  private readonly handshake: Handshake
  private readonly decoder: HpackDecoder
  private readonly messages: MessageReceiver
  /** The stream of the header block being assembled; 0 if there is none. */
  private blockStreamId = 0
  private blockEndsStream = false
  private block: Buffer | null = null
  private blockLength = 0
  private continuations = 0
  /** Number of complete header blocks. */
  blocksRead = 0

  constructor(parts: SessionParts) {
    const { maxHeaderListBytes, maxHeaderFields, routes } = parts.state.options
    this.state = parts.state
    this.handshake = parts.handshake
    this.decoder = new HpackDecoder({
      maxTableSize: DECODER_TABLE_BYTES,
      maxHeaderListSize: maxHeaderListBytes,
      maxFields: maxHeaderFields,
      ...(routes === undefined ? {} : { routes }),
    })
    this.control = new ControlFrames(parts)
    this.messages = new MessageReceiver(parts)
  }

  /** Whether a header block is incomplete. */
  get isInHeaderBlock(): boolean {
    return this.blockStreamId !== 0
  }

  /** Returns whether bodies have views of the chunk that was read. */
  endChunk(): boolean {
    const { isChunkInUse } = this.messages
    this.messages.isChunkInUse = false
    return isChunkInUse
  }

  onFrame(type: number, flags: number, streamId: number, buffer: Buffer, start: number, end: number): void {
    this.checkOrder(type, flags, streamId)
    switch (type) {
      case FrameType.HEADERS:
        this.onHeaders(flags, streamId, buffer, start, end)
        break
      case FrameType.CONTINUATION:
        this.onContinuation(flags, streamId, buffer, start, end)
        break
      default:
        this.control.onFrame(type, flags, streamId, buffer, start, end)
    }
  }

  onDataHeader(flags: number, streamId: number, length: number): void {
    this.checkOrder(FrameType.DATA, flags, streamId)
    if (streamId === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'DATA on stream 0')
    this.messages.startData(flags, streamId, length)
  }

  onDataChunk(buffer: Buffer, start: number, end: number): void {
    this.messages.takeData(buffer, start, end)
  }

  onDataEnd(dataLength: number): void {
    this.messages.endData(dataLength)
  }

  private checkOrder(type: number, flags: number, streamId: number): void {
    this.state.stats.framesReceived++
    if (this.blockStreamId !== 0 && (type !== FrameType.CONTINUATION || streamId !== this.blockStreamId)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'frame within a header block')
    }
    if (!this.handshake.isPeerKnown && (type !== FrameType.SETTINGS || flags & FrameFlag.ACK)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'first frame is not SETTINGS')
    }
  }

  private onHeaders(flags: number, streamId: number, buffer: Buffer, start: number, end: number): void {
    if (streamId === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'HEADERS on stream 0')
    let at = start
    let padding = 0
    if (flags & FrameFlag.PADDED) {
      if (at === end) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'no pad length')
      padding = buffer[at++] as number
    }
    if (flags & FrameFlag.PRIORITY) {
      if (end - at < PRIORITY_BYTES) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'HEADERS below its priority')
      checkDependency(buffer, at, streamId)
      at += PRIORITY_BYTES
    }
    if (padding > end - at) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'padding above the payload')
    const endsStream = (flags & FrameFlag.END_STREAM) !== 0
    if (flags & FrameFlag.END_HEADERS) {
      this.checkBlockSize(end - padding - at)
      this.blocksRead++
      this.messages.onBlock(streamId, endsStream, this.decoder.decode(buffer, at, end - padding))
    } else {
      this.startBlock(streamId, endsStream)
      this.appendToBlock(buffer, at, end - padding)
    }
  }

  private onContinuation(flags: number, streamId: number, buffer: Buffer, start: number, end: number): void {
    if (this.blockStreamId === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'CONTINUATION without HEADERS')
    if (++this.continuations > this.state.options.maxContinuations) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'too many CONTINUATIONs')
    }
    this.appendToBlock(buffer, start, end)
    if ((flags & FrameFlag.END_HEADERS) === 0) return
    const block = this.block ?? Buffer.alloc(0)
    this.blocksRead++
    this.blockStreamId = 0
    this.block = null
    this.messages.onBlock(streamId, this.blockEndsStream, this.decoder.decode(block, 0, this.blockLength))
  }

  private startBlock(streamId: number, endsStream: boolean): void {
    this.blockStreamId = streamId
    this.blockEndsStream = endsStream
    this.blockLength = 0
    this.continuations = 0
  }

  private appendToBlock(buffer: Buffer, start: number, end: number): void {
    const length = this.blockLength + end - start
    this.checkBlockSize(length)
    if (this.block === null || this.block.length < length) {
      const larger = Buffer.allocUnsafe(length * 2)
      this.block?.copy(larger, 0, 0, this.blockLength)
      this.block = larger
    }
    buffer.copy(this.block, this.blockLength, start, end)
    this.blockLength = length
  }

  private checkBlockSize(length: number): void {
    if (length > this.state.options.maxHeaderBlockBytes) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'header block too large')
    }
  }
}
