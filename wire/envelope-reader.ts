/** Reads messages from a body, one by one, as the consumer asks for them. */
import type { Buffer } from 'node:buffer'
import { Code, ConnectError } from '@connectrpc/connect'
import type { ByteSource } from './byte-source.ts'
import type { Compression } from './compression/compression.ts'
import { ENVELOPE_PREFIX_BYTES, EnvelopeFlag, envelopeLength } from './envelope.ts'
import { receivedOctets } from './http2/http2.ts'

/**
 * Reads the decoded messages of one side of a call. Messages that are not requested stay in the transport, whose backpressure then
 * stops the peer. A reader serves one call, and knows where the messages are: in envelopes, in the body, or in the query.
 */
export interface MessageReader<M> {
  /** Octets of the body read so far. */
  readonly receivedBytes: number
  /** Whether the peer has sent its last message. Valid after `poll` returned true. */
  readonly isAtEnd: boolean
  /** Whether the last `poll` returned false because the peer owes the rest of a message, or the end. */
  readonly isOwed: boolean
  /**
   * Returns true if a message can be taken, or the end was reached. False if not yet; `onReadable` follows.
   *
   * @throws ConnectError for a malformed body, or a message above the limit
   */
  poll(): boolean
  /**
   * As `poll`, for a call with exactly one message: also waits for the end after it, which the peer owes from the start.
   *
   * @throws ConnectError UNIMPLEMENTED for no message, or several
   */
  pollOnly(): boolean
  /** Takes the message that `poll` announced. @throws ConnectError, or rejects with it, for a malformed message */
  take(): M | Promise<M>
}

/** Decodes messages; a `MessageCodec` is one. */
export interface MessageDecoder<M> {
  /** Whether messages keep no part of the octets. Default: false. */
  readonly copiesOctets?: boolean
  /** Decodes `data[start, end)`. @throws ConnectError for a malformed message */
  decode(data: Uint8Array, start?: number, end?: number): M
}

/** Options of a reader. */
export interface ReaderOptions<M> {
  /** Maximum octets of a message, both compressed and inflated. */
  readonly maxBytes: number
  /** The compression of the call; null if it states no encoding. */
  readonly compression: Compression | null
  readonly decoder: MessageDecoder<M>
  /** Whether the call has exactly one message, which the peer owes from the start, as well as the end. Default: false. */
  readonly isSingle?: boolean
  /** The code for a body that ends within a message. Default: INVALID_ARGUMENT, as the caller is at fault. */
  readonly truncatedCode?: Code
}

/** Returns messages undecoded. */
export const AS_OCTETS: MessageDecoder<Uint8Array> = Object.freeze({
  decode: (data: Uint8Array, start = 0, end = data.length) => data.subarray(start, end),
})

const NO_LENGTH = -1

/** Reads the envelopes of gRPC, gRPC-Web and Connect streams. */
export class EnvelopeReader<M> implements MessageReader<M> {
  receivedBytes = 0
  isAtEnd = false
  readonly #source: ByteSource
  readonly #options: ReaderOptions<M>
  #length = NO_LENGTH
  #isCompressed = false
  #isWaiting = false
  #needsOne: boolean

  constructor(source: ByteSource, options: ReaderOptions<M>) {
    this.#source = source
    this.#options = options
    this.#needsOne = options.isSingle === true
  }

  get isOwed(): boolean {
    return this.#isWaiting && (this.#needsOne || this.#length !== NO_LENGTH || this.#source.readableBytes > 0)
  }

  poll(): boolean {
    if (this.#length === NO_LENGTH) {
      const range = this.#source.peek?.() ?? null
      if (range === null || range.end - range.start < ENVELOPE_PREFIX_BYTES) return this.#pollScattered()
      const { buffer, start } = range
      this.#checkPrefix(buffer[start] as number, prefixLength(buffer, start + 1))
      if (range.end - start >= ENVELOPE_PREFIX_BYTES + this.#length) {
        this.#isWaiting = false
        return true
      }
    }
    return this.#pollMessage()
  }

  /** Reads a prefix whose octets may lie apart, or may not have arrived. */
  #pollScattered(): boolean {
    const source = this.#source
    if (!this.#want(ENVELOPE_PREFIX_BYTES)) return false
    if (source.readableBytes < ENVELOPE_PREFIX_BYTES) {
      if (source.readableBytes > 0) throw this.#truncated()
      this.isAtEnd = true
      return true
    }
    const length = envelopeLength(source.byteAt(1), source.byteAt(2), source.byteAt(3), source.byteAt(4))
    this.#checkPrefix(source.byteAt(0), length)
    return this.#pollMessage()
  }

  #pollMessage(): boolean {
    const bytes = ENVELOPE_PREFIX_BYTES + this.#length
    if (!this.#want(bytes)) return false
    if (this.#source.readableBytes < bytes) throw this.#truncated()
    return true
  }

  pollOnly(): boolean {
    this.#needsOne = true
    if (!this.poll()) return false
    if (this.isAtEnd) throw new ConnectError('the call needs one message, but none was sent', Code.Unimplemented)
    const bytes = ENVELOPE_PREFIX_BYTES + this.#length
    if (!this.#want(bytes + 1)) return false
    if (this.#source.readableBytes > bytes) {
      throw new ConnectError('the call takes one message, but more were sent', Code.Unimplemented)
    }
    return true
  }

  take(): M | Promise<M> {
    const source = this.#source
    const bytes = ENVELOPE_PREFIX_BYTES + this.#length
    this.#length = NO_LENGTH
    this.receivedBytes += bytes
    const range = source.peek?.() ?? null
    if (range === null || range.end - range.start < bytes) return this.#decode(source.read(bytes), 0, bytes)
    const { buffer, start } = range
    source.skip?.(bytes)
    return this.#decode(buffer, start, start + bytes)
  }

  /** Decodes an envelope that lies together: `buffer[start, end)`. */
  #decode(buffer: Buffer, start: number, end: number): M | Promise<M> {
    const from = start + ENVELOPE_PREFIX_BYTES
    if (!this.#isCompressed) return decodeAndFree(this.#options.decoder, buffer, from, end)
    return inflateAndDecode(buffer.subarray(from, end), this.#options)
  }

  #want(bytes: number): boolean {
    const isThere = this.#source.want(bytes)
    this.#isWaiting = !isThere
    return isThere
  }

  #truncated(): ConnectError {
    return new ConnectError('the body ends within a message', this.#options.truncatedCode ?? Code.InvalidArgument)
  }

  /** Checks the limit before waiting for a message of the announced length. */
  #checkPrefix(flags: number, length: number): void {
    const { compression, maxBytes } = this.#options
    if ((flags & ~EnvelopeFlag.COMPRESSED) !== 0) throw new ConnectError('unknown envelope flags', Code.Internal)
    this.#isCompressed = flags === EnvelopeFlag.COMPRESSED
    if (this.#isCompressed && compression === null) {
      throw new ConnectError('compressed message in a call without an encoding', Code.Internal)
    }
    if (length > maxBytes) throw tooLarge(length, maxBytes)
    this.#length = length
  }
}

function prefixLength(buffer: Buffer, at: number): number {
  return envelopeLength(
    buffer[at] as number,
    buffer[at + 1] as number,
    buffer[at + 2] as number,
    buffer[at + 3] as number,
  )
}

/** Decodes a message, which is compressed if the options name a compression. Returns a promise if inflating does. */
export function inflateAndDecode<M>(data: Uint8Array, options: ReaderOptions<M>): M | Promise<M> {
  const { compression, maxBytes, decoder } = options
  if (compression === null) return decodeAndFree(decoder, data, 0, data.byteLength)
  const plain = compression.decompress(data, maxBytes)
  return plain instanceof Promise ? plain.then((inflated) => decoder.decode(inflated)) : decoder.decode(plain)
}

/** Decodes a message, and frees the octets if nothing else refers to them. */
function decodeAndFree<M>(decoder: MessageDecoder<M>, data: Uint8Array, start: number, end: number): M {
  const message = decoder.decode(data, start, end)
  if (decoder.copiesOctets === true) receivedOctets.free(data)
  return message
}

/** Creates the error RESOURCE_EXHAUSTED for a received message above the limit. */
export function tooLarge(bytes: number, maxBytes: number): ConnectError {
  return new ConnectError(`message of ${bytes} bytes exceeds readMaxBytes ${maxBytes}`, Code.ResourceExhausted)
}
