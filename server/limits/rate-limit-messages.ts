/** What workers ask their primary for rate limits. */
import type { TokenBucketLimit } from './token-bucket.ts'

/** The channel of a link that the messages go over. */
export const RATE_LIMIT_CHANNEL = 'rate-limit'

/** Takes a token of each key, in this order. The response has the waits in milliseconds, 0 for a token. */
export interface TakeRequest {
  /** The number of the limit in its process. */
  readonly limit: number
  readonly bucket: TokenBucketLimit
  /** The most buckets of the limit. */
  readonly maxKeys: number
  readonly keys: readonly string[]
}
