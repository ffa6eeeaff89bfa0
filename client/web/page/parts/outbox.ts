/** Messages on their way into a streaming call. */

/** Takes messages from the page, and gives them to the call in order. */
export class Outbox<T> implements AsyncIterable<T> {
  readonly #messages: T[] = []
  #isEnded = false
  #wake: () => void = () => {}

  /** How many messages the call has not taken yet. */
  get size(): number {
    return this.#messages.length
  }

  /** Adds a message, unless the outbox has ended. */
  push(message: T): void {
    if (this.#isEnded) return
    this.#messages.push(message)
    this.#wake()
  }

  /** Ends the requests of the call after the messages that wait. */
  end(): void {
    this.#isEnded = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      const next = this.#messages.shift()
      if (next !== undefined) yield next
      else if (this.#isEnded) return
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }
}
