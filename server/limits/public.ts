/** The public edge of `portico/server/limits`. */
export type { FlexibleLimiter } from './flexible-store.ts'
export { type RateLimit, type RateLimitOptions, type RateLimitState, rateLimit } from './rate-limit.ts'
export type { RateLimitBy } from './rate-limit-key.ts'
export type { RateLimitStore } from './rate-limit-store.ts'
export { type RedisClient, type RedisStoreOptions, redisStore } from './redis-store.ts'
export type { TokenBucketLimit } from './token-bucket.ts'
