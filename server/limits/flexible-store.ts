/** Rate limits by the package `rate-limiter-flexible`, which counts calls per period in many kinds of database. */
import type { RateLimitStore } from './rate-limit-store.ts'

/** What is used of a limiter of the package `rate-limiter-flexible`, such as `RateLimiterRedis` or `RateLimiterMemory`. */
export interface FlexibleLimiter {
  /** Rejects with the state of the key, which has `msBeforeNext`, once its points are used up; with an Error for a failure. */
  consume(key: string): Promise<unknown>
}

/** Returns a limiter as a store. Its `points` and `duration` are the limit. */
export function flexibleStore(limiter: FlexibleLimiter): RateLimitStore {
  return { take: (key) => consume(limiter, key) }
}

async function consume(limiter: FlexibleLimiter, key: string): Promise<number> {
  try {
    await limiter.consume(key)
    return 0
  } catch (rejection) {
    const { msBeforeNext } = Object(rejection) as { readonly msBeforeNext?: unknown }
    if (typeof msBeforeNext !== 'number') throw rejection
    return Math.max(1, Math.ceil(msBeforeNext))
  }
}
