/** Reads a body whose last envelope is not a message: the trailers of gRPC-Web, or Connect's EndStream. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { ByteSource } from '../../../../wire/byte-source.ts'
import { ENVELOPE_PREFIX_BYTES, EnvelopeFlag, envelopeLength } from '../../../../wire/envelope.ts'
import {
  AS_OCTETS,
  EnvelopeReader,
  inflateAndDecode,
  type MessageReader,
  type ReaderOptions,
} from '../../../../wire/envelope-reader.ts'
import { overLimits } from '../../contracts/metadata-limits.ts'

/** Options of a reader. */
export interface EndingOptions<M> extends ReaderOptions<M> {
  /** The flag of the last envelope. */
  readonly endFlag: number
  /** Maximum size of the ending, both compressed and inflated. */
  readonly maxEndingBytes: number
  /** The ending was inflated asynchronously, so `poll` can be called again. */
  readonly onReadable: () => void
}

/** Reads the messages, then the ending, which is available once `isAtEnd` is true, unless the body ended without one. */
export class EndingReader<M> implements MessageReader<M> {
  isAtEnd = false
  /** The inflated ending; null if there was none. */
  ending: Uint8Array | null = null
  /** Octets of the ending in the body, with its envelope. */
  endingBytes = 0
  readonly #source: ByteSource
  readonly #options: EndingOptions<M>
  readonly #messages: EnvelopeReader<M>
  #isInflating = false
  #fault: unknown = null

  constructor(source: ByteSource, options: EndingOptions<M>) {
    this.#source = source
    this.#options = options
    this.#messages = new EnvelopeReader(source, options)
  }

  get receivedBytes(): number {
    return this.#messages.receivedBytes
  }

  get isOwed(): boolean {
    return this.#messages.isOwed
  }

  poll(): boolean {
    const source = this.#source
    if (this.#fault !== null) throw this.#fault
    if (this.isAtEnd) return true
    if (this.#isInflating || !source.want(1)) return false
    if (source.readableBytes === 0) {
      this.isAtEnd = true
      return true
    }
    return (source.byteAt(0) & this.#options.endFlag) === 0 ? this.#messages.poll() : this.#pollEnding()
  }

  /** The same as `poll`, as the caller reads a single message with `poll` and `take`, too. */
  pollOnly(): boolean {
    return this.poll()
  }

  take(): M | Promise<M> {
    return this.#messages.take()
  }

  /** Reads the ending, after which the body must end. */
  #pollEnding(): boolean {
    const source = this.#source
    if (!this.#wantAll(ENVELOPE_PREFIX_BYTES)) return false
    const length = envelopeLength(source.byteAt(1), source.byteAt(2), source.byteAt(3), source.byteAt(4))
    if (length > this.#options.maxEndingBytes) throw overLimits('trailers')
    const bytes = ENVELOPE_PREFIX_BYTES + length
    if (!this.#wantAll(bytes) || !source.want(bytes + 1)) return false
    if (source.readableBytes > bytes) {
      throw new ConnectError('the answer has an extra message after its end', Code.Internal)
    }
    const isCompressed = (source.byteAt(0) & EnvelopeFlag.COMPRESSED) !== 0
    this.endingBytes = bytes
    return this.#takeEnding(source.read(bytes).subarray(ENVELOPE_PREFIX_BYTES), isCompressed)
  }

  #wantAll(bytes: number): boolean {
    if (!this.#source.want(bytes)) return false
    if (this.#source.readableBytes >= bytes) return true
    throw new ConnectError('the body ends within its last envelope', Code.Internal)
  }

  #takeEnding(data: Uint8Array, isCompressed: boolean): boolean {
    const { compression, maxEndingBytes } = this.#options
    if (isCompressed && compression === null) {
      throw new ConnectError('compressed message in a call without an encoding', Code.Internal)
    }
    const encoding = isCompressed ? compression : null
    const ending = inflateAndDecode(data, { compression: encoding, maxBytes: maxEndingBytes, decoder: AS_OCTETS })
    if (ending instanceof Promise) {
      void this.#inflate(ending)
      return false
    }
    this.ending = ending
    this.isAtEnd = true
    return true
  }

  async #inflate(ending: Promise<Uint8Array>): Promise<void> {
    this.#isInflating = true
    try {
      this.ending = await ending
      this.isAtEnd = true
    } catch (thrown) {
      this.#fault = thrown
    }
    this.#isInflating = false
    this.#options.onReadable()
  }
}
