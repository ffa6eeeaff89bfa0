/** Reads messages from a body, one by one, as the consumer asks for them. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { ByteSource } from './byte-source.ts'
import type { Compression } from './compression/compression.ts'
import { ENVELOPE_PREFIX_BYTES, EnvelopeFlag, envelopeLength } from './envelope.ts'

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
  /** @throws ConnectError for a malformed message */
  decode(data: Uint8Array): M
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
export const AS_OCTETS: MessageDecoder<Uint8Array> = Object.freeze({ decode: (data: Uint8Array) => data })

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
    const source = this.#source
    if (this.#length === NO_LENGTH) {
      if (!this.#want(ENVELOPE_PREFIX_BYTES)) return false
      if (source.readableBytes < ENVELOPE_PREFIX_BYTES) {
        if (source.readableBytes > 0) throw this.#truncated()
        this.isAtEnd = true
        return true
      }
      this.#readPrefix()
    }
    const bytes = ENVELOPE_PREFIX_BYTES + this.#length
    if (!this.#want(bytes)) return false
    if (source.readableBytes < bytes) throw this.#truncated()
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
    const bytes = ENVELOPE_PREFIX_BYTES + this.#length
    this.#length = NO_LENGTH
    this.receivedBytes += bytes
    const data = this.#source.read(bytes).subarray(ENVELOPE_PREFIX_BYTES)
    return this.#isCompressed ? inflateAndDecode(data, this.#options) : this.#options.decoder.decode(data)
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
  #readPrefix(): void {
    const source = this.#source
    const flags = source.byteAt(0)
    const length = envelopeLength(source.byteAt(1), source.byteAt(2), source.byteAt(3), source.byteAt(4))
    if ((flags & ~EnvelopeFlag.COMPRESSED) !== 0) throw new ConnectError('unknown envelope flags', Code.Internal)
    this.#isCompressed = flags === EnvelopeFlag.COMPRESSED
    if (this.#isCompressed && this.#options.compression === null) {
      throw new ConnectError('compressed message in a call without an encoding', Code.Internal)
    }
    if (length > this.#options.maxBytes) throw tooLarge(length, this.#options.maxBytes)
    this.#length = length
  }
}

/** Decodes a message, which is compressed if the options name a compression. Returns a promise if inflating does. */
export function inflateAndDecode<M>(data: Uint8Array, options: ReaderOptions<M>): M | Promise<M> {
  const { compression, maxBytes, decoder } = options
  if (compression === null) return decoder.decode(data)
  const plain = compression.decompress(data, maxBytes)
  return plain instanceof Promise ? plain.then((inflated) => decoder.decode(inflated)) : decoder.decode(plain)
}

/** Creates the error RESOURCE_EXHAUSTED for a received message above the limit. */
export function tooLarge(bytes: number, maxBytes: number): ConnectError {
  return new ConnectError(`message of ${bytes} bytes exceeds readMaxBytes ${maxBytes}`, Code.ResourceExhausted)
}
