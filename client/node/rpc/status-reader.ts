/** Reads the messages of a response, and the status after the last one. */
import type { MessageReader } from '../../../wire/envelope-reader.ts'

/** The call, which reads its status after the last message. */
export interface EndOfMessages {
  /** @throws the error of the status, if there is one */
  atEnd(): void
}

/** A reader that ends with the status of the call. */
export class StatusReader<M> implements MessageReader<M> {
  readonly #reader: MessageReader<M>
  readonly #call: EndOfMessages

  constructor(reader: MessageReader<M>, call: EndOfMessages) {
    this.#reader = reader
    this.#call = call
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
    if (this.#reader.isAtEnd) this.#call.atEnd()
    return true
  }
}
