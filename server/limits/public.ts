/** The public edge of `portico/server/limits`. */
export { type AdaptiveLimit, type AdaptiveLimitState, adaptiveLimit } from './adaptive-limit.ts'
export type { AdaptiveLimitOptions, AdaptiveLimitRuntime } from './adaptive-limit-options.ts'
export type { CallPriority, PriorityOptions } from './call-priority.ts'
export {
  type ConcurrencyLimit,
  type ConcurrencyLimitOptions,
  type ConcurrencyLimitState,
  concurrencyLimit,
} from './concurrency-limit.ts'
export type { FlexibleLimiter } from './flexible-store.ts'
export type { ProcessTimes } from './load-watch.ts'
export { type RateLimit, type RateLimitOptions, type RateLimitState, rateLimit } from './rate-limit.ts'
export type { RateLimitBy } from './rate-limit-key.ts'
export type { RateLimitStore } from './rate-limit-store.ts'
export { type RedisClient, type RedisStoreOptions, redisStore } from './redis-store.ts'
export type { TokenBucketLimit } from './token-bucket.ts'
