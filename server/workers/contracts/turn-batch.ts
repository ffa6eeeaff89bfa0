/** Requests to the primary that share a message. */

/** What waits for its answer. */
interface Waiting<Item, Answer> {
  readonly item: Item
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/** Requests the answers to all items of a turn of the event loop at once. */
export class TurnBatch<Item, Answer> {
  readonly #request: (items: readonly Item[]) => Promise<readonly Answer[]>
  #waiting: Waiting<Item, Answer>[] = []

  /** @param request returns the answers to the items, in their order */
  constructor(request: (items: readonly Item[]) => Promise<readonly Answer[]>) {
    this.#request = request
  }

  /** Returns the answer to an item. Rejects as `request` does. */
  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      if (this.#waiting.length === 1) setImmediate(() => this.#send())
    })
  }

  async #send(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    try {
      const answers = await this.#request(waiting.map(({ item }) => item))
      for (const [index, { resolve }] of waiting.entries()) resolve(answers[index] as Answer)
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }
}
