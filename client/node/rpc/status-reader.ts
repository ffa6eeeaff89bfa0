/** Reads the messages of a response, and the status after the last one. */
import type { MessageReader } from '../../../wire/envelope-reader.ts'

/** A reader that ends with the status of the call. */
export class StatusReader<M> implements MessageReader<M> {
  readonly #reader: MessageReader<M>
  readonly #onEnd: () => void

  /** @param onEnd called after the last message; throws the error of the status, if there is one */
  constructor(reader: MessageReader<M>, onEnd: () => void) {
    this.#reader = reader
    this.#onEnd = onEnd
  }

  get receivedBytes(): number {
    return this.#reader.receivedBytes
  }

  get isAtEnd(): boolean {
    return this.#reader.isAtEnd
  }

  get isOwed(): boolean {
    return this.#reader.isOwed
  }

  poll(): boolean {
    return this.#reader.poll() && this.#withStatus()
  }

  pollOnly(): boolean {
    return this.#reader.pollOnly() && this.#withStatus()
  }

  take(): M | Promise<M> {
    return this.#reader.take()
  }

  #withStatus(): boolean {
    if (this.#reader.isAtEnd) this.#onEnd()
    return true
  }
}
