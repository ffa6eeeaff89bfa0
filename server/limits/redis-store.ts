/** Keeps the buckets of a rate limit in Redis, where several servers share them. */
import { createHash } from 'node:crypto'
import { checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import type { RateLimitStore } from './rate-limit-store.ts'
import type { TokenBucketLimit } from './token-bucket.ts'

/** What is used of a client of the package `ioredis` (or `iovalkey`). */
export interface RedisClient {
  evalsha(sha1: string, keys: number, ...args: (string | number)[]): Promise<unknown>
  eval(script: string, keys: number, ...args: (string | number)[]): Promise<unknown>
}

/** The options of {@link redisStore}. */
export interface RedisStoreOptions {
  /**
   * A connected client of `ioredis`, which stays yours to close. Set its `enableOfflineQueue` to false, so that calls do not queue up
   * while Redis is away.
   */
  readonly client: RedisClient
  /** Stands before each key. Two limits with one prefix share buckets. Default: `portico:rate-limit:` */
  readonly prefix?: string
}

const SHAPE: OptionShape = {
  kinds: { client: ['object'], prefix: ['string'] } satisfies OptionKinds<RedisStoreOptions>,
}

/**
 * One atomic step on the server, with its clock, so that the clocks of the callers do not matter. The arithmetic is that of
 * TokenBucket. A bucket that would be full again is deleted by its expiry.
 */
const SCRIPT = `
local capacity, refill = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local bucket = redis.call('HMGET', KEYS[1], 'credit', 'at')
local credit, at = tonumber(bucket[1]) or capacity * 1000, tonumber(bucket[2]) or now
credit = math.min(capacity * 1000, credit + math.max(0, now - at) * refill)
local wait = 0
if credit < 1000 then wait = math.ceil((1000 - credit) / refill) else credit = credit - 1000 end
redis.call('HSET', KEYS[1], 'credit', string.format('%.6f', credit), 'at', string.format('%d', now))
redis.call('PEXPIRE', KEYS[1], math.ceil((capacity * 1000 - credit) / refill) + 1)
return wait
`
const SHA1 = createHash('sha1').update(SCRIPT).digest('hex')

/**
 * Returns a store in Redis 5 or newer, one command per call.
 *
 *     rateLimit({ by: 'principal', capacity: 20, refillPerSecond: 10, store: redisStore({ client: new Redis(url) }) })
 *
 * @throws RangeError for an option that is not valid
 */
export function redisStore(options: RedisStoreOptions): RateLimitStore {
  checkOptions('redisStore', options, SHAPE)
  const { client, prefix = 'portico:rate-limit:' } = options
  return { take: (key, limit) => take(client, prefix + key, limit) }
}

/** Redis forgets scripts when it restarts; they are sent again then. */
async function take(
  client: RedisClient,
  key: string,
  { capacity, refillPerSecond }: TokenBucketLimit,
): Promise<number> {
  try {
    return Number(await client.evalsha(SHA1, 1, key, capacity, refillPerSecond))
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return Number(await client.eval(SCRIPT, 1, key, capacity, refillPerSecond))
  }
}
