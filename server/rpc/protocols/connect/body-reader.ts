/** Reads a body that is a single message. */
import { inflateAndDecode, type MessageReader, type ReaderOptions, tooLarge } from '../../../../wire/envelope-reader.ts'
import type { Exchange } from '../../exchange/exchange.ts'

/** Waits for the end of the body, or for one byte more than allowed. */
export class BodyReader<M> implements MessageReader<M> {
  receivedBytes = 0
  isAtEnd = false
  /** The whole body is owed, as it is one message. */
  isOwed = false
  readonly #exchange: Exchange
  readonly #options: ReaderOptions<M>

  constructor(exchange: Exchange, options: ReaderOptions<M>) {
    this.#exchange = exchange
    this.#options = options
  }

  poll(): boolean {
    const { maxBytes } = this.#options
    const announced = Number(this.#exchange.head.get('content-length') ?? 0)
    if (announced > maxBytes) throw tooLarge(announced, maxBytes)
    this.isOwed = !this.#exchange.want(maxBytes + 1)
    if (this.isOwed) return false
    if (this.#exchange.readableBytes > maxBytes) throw tooLarge(this.#exchange.readableBytes, maxBytes)
    return true
  }

  pollOnly(): boolean {
    return this.poll()
  }

  take(): M | Promise<M> {
    this.isAtEnd = true
    this.receivedBytes = this.#exchange.readableBytes
    const data = this.receivedBytes === 0 ? NO_OCTETS : this.#exchange.read(this.receivedBytes)
    return inflateAndDecode(data, this.#options)
  }
}

const NO_OCTETS = new Uint8Array(0)
