/** Counts requests in a sliding window of time. */

/** The window. */
export interface RollingWindow {
  /** Its length, in milliseconds. */
  readonly windowMs: number
  /** The number of steps in which it advances. */
  readonly buckets: number
}

/** The requests of a window, and how many of them were accepted. */
export class RollingCounts {
  readonly #bucketMs: number
  readonly #totals: number[]
  readonly #accepts: number[]
  /** The number of the latest bucket, counted from time 0. */
  #latest = 0
  #total = 0
  #accepted = 0

  constructor({ windowMs, buckets }: RollingWindow) {
    this.#bucketMs = windowMs / buckets
    this.#totals = new Array(buckets).fill(0)
    this.#accepts = new Array(buckets).fill(0)
  }

  /** Returns the number of requests in the window. */
  total(nowMs: number): number {
    this.#moveTo(nowMs)
    return this.#total
  }

  /** Returns how many of them were accepted. */
  accepted(nowMs: number): number {
    this.#moveTo(nowMs)
    return this.#accepted
  }

  /** Counts a request. */
  add(nowMs: number, isAccepted: boolean): void {
    const index = this.#moveTo(nowMs)
    bump(this.#totals, index)
    this.#total += 1
    if (!isAccepted) return
    bump(this.#accepts, index)
    this.#accepted += 1
  }

  /** Clears the buckets that have left the window, and returns the index of the current one. */
  #moveTo(nowMs: number): number {
    const size = this.#totals.length
    const now = Math.max(this.#latest, Math.floor(nowMs / this.#bucketMs))
    for (let bucket = Math.max(this.#latest, now - size) + 1; bucket <= now; bucket++) {
      const index = bucket % size
      this.#total -= this.#totals[index] ?? 0
      this.#accepted -= this.#accepts[index] ?? 0
      this.#totals[index] = 0
      this.#accepts[index] = 0
    }
    this.#latest = now
    return now % size
  }
}

function bump(counts: number[], index: number): void {
  counts[index] = (counts[index] ?? 0) + 1
}
