/** Keeps the process alive while calls wait, which connections do not. */

const LONG_MS = 2_147_483_647

/** Counts the waiting calls. One timer for all, as `ref` and `unref` cost less than creating timers. */
export class ProcessHold {
  #timer: NodeJS.Timeout | null = null
  #holders = 0
  #isClosed = false

  /** Counts a waiter. */
  hold(): void {
    this.#holders += 1
    if (this.#holders > 1 || this.#isClosed) return
    this.#timer ??= setInterval(() => {}, LONG_MS)
    this.#timer.ref()
  }

  /** Removes a waiter. Must be called once for each `hold`. */
  release(): void {
    this.#holders -= 1
    if (this.#holders === 0) this.#timer?.unref()
  }

  /** Releases the process at the end. */
  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }
}
