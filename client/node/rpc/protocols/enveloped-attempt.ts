/** Attempts whose response is enveloped messages, with a status in the last envelope: gRPC-Web and Connect streams. */
import type { Message } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { ENVELOPE_PREFIX_BYTES } from '../../../../wire/envelope.ts'
import { AS_OCTETS, type MessageDecoder, type MessageReader } from '../../../../wire/envelope-reader.ts'
import type { HeaderField } from '../../../../wire/http2/http2.ts'
import { fieldValue } from '../../../../wire/read-status.ts'
import type { HttpHead } from '../../contracts/http-exchange.ts'
import { answerError } from '../call-errors.ts'
import { countingDecoder } from './counting-decoder.ts'
import { EndingReader } from './ending-reader.ts'
import { HttpAttempt } from './http-attempt.ts'
import { responseEncoding } from './response-encoding.ts'

/** The end of a response. */
export interface Ending {
  readonly trailers: readonly HeaderField[]
  /** Null for OK. */
  readonly error: ConnectError | null
}

/**
 * The response counts as started with its first message. A response with only a status is the failure of an attempt, as Trailers-Only is in
 * gRPC. For a stream that cannot be retried, the head is enough.
 */
export abstract class EnvelopedAttempt extends HttpAttempt {
  /** The flag of the last envelope. */
  protected abstract readonly endFlag: number
  /** The field with the compression of messages. */
  protected abstract readonly encodingName: string
  #wantsAll = false
  /** Whether it waits for the first octet of the body, which tells whether there are messages. */
  #isPeeking = false
  /** Reads the whole response before the call is notified; null for streams. */
  #gathering: EndingReader<Uint8Array> | null = null
  #only: Uint8Array | null = null
  /** The reader of the body; null before reading. */
  #reader: EndingReader<unknown> | null = null
  #ending: Ending | null = null

  override get trailers(): readonly HeaderField[] | null {
    return this.#ending?.trailers ?? null
  }

  override readAll(): void {
    this.#wantsAll = true
  }

  override takeOnly(): Message {
    if (this.#only !== null) return this.method.plan.codec.decode(this.#only)
    throw new ConnectError('the call needs one message, but none was sent', Code.Unimplemented)
  }

  override createReader(): MessageReader<Message> {
    const { report } = this
    const { codec } = this.method.plan
    const receivedBytes = (): number => this.#reader?.receivedBytes ?? 0
    return this.#read(report === null ? codec : countingDecoder(codec, report, receivedBytes))
  }

  override readStatus(): ConnectError | null {
    const ending = this.#reader?.ending ?? null
    if (this.#ending === null && ending !== null) this.#ending = this.#parse(ending)
    return this.#ending === null ? this.missingEnding() : this.#ending.error
  }

  onHead(head: HttpHead): void {
    this.head = head
    const fault = this.headFault(head)
    if (fault !== null) this.owner.onFailed(this, fault, 'answered')
    else if (this.#wantsAll || this.owner.mayRetry || this.endingOfHead(head) !== null) this.#peek()
    else this.answer()
  }

  onReadable(): void {
    if (this.isOver) return
    if (this.#isPeeking) this.#peek()
    else if (this.#gathering !== null) this.#gather(this.#gathering)
    else this.owner.onReadable(this)
  }

  /** Returns the error for a head of another protocol, or null. */
  protected abstract headFault(head: HttpHead): ConnectError | null
  /** Returns the ending in the head of a response without a body, or null. */
  protected abstract endingOfHead(head: HttpHead): Ending | null
  /** Parses the ending. @throws for a malformed one */
  protected abstract parseEnding(data: Uint8Array, head: HttpHead): Ending
  /** Returns the error for a body without its last envelope. */
  protected abstract missingEnding(): ConnectError

  #peek(): void {
    const { exchange, head } = this
    if (exchange === null || head === null) return
    this.#isPeeking = !exchange.want(1)
    if (this.#isPeeking) return
    const isEmpty = exchange.readableBytes === 0
    if (isEmpty) this.#ending = this.endingOfHead(head)
    const isStatus = isEmpty ? this.#ending !== null : (exchange.byteAt(0) & this.endFlag) !== 0
    if (!isStatus) this.answer()
    if (!this.isOver && (isStatus || this.#wantsAll)) this.#gatherAll()
  }

  #gatherAll(): void {
    try {
      this.#gathering = this.#read(AS_OCTETS)
      this.#gather(this.#gathering)
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  #gather(reader: EndingReader<Uint8Array>): void {
    try {
      while (reader.poll()) {
        if (reader.isAtEnd) {
          this.#onGathered()
          return
        }
        const data = reader.take()
        if (data instanceof Promise) {
          void this.#keepLater(data)
          return
        }
        this.#keep(data)
      }
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  async #keepLater(inflating: Promise<Uint8Array>): Promise<void> {
    try {
      this.#keep(await inflating)
    } catch (thrown) {
      this.#fail(thrown)
      return
    }
    this.onReadable()
  }

  /** Keeps a copy, as octets from the transport are valid in this turn only. */
  #keep(data: Uint8Array): void {
    if (this.#only !== null)
      throw new ConnectError('the call takes one message, but more were sent', Code.Unimplemented)
    this.#only = new Uint8Array(data)
    const bodyBytes = this.#reader?.receivedBytes ?? 0
    this.report?.onReceived({ wireBytes: bodyBytes - ENVELOPE_PREFIX_BYTES, bytes: data.byteLength, bodyBytes })
  }

  #onGathered(): void {
    this.#gathering = null
    const error = this.hasAnswered ? null : this.readStatus()
    if (error !== null) {
      this.owner.onFailed(this, error, 'answered')
      return
    }
    if (!this.hasAnswered) this.answer()
    if (this.#wantsAll) this.owner.onReadable(this)
  }

  #fail(thrown: unknown): void {
    if (!this.isOver) this.owner.onFailed(this, answerError(thrown), 'answered')
  }

  #read<M>(decoder: MessageDecoder<M>): EndingReader<M> {
    const { exchange, head, endFlag, encodingName } = this
    if (exchange === null || head === null) throw new ConnectError('the answer never began', Code.Internal)
    const { settings } = this.method.plan
    const encoding = responseEncoding(fieldValue(head.fields, encodingName), settings.acceptCompression)
    const reader = new EndingReader<M>(exchange, {
      maxBytes: this.owner.maxReceiveBytes,
      compression: this.inflating(encoding, settings.budget),
      decoder,
      truncatedCode: Code.Internal,
      endFlag,
      maxEndingBytes: this.method.plan.settings.metadataLimits.maxHeaderListBytes,
      onReadable: () => this.onReadable(),
    })
    this.#reader = reader
    return reader
  }

  #parse(data: Uint8Array): Ending {
    this.report?.onEnding(this.#reader?.endingBytes ?? 0)
    try {
      if (this.head === null) throw new ConnectError('the answer never began', Code.Internal)
      const { trailers, error } = this.parseEnding(data, this.head)
      return { trailers, error: error === null ? null : answerError(error) }
    } catch (thrown) {
      return { trailers: [], error: answerError(thrown) }
    }
  }
}

/** Adds the fields of the head to the metadata of an error, for applications. */
export function withHeadFields(error: ConnectError, { fields }: HttpHead): ConnectError {
  for (const { name, value } of fields) error.metadata.append(name, value)
  return error
}
