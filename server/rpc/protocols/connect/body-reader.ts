/** Reads the one message that a whole body is. */

import { type MessageReader, type ReaderOptions, tooLarge } from '../../../../wire/envelope-reader.ts'
import type { Exchange } from '../../exchange/exchange.ts'

/** Waits for the end of the body, or for one octet more than is allowed. */
export class BodyReader implements MessageReader {
  receivedBytes = 0
  isAtEnd = false
  readonly #exchange: Exchange
  readonly #options: ReaderOptions

  constructor(exchange: Exchange, options: ReaderOptions) {
    this.#exchange = exchange
    this.#options = options
  }

  poll(): boolean {
    const { maxBytes } = this.#options
    const announced = Number(this.#exchange.head.get('content-length') ?? 0)
    if (announced > maxBytes) throw tooLarge(announced, maxBytes)
    if (!this.#exchange.want(maxBytes + 1)) return false
    if (this.#exchange.readableBytes > maxBytes) throw tooLarge(this.#exchange.readableBytes, maxBytes)
    return true
  }

  pollOnly(): boolean {
    return this.poll()
  }

  take(): Uint8Array | Promise<Uint8Array> {
    this.isAtEnd = true
    this.receivedBytes = this.#exchange.readableBytes
    const data = this.receivedBytes === 0 ? NO_OCTETS : this.#exchange.read(this.receivedBytes)
    const { compression, maxBytes } = this.#options
    return compression === null ? data : compression.decompress(data, maxBytes)
  }
}

const NO_OCTETS = new Uint8Array(0)
