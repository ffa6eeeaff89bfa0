/** Reads the messages of an answer, and behind the last one the status. */
import type { ConnectError } from '@connectrpc/connect'
import { ENVELOPE_PREFIX_BYTES } from '../../../wire/envelope.ts'
import type { MessageReader } from '../../../wire/envelope-reader.ts'
import { answerError } from './answer-error.ts'

/** What a {@link StatusReader} tells its call. */
export interface StatusReaderEvents {
  /** Every message is read; throws the error of the status, if it is one. */
  onEnd(): void
  /** A message was taken, of so many bytes as it was on the wire, and as it is now. Null: nobody counts. */
  readonly onMessage: ((wireBytes: number, bytes: number) => void) | null
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
    const before = this.receivedBytes
    const data = this.#guard(() => this.#reader.take())
    const wireBytes = this.receivedBytes - before - ENVELOPE_PREFIX_BYTES
    if (!(data instanceof Promise)) return this.#told(data, wireBytes)
    return data.then(
      (inflated) => this.#told(inflated, wireBytes),
      (error: unknown) => this.#fail(error),
    )
  }

  #told(data: Uint8Array, wireBytes: number): Uint8Array {
    this.#events.onMessage?.(wireBytes, data.byteLength)
    return data
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
