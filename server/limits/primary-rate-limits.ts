/** The buckets of rate limits of all workers: the other half of PrimaryStore. */
import { type Clock, systemClock } from '../../wire/http2/http2.ts'
import type { PrimaryLink } from '../workers/contracts/worker-link.ts'
import { RATE_LIMIT_CHANNEL, type TakeRequest } from './primary-store.ts'
import { MemoryStore } from './rate-limit-store.ts'

/** Keeps the buckets of the rate limits of workers. A limit counts for the machine. */
export function servePrimaryRateLimits(link: PrimaryLink, clock: Clock = systemClock): void {
  const stores = new Map<number, MemoryStore>()
  link.onRequest(RATE_LIMIT_CHANNEL, (request) => {
    const { limit, bucket, maxKeys, keys } = request as TakeRequest
    const store = stores.get(limit) ?? new MemoryStore({ maxKeys, now: () => clock.now() })
    stores.set(limit, store)
    return keys.map((key) => store.take(key, bucket))
  })
}
