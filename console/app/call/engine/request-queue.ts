/** The requests of a call on their way to its protocol, one at a time, so that a sender waits for the transport. */
import type { Message } from '@bufbuild/protobuf'

interface Waiting {
  readonly message: Message
  readonly taken: () => void
  readonly failed: (reason: unknown) => void
}

/** Hands requests from `send` to one reader. */
export class RequestQueue implements AsyncIterable<Message> {
  readonly #waiting: Waiting[] = []
  #wake: (() => void) | null = null
  #isClosed = false
  #failure: { readonly reason: unknown } | null = null

  /** Whether no more messages can be sent. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Resolves when the reader has taken the message. */
  send(message: Message): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure.reason)
    if (this.#isClosed) return Promise.reject(new Error('the call is half-closed: it takes no more messages'))
    return new Promise((taken, failed) => {
      this.#waiting.push({ message, taken, failed })
      this.#wake?.()
    })
  }

  /** Ends the requests after those that wait. */
  close(): void {
    this.#isClosed = true
    this.#wake?.()
  }

  /** Ends the requests at once: those that wait fail with the reason. */
  fail(reason: unknown): void {
    if (this.#failure !== null) return
    this.#failure = { reason }
    this.#isClosed = true
    for (const { failed } of this.#waiting.splice(0)) failed(reason)
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Message, void> {
    while (true) {
      const next = this.#waiting.shift()
      if (next !== undefined) {
        next.taken()
        yield next.message
      } else if (this.#isClosed) {
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#wake = null
      }
    }
  }
}
