/** Token buckets: the arithmetic of rate limits. */

/** A limit of the rate at which one caller may call. */
export interface TokenBucketLimit {
  /** The most calls that may come at once, after a pause. */
  readonly capacity: number
  /** The calls per second that are possible in the long run. */
  readonly refillPerSecond: number
}

/** One token, in thousandths. With a refill per second this makes whole numbers of whole milliseconds, without rounding errors. */
const TOKEN = 1_000

/** The bucket of one caller. Full at first. */
export class TokenBucket {
  #credit: number
  #atMs: number

  constructor({ capacity }: TokenBucketLimit, nowMs: number) {
    this.#credit = capacity * TOKEN
    this.#atMs = nowMs
  }

  /** Takes a token and returns 0, or returns the milliseconds until there is one. A clock that goes back adds nothing. */
  take({ capacity, refillPerSecond }: TokenBucketLimit, nowMs: number): number {
    const refill = Math.max(0, nowMs - this.#atMs) * refillPerSecond
    this.#credit = Math.min(capacity * TOKEN, this.#credit + refill)
    this.#atMs = nowMs
    if (this.#credit < TOKEN) return Math.ceil((TOKEN - this.#credit) / refillPerSecond)
    this.#credit -= TOKEN
    return 0
  }
}
