/** Reads a request stream of `google.api.HttpBody`: the octets of the body as they arrive, in messages. */
import type { Message } from '@bufbuild/protobuf'
import type { ByteSource } from '../../../../../wire/byte-source.ts'
import type { MessageReader, ReaderOptions } from '../../../../../wire/envelope-reader.ts'
import type { FirstMessageBinder } from '../streams/json-stream-reader.ts'

/** The most octets of one message. */
const MOST_OCTETS = 65_536

/**
 * Yields what has arrived whenever a message is wanted. The first message has the content type, and what the query and the path set; it
 * comes even if the body is empty.
 */
export class RawStreamReader implements MessageReader<Message> {
  receivedBytes = 0
  isAtEnd = false
  /** Octets are a message as soon as they arrive, so the client never stops in the middle of one. */
  readonly isOwed = false
  readonly #source: ByteSource
  readonly #reading: ReaderOptions<Message>
  readonly #binder: FirstMessageBinder
  #isFirst = true

  constructor(source: ByteSource, reading: ReaderOptions<Message>, binder: FirstMessageBinder) {
    this.#source = source
    this.#reading = reading
    this.#binder = binder
  }

  poll(): boolean {
    if (!this.#source.want(1)) return false
    this.isAtEnd = !this.#isFirst && this.#source.readableBytes === 0
    return true
  }

  pollOnly(): boolean {
    return this.poll()
  }

  take(): Message {
    const { decoder, maxBytes } = this.#reading
    const length = Math.min(this.#source.readableBytes, MOST_OCTETS, maxBytes)
    this.receivedBytes += length
    const message = decoder.decode(length === 0 ? NO_OCTETS : this.#source.read(length))
    if (this.#isFirst) this.#binder.bind(message)
    this.#isFirst = false
    return message
  }
}

const NO_OCTETS = new Uint8Array(0)
