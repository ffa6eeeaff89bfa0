/** Lets the page draw and react while messages arrive faster than it can show them. */

/** How long messages may be read in one go: half of a frame at 60 Hz. */
const MAX_BUSY_MS = 8

/** Gives the event loop its turn from time to time. Reading waits meanwhile, so the server has to as well. */
export class Pacer {
  #busySinceMs = performance.now()

  /** Resolves at once, or after a turn of the event loop if reading has kept the page busy. */
  async rest(): Promise<void> {
    if (performance.now() - this.#busySinceMs < MAX_BUSY_MS) return
    await new Promise((resolve) => setTimeout(resolve, 0))
    this.#busySinceMs = performance.now()
  }
}
