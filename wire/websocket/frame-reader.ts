/** Reads the frames of a client (RFC 6455, section 5), however they are split, without collecting messages. */
import { Buffer } from 'node:buffer'
import { CloseCode, CONTROL_BIT, LengthMark, MAX_CONTROL_BYTES, MAX_HEAD_BYTES, Opcode } from './frame.ts'
import { unmask } from './unmask.ts'
import { WebSocketError } from './websocket-error.ts'

/** Receives what frames carry. */
export interface FrameSink {
  /** A frame of a binary message begins: the first, or a further one. */
  onDataFrame(bytes: number, isFirst: boolean, isLast: boolean): void
  /** Part of the payload of a binary message: `chunk[start, end)`, unmasked. */
  onPayload(chunk: Buffer, start: number, end: number): void
  /** The binary message is complete. */
  onMessageEnd(): void
  /** A whole control frame: CLOSE, PING or PONG. */
  onControl(opcode: number, payload: Buffer): void
}

const FIN = 0x80
const RESERVED_BITS = 0x70
const MASKED = 0x80
const MASK_BYTES = 4
const SHORTEST_HEAD_BYTES = 2
/** The high half of a length above which it is not an exact number. */
const MAX_SAFE_HIGH = 0x1fffff

/** One direction of a connection. Chunks are unmasked in place, so nothing else may use them. */
export class FrameReader {
  readonly #sink: FrameSink
  readonly #head = Buffer.alloc(MAX_HEAD_BYTES)
  #headLength = 0
  #headNeeded = SHORTEST_HEAD_BYTES
  /** Whether the head of a frame was read, and its payload was not. */
  #isInPayload = false
  #opcode = 0
  #isLast = false
  readonly #mask = Buffer.alloc(MASK_BYTES)
  #payloadBytes = 0
  /** Octets of the payload that were read. */
  #offset = 0
  /** Whether a message has begun and not ended. */
  #isInMessage = false
  readonly #control = Buffer.alloc(MAX_CONTROL_BYTES)
  #isStopped = false

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /**
   * Reads a chunk, up to its end or until `stop`.
   *
   * @throws WebSocketError for what RFC 6455 does not allow. Nothing can be read afterwards
   */
  read(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length && !this.#isStopped) {
      at = this.#isInPayload ? this.#readPayload(chunk, at) : this.#readHead(chunk, at)
    }
  }

  /** Ignores everything from here on, even in the chunk that is being read. */
  stop(): void {
    this.#isStopped = true
  }

  #readHead(chunk: Buffer, start: number): number {
    let at = start
    while (at < chunk.length && this.#headLength < this.#headNeeded) {
      this.#head[this.#headLength++] = chunk[at++] as number
      if (this.#headLength === SHORTEST_HEAD_BYTES) this.#checkHead()
    }
    if (this.#headLength === this.#headNeeded) this.#beginFrame()
    return at
  }

  /** Checks the first two octets, which tell how long the head is. */
  #checkHead(): void {
    const first = this.#head[0] as number
    const second = this.#head[1] as number
    const length = second & ~MASKED
    if ((first & RESERVED_BITS) !== 0) throw protocolError('reserved bits are set')
    this.#opcode = first & 0xf
    this.#isLast = (first & FIN) !== 0
    if ((this.#opcode & CONTROL_BIT) === 0) this.#checkData()
    else this.#checkControl(length)
    if ((second & MASKED) === 0) throw protocolError('the frame is not masked')
    const extra = length === LengthMark.UINT64 ? 8 : length === LengthMark.UINT16 ? 2 : 0
    this.#headNeeded = SHORTEST_HEAD_BYTES + extra + MASK_BYTES
  }

  #checkData(): void {
    if (this.#opcode === Opcode.CONTINUATION) {
      if (!this.#isInMessage) throw protocolError('a continuation of no message')
    } else if (this.#opcode !== Opcode.TEXT && this.#opcode !== Opcode.BINARY) {
      throw protocolError('a reserved opcode')
    } else if (this.#isInMessage) {
      throw protocolError('a message inside of another')
    } else if (this.#opcode === Opcode.TEXT) {
      throw new WebSocketError(CloseCode.UNSUPPORTED_DATA, 'only binary messages')
    }
  }

  #checkControl(length: number): void {
    const { CLOSE, PING, PONG } = Opcode
    if (this.#opcode !== CLOSE && this.#opcode !== PING && this.#opcode !== PONG)
      throw protocolError('a reserved opcode')
    if (!this.#isLast) throw protocolError('a fragmented control frame')
    if (length > MAX_CONTROL_BYTES) throw protocolError('a control frame above 125 octets')
  }

  #beginFrame(): void {
    this.#payloadBytes = this.#readLength()
    this.#head.copy(this.#mask, 0, this.#headNeeded - MASK_BYTES, this.#headNeeded)
    this.#offset = 0
    this.#isInPayload = true
    if ((this.#opcode & CONTROL_BIT) === 0) {
      const isFirst = !this.#isInMessage
      this.#isInMessage = true
      this.#sink.onDataFrame(this.#payloadBytes, isFirst, this.#isLast)
    }
    if (this.#payloadBytes === 0) this.#endFrame()
  }

  /** Lengths must be in the shortest form, in which most peers do not notice a longer one. */
  #readLength(): number {
    const head = this.#head
    const short = (head[1] as number) & ~MASKED
    if (short < LengthMark.UINT16) return short
    if (short === LengthMark.UINT16) return minimal(head.readUInt16BE(2), LengthMark.UINT16)
    const high = head.readUInt32BE(2)
    if (high > 0x7fffffff) throw protocolError('a length of 64 bits')
    if (high > MAX_SAFE_HIGH) throw new WebSocketError(CloseCode.TOO_LARGE, 'the frame is too large')
    return minimal(high * 2 ** 32 + head.readUInt32BE(6), 0x10000)
  }

  #readPayload(chunk: Buffer, start: number): number {
    const end = Math.min(chunk.length, start + this.#payloadBytes - this.#offset)
    unmask(chunk, start, end, this.#mask, this.#offset)
    if ((this.#opcode & CONTROL_BIT) === 0) this.#sink.onPayload(chunk, start, end)
    else chunk.copy(this.#control, this.#offset, start, end)
    this.#offset += end - start
    if (this.#offset === this.#payloadBytes && !this.#isStopped) this.#endFrame()
    return end
  }

  #endFrame(): void {
    this.#isInPayload = false
    this.#headLength = 0
    this.#headNeeded = SHORTEST_HEAD_BYTES
    if ((this.#opcode & CONTROL_BIT) !== 0) {
      this.#sink.onControl(this.#opcode, Buffer.from(this.#control.subarray(0, this.#payloadBytes)))
    } else if (this.#isLast) {
      this.#isInMessage = false
      this.#sink.onMessageEnd()
    }
  }
}

function minimal(length: number, least: number): number {
  if (length < least) throw protocolError('a length in a longer form than needed')
  return length
}

function protocolError(message: string): WebSocketError {
  return new WebSocketError(CloseCode.PROTOCOL_ERROR, message)
}
