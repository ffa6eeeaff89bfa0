/** Reads the messages of an answer, and behind the last one the status. */
import { ENVELOPE_PREFIX_BYTES } from '../../../wire/envelope.ts'
import type { MessageReader } from '../../../wire/envelope-reader.ts'

/** What a {@link StatusReader} tells its call. */
export interface StatusReaderEvents {
  /** Every message is read; throws the error of the status, if it is one. */
  onEnd(): void
  /** A message was taken, of so many bytes as it was on the wire, and as it is now. Null: nobody counts. */
  readonly onMessage: ((wireBytes: number, bytes: number) => void) | null
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
    return this.#reader.poll() && this.#withStatus()
  }

  pollOnly(): boolean {
    return this.#reader.pollOnly() && this.#withStatus()
  }

  take(): Uint8Array | Promise<Uint8Array> {
    const { onMessage } = this.#events
    if (onMessage === null) return this.#reader.take()
    const before = this.receivedBytes
    const data = this.#reader.take()
    const wireBytes = this.receivedBytes - before - ENVELOPE_PREFIX_BYTES
    const told = (message: Uint8Array): Uint8Array => {
      onMessage(wireBytes, message.byteLength)
      return message
    }
    return data instanceof Promise ? data.then(told) : told(data)
  }

  /** Where messages are counted they are taken one by one. */
  takeRun(): Uint8Array | null {
    return this.#events.onMessage === null ? (this.#reader.takeRun?.() ?? null) : null
  }

  #withStatus(): boolean {
    if (this.#reader.isAtEnd) this.#events.onEnd()
    return true
  }
}
