/** One timer for everything that is due at the same interval, which runs only while there is something. */

/** Calls `onTick` with each of its items, once an interval. Does not keep the process alive. */
export class Ticker<T> {
  readonly #items = new Set<T>()
  readonly #intervalMs: number
  readonly #onTick: (item: T) => void
  #timer: NodeJS.Timeout | undefined

  /** `onTick` must not throw. */
  constructor(intervalMs: number, onTick: (item: T) => void) {
    this.#intervalMs = intervalMs
    this.#onTick = onTick
  }

  /** Whether the timer runs. */
  get isRunning(): boolean {
    return this.#timer !== undefined
  }

  /** Adds an item. It is due first at the next tick, which is at most an interval away. */
  add(item: T): void {
    this.#items.add(item)
    this.#timer ??= setInterval(() => this.#tick(), this.#intervalMs).unref()
  }

  /** Takes an item out. The last one stops the timer. */
  delete(item: T): void {
    this.#items.delete(item)
    if (this.#items.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #tick(): void {
    for (const item of this.#items) this.#onTick(item)
  }
}
