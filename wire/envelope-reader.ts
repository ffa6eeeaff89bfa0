/** Takes messages out of a body, one after the other, as they are asked for. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { ByteSource } from './byte-source.ts'
import type { Compression } from './compression.ts'
import { ENVELOPE_PREFIX_BYTES, EnvelopeFlag } from './envelope.ts'

/** Reads on pull: what is not asked for stays with the transport, and its backpressure holds the peer. */
export interface MessageReader {
  /** Bytes of body taken in so far. */
  readonly receivedBytes: number
  /** After `poll` said true: the peer has sent its last message. */
  readonly isAtEnd: boolean
  /**
   * True: a message is there to be taken, or the end. False: not yet, `onReadable` follows.
   *
   * @throws ConnectError for a body that is no sequence of messages, or for a message over the limit
   */
  poll(): boolean
  /** As `poll`, for a call of exactly one message: waits for the end behind it. @throws ConnectError UNIMPLEMENTED for none, or two */
  pollOnly(): boolean
  /** Takes the message that `poll` promised, inflated. @throws ConnectError, or rejects with it, for what does not inflate */
  take(): Uint8Array | Promise<Uint8Array>
  /**
   * Instead of `take`, for messages in envelopes: takes those that lie there whole and plain, envelopes and all, up to 32 and
   * 4 KiB of them. Null if they are not two at least.
   */
  takeRun?(): Uint8Array | null
}

/** What a reader holds to. */
export interface ReaderOptions {
  /** Bytes of a message, before and after inflating. */
  readonly maxBytes: number
  /** What compressed messages are compressed with; null where the call states no encoding. */
  readonly compression: Compression | null
  /** The code of a body that ends within a message. Default INVALID_ARGUMENT: the fault of a caller. */
  readonly truncatedCode?: Code
}

const NO_LENGTH = -1

/** What a run may take: the window gives credit for so much more than was asked for. */
const MAX_RUN_BYTES = 4_096

/** More save nothing, and are so much to be held: 0.60 µs a message with 16, 0.56 with 32, 0.54 with 64, 0.9 with 200. */
const MAX_RUN_MESSAGES = 32

/** Reads the envelopes of gRPC, gRPC-Web and Connect streams. */
export class EnvelopeReader implements MessageReader {
  receivedBytes = 0
  isAtEnd = false
  readonly #source: ByteSource
  readonly #options: ReaderOptions
  #length = NO_LENGTH
  #isCompressed = false

  constructor(source: ByteSource, options: ReaderOptions) {
    this.#source = source
    this.#options = options
  }

  poll(): boolean {
    const source = this.#source
    if (this.#length === NO_LENGTH) {
      if (!source.want(ENVELOPE_PREFIX_BYTES)) return false
      if (source.readableBytes < ENVELOPE_PREFIX_BYTES) {
        if (source.readableBytes > 0) throw this.#truncated()
        this.isAtEnd = true
        return true
      }
      this.#readPrefix()
    }
    const bytes = ENVELOPE_PREFIX_BYTES + this.#length
    if (!source.want(bytes)) return false
    if (source.readableBytes < bytes) throw this.#truncated()
    return true
  }

  pollOnly(): boolean {
    if (!this.poll()) return false
    if (this.isAtEnd) throw new ConnectError('the call needs one message, but none was sent', Code.Unimplemented)
    const bytes = ENVELOPE_PREFIX_BYTES + this.#length
    if (!this.#source.want(bytes + 1)) return false
    if (this.#source.readableBytes > bytes) {
      throw new ConnectError('the call takes one message, but more were sent', Code.Unimplemented)
    }
    return true
  }

  take(): Uint8Array | Promise<Uint8Array> {
    const bytes = ENVELOPE_PREFIX_BYTES + this.#length
    this.#length = NO_LENGTH
    this.receivedBytes += bytes
    const data = this.#source.read(bytes).subarray(ENVELOPE_PREFIX_BYTES)
    const { compression, maxBytes } = this.#options
    return this.#isCompressed && compression !== null ? compression.decompress(data, maxBytes) : data
  }

  takeRun(): Uint8Array | null {
    if (this.#isCompressed) return null
    const firstBytes = ENVELOPE_PREFIX_BYTES + this.#length
    const bytes = this.#endOfRun(firstBytes)
    if (bytes === firstBytes) return null
    this.#length = NO_LENGTH
    this.receivedBytes += bytes
    return this.#source.read(bytes)
  }

  /** Follows the plain messages behind the first one, as long as they are whole. */
  #endOfRun(firstBytes: number): number {
    const source = this.#source
    const lastPrefix = Math.min(source.readableBytes, MAX_RUN_BYTES) - ENVELOPE_PREFIX_BYTES
    let end = firstBytes
    for (let count = 1; count < MAX_RUN_MESSAGES && end <= lastPrefix; count++) {
      const length = lengthAt(source, end)
      const isPlain = source.byteAt(end) === EnvelopeFlag.NONE
      if (!isPlain || length > this.#options.maxBytes || end + length > lastPrefix) break
      end += ENVELOPE_PREFIX_BYTES + length
    }
    return end
  }

  #truncated(): ConnectError {
    return new ConnectError('the body ends within a message', this.#options.truncatedCode ?? Code.InvalidArgument)
  }

  /** The limit is checked before anything of such a length is waited for. */
  #readPrefix(): void {
    const source = this.#source
    const flags = source.byteAt(0)
    const length = lengthAt(source, 0)
    if ((flags & ~EnvelopeFlag.COMPRESSED) !== 0) throw new ConnectError('unknown envelope flags', Code.Internal)
    this.#isCompressed = flags === EnvelopeFlag.COMPRESSED
    if (this.#isCompressed && this.#options.compression === null) {
      throw new ConnectError('a compressed message in a call without encoding', Code.Internal)
    }
    if (length > this.#options.maxBytes) throw tooLarge(length, this.#options.maxBytes)
    this.#length = length
  }
}

/** What the prefix says that begins there. */
function lengthAt(source: ByteSource, prefix: number): number {
  const low = (source.byteAt(prefix + 2) << 16) | (source.byteAt(prefix + 3) << 8) | source.byteAt(prefix + 4)
  return source.byteAt(prefix + 1) * 0x1_00_00_00 + low
}

/** RESOURCE_EXHAUSTED for a message that is over the limit. */
export function tooLarge(bytes: number, maxBytes: number): ConnectError {
  return new ConnectError(`a message of ${bytes} bytes, allowed are ${maxBytes}`, Code.ResourceExhausted)
}
