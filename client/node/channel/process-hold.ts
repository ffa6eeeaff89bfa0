/** Keeps the process alive while there is something to wait for; connections by themselves do not. */

const LONG_MS = 2_147_483_647

/** Counts those who wait. One timer serves all: to mark it as needed or not costs less than to make one. */
export class ProcessHold {
  #timer: NodeJS.Timeout | null = null
  #holders = 0
  #isClosed = false

  /** Somebody waits. */
  hold(): void {
    this.#holders += 1
    if (this.#holders > 1 || this.#isClosed) return
    this.#timer ??= setInterval(() => {}, LONG_MS)
    this.#timer.ref()
  }

  /** Somebody has what he waited for. To be called once for each `hold`. */
  release(): void {
    this.#holders -= 1
    if (this.#holders === 0) this.#timer?.unref()
  }

  /** The end: nobody waits any more. */
  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }
}
