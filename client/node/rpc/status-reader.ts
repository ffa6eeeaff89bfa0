/** Reads the messages of an answer, and behind the last one the status. */
import type { ConnectError } from '@connectrpc/connect'
import type { MessageReader } from '../../../wire/envelope-reader.ts'
import { answerError } from './answer-error.ts'

/** What a {@link StatusReader} tells its call. */
export interface StatusReaderEvents {
  /** Every message is read; throws the error of the status, if it is one. */
  onEnd(): void
  /** The answer cannot be read on. */
  onFault(error: ConnectError): void
}

/** A reader whose end is the end of the call. */
export class StatusReader implements MessageReader {
  readonly #reader: MessageReader
  readonly #events: StatusReaderEvents

  constructor(reader: MessageReader, events: StatusReaderEvents) {
    this.#reader = reader
    this.#events = events
  }

  get receivedBytes(): number {
    return this.#reader.receivedBytes
  }

  get isAtEnd(): boolean {
    return this.#reader.isAtEnd
  }

  poll(): boolean {
    return this.#guard(() => this.#reader.poll()) && this.#withStatus()
  }

  pollOnly(): boolean {
    return this.#guard(() => this.#reader.pollOnly()) && this.#withStatus()
  }

  take(): Uint8Array | Promise<Uint8Array> {
    const data = this.#guard(() => this.#reader.take())
    if (!(data instanceof Promise)) return data
    return data.catch((error: unknown) => this.#fail(error))
  }

  #withStatus(): boolean {
    if (this.#reader.isAtEnd) this.#events.onEnd()
    return true
  }

  #guard<Result>(read: () => Result): Result {
    try {
      return read()
    } catch (error) {
      return this.#fail(error)
    }
  }

  #fail(error: unknown): never {
    const fault = answerError(error)
    this.#events.onFault(fault)
    throw fault
  }
}
