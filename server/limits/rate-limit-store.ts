/** Where the buckets of a rate limit are kept. */
import { TokenBucket, type TokenBucketLimit } from './token-bucket.ts'

/** Keeps one token bucket per key. */
export interface RateLimitStore {
  /**
   * Takes a token of a key in one step, and returns 0; or returns the milliseconds until there is one.
   *
   * @throws if the store cannot be reached (or the promise rejects); `whenStoreFails` decides on the call then
   */
  take(key: string, limit: TokenBucketLimit): number | Promise<number>
}

/** The options of {@link MemoryStore}. */
export interface MemoryStoreOptions {
  /** The most buckets; the one that was unused for longest is dropped first, and is full when its key returns. */
  readonly maxKeys: number
  /** The present time in milliseconds. */
  readonly now: () => number
}

/** Keeps the buckets in this process. A bucket takes about 150 bytes. */
export class MemoryStore implements RateLimitStore {
  readonly #options: MemoryStoreOptions
  /** In the order of their last use. */
  readonly #buckets = new Map<string, TokenBucket>()
  /**
   * The keys that were unused for longest, one after the other. One iterator for good: a new one would step over the holes that earlier
   * drops have left in the map, which took up to 200 microseconds per call with 100,000 keys.
   */
  readonly #oldest = this.#buckets.keys()

  constructor(options: MemoryStoreOptions) {
    this.#options = options
  }

  take(key: string, limit: TokenBucketLimit): number {
    const nowMs = this.#options.now()
    const bucket = this.#buckets.get(key) ?? new TokenBucket(limit, nowMs)
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    if (this.#buckets.size > this.#options.maxKeys) this.#dropOldest()
    return bucket.take(limit, nowMs)
  }

  #dropOldest(): void {
    const { value } = this.#oldest.next()
    if (value !== undefined) this.#buckets.delete(value)
  }
}
