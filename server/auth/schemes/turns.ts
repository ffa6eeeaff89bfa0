/** Bounded concurrency with a bounded queue. */
import { Code, ConnectError } from '@connectrpc/connect'

/** The bounds. */
export interface TurnsInit {
  readonly maxRunning: number
  readonly maxWaiting: number
  /** What callers receive when the queue is full. */
  readonly refusal: string
}

/** Runs a few tasks at once; the others wait in order. */
export class Turns {
  readonly #maxRunning: number
  readonly #maxWaiting: number
  readonly #refusal: string
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor({ maxRunning, maxWaiting, refusal }: TurnsInit) {
    this.#maxRunning = maxRunning
    this.#maxWaiting = maxWaiting
    this.#refusal = refusal
  }

  /** @throws ConnectError RESOURCE_EXHAUSTED if too many wait */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#maxRunning) this.#running += 1
    else await this.#wait()
    try {
      return await task()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }

  /** The one that ends passes its turn on, so `#running` stays the same. */
  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#maxWaiting) {
      throw new ConnectError(this.#refusal, Code.ResourceExhausted)
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
