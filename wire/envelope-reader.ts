/** Takes messages out of a body, one after the other, as they are asked for. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { ByteSource } from './byte-source.ts'
import type { Compression } from './compression/compression.ts'
import { ENVELOPE_PREFIX_BYTES, EnvelopeFlag, envelopeLength } from './envelope.ts'

/**
 * The messages of one side of a call, decoded. What is not asked for stays with the transport, whose backpressure then holds
 * the peer. One reader serves one call; how messages stand in the request (in envelopes, as the body, in the query) is up to it.
 */
export interface MessageReader<M> {
  /** Octets of the body that were taken in so far. */
  readonly receivedBytes: number
  /** After `poll` returned true: the peer has sent its last message. */
  readonly isAtEnd: boolean
  /** The last `poll` returned false because the peer has begun what it has not finished: it owes octets, or the end. */
  readonly isOwed: boolean
  /**
   * True: a message can be taken, or the end was reached. False: neither yet, `onReadable` follows.
   *
   * @throws ConnectError for a body that is not a sequence of messages, or for a message over the limit
   */
  poll(): boolean
  /**
   * As `poll`, for a call of exactly one message: waits for the end behind it, which the peer owes from the start.
   *
   * @throws ConnectError UNIMPLEMENTED for none, or two
   */
  pollOnly(): boolean
  /** Takes the message that `poll` promised. @throws ConnectError, or rejects with it, for what is not such a message */
  take(): M | Promise<M>
}

/** Makes a message of its octets; a `MessageCodec` is one. */
export interface MessageDecoder<M> {
  /** @throws ConnectError for what is not such a message */
  decode(data: Uint8Array): M
}

/** What a reader holds to. */
export interface ReaderOptions<M> {
  /** Octets of a message, before and after inflating. */
  readonly maxBytes: number
  /** What compressed messages are compressed with; null where the call states no encoding. */
  readonly compression: Compression | null
  readonly decoder: MessageDecoder<M>
  /** The call has exactly one message, which the peer owes from the start, with the end behind it. Default: false. */
  readonly isSingle?: boolean
  /** The code of a body that ends within a message. Default INVALID_ARGUMENT: the fault of a caller. */
  readonly truncatedCode?: Code
}

/** Leaves messages as the octets that came. */
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

  /** The limit is checked before anything of such a length is waited for. */
  #readPrefix(): void {
    const source = this.#source
    const flags = source.byteAt(0)
    const length = envelopeLength(source.byteAt(1), source.byteAt(2), source.byteAt(3), source.byteAt(4))
    if ((flags & ~EnvelopeFlag.COMPRESSED) !== 0) throw new ConnectError('unknown envelope flags', Code.Internal)
    this.#isCompressed = flags === EnvelopeFlag.COMPRESSED
    if (this.#isCompressed && this.#options.compression === null) {
      throw new ConnectError('a compressed message in a call without encoding', Code.Internal)
    }
    if (length > this.#options.maxBytes) throw tooLarge(length, this.#options.maxBytes)
    this.#length = length
  }
}

/** Makes a message of octets that are compressed where the options name a compression. Returns a promise where inflating does. */
export function inflateAndDecode<M>(data: Uint8Array, options: ReaderOptions<M>): M | Promise<M> {
  const { compression, maxBytes, decoder } = options
  if (compression === null) return decoder.decode(data)
  const plain = compression.decompress(data, maxBytes)
  return plain instanceof Promise ? plain.then((inflated) => decoder.decode(inflated)) : decoder.decode(plain)
}

/** RESOURCE_EXHAUSTED for a message that is over the limit. */
export function tooLarge(bytes: number, maxBytes: number): ConnectError {
  return new ConnectError(`a message of ${bytes} bytes, allowed are ${maxBytes}`, Code.ResourceExhausted)
}
