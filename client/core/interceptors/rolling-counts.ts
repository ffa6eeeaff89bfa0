/** Counts what happened in the last few seconds. */

/** The window that is looked at. */
export interface RollingWindow {
  /** How far back it reaches, in milliseconds. */
  readonly windowMs: number
  /** In how many parts it moves on. */
  readonly buckets: number
}

/** Two counts of one window: of all requests, and of those that were accepted. */
export class RollingCounts {
  readonly #bucketMs: number
  readonly #totals: number[]
  readonly #accepts: number[]
  /** The bucket of the latest count, numbered from the beginning of time. */
  #latest = 0
  #total = 0
  #accepted = 0

  constructor({ windowMs, buckets }: RollingWindow) {
    this.#bucketMs = windowMs / buckets
    this.#totals = new Array(buckets).fill(0)
    this.#accepts = new Array(buckets).fill(0)
  }

  /** All requests within the window; its last part is still filling. */
  total(nowMs: number): number {
    this.#moveTo(nowMs)
    return this.#total
  }

  /** The accepted ones among them. */
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

  /** Empties the buckets that have become too old; returns where the time is now. */
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
