/** Reads a request stream of `google.api.HttpBody`: the octets of the body as they arrive, in messages. */
import type { Message } from '@bufbuild/protobuf'
import type { MessageReader, ReaderOptions } from '../../../../../wire/envelope-reader.ts'
import type { Exchange } from '../../../exchange/exchange.ts'
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
  isOwed = false
  readonly #exchange: Exchange
  readonly #reading: ReaderOptions<Message>
  readonly #binder: FirstMessageBinder
  #isFirst = true

  constructor(exchange: Exchange, reading: ReaderOptions<Message>, binder: FirstMessageBinder) {
    this.#exchange = exchange
    this.#reading = reading
    this.#binder = binder
  }

  poll(): boolean {
    const exchange = this.#exchange
    this.isOwed = !exchange.want(1)
    if (this.isOwed) return false
    this.isAtEnd = !this.#isFirst && exchange.readableBytes === 0
    return true
  }

  pollOnly(): boolean {
    return this.poll()
  }

  take(): Message {
    const { decoder, maxBytes } = this.#reading
    const length = Math.min(this.#exchange.readableBytes, MOST_OCTETS, maxBytes)
    this.receivedBytes += length
    const message = decoder.decode(length === 0 ? NO_OCTETS : this.#exchange.read(length))
    if (this.#isFirst) this.#binder.bind(message)
    this.#isFirst = false
    return message
  }
}

const NO_OCTETS = new Uint8Array(0)
