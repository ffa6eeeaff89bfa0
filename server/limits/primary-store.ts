/** Keeps the buckets of rate limits in the primary, for all workers: a limit counts for the machine. */
import { type Clock, systemClock } from '../../wire/http2/http2.ts'
import { numberPart, type PartRequest } from '../workers/contracts/numbered-parts.ts'
import { TurnBatch } from '../workers/contracts/turn-batch.ts'
import type { PrimaryLink, WorkerLink } from '../workers/contracts/worker-link.ts'
import { MemoryStore, type RateLimitStore } from './rate-limit-store.ts'
import type { TokenBucketLimit } from './token-bucket.ts'

/** The channel of a link that the messages go over. */
const RATE_LIMIT_CHANNEL = 'portico.rate-limit'

/** Takes a token of each key, in this order. The response has the waits in milliseconds, 0 for a token. */
interface TakeRequest extends PartRequest {
  readonly bucket: TokenBucketLimit
  /** The most buckets of the limit. */
  readonly maxKeys: number
  readonly keys: readonly string[]
}

/** The most keys without a token that are remembered. */
const MAX_EMPTY = 10_000

/** The options of {@link PrimaryStore}. */
export interface PrimaryStoreOptions {
  /** The most buckets in the primary. */
  readonly maxKeys: number
  readonly clock: Clock
}

/** A call that needs a token. All calls of a store have the same limit. */
interface Take {
  readonly key: string
  readonly bucket: TokenBucketLimit
}

/**
 * Asks the primary once for all calls of a turn of the event loop. A bucket that is empty stays so until its next token, so that callers
 * far above their limit do not cost the primary anything.
 */
export class PrimaryStore implements RateLimitStore {
  readonly #link: WorkerLink
  readonly #options: PrimaryStoreOptions
  readonly #part: number
  /** When there is a token again, by key. */
  readonly #emptyUntilMs = new Map<string, number>()
  readonly #takes = new TurnBatch((takes: readonly Take[]) => this.#takeAll(takes))

  constructor(link: WorkerLink, options: PrimaryStoreOptions) {
    this.#link = link
    this.#options = options
    this.#part = numberPart(link, RATE_LIMIT_CHANNEL)
  }

  take(key: string, bucket: TokenBucketLimit): number | Promise<number> {
    const waitMs = this.#knownWait(key)
    if (waitMs > 0) return waitMs
    return this.#takes.add({ key, bucket })
  }

  #knownWait(key: string): number {
    const emptyUntilMs = this.#emptyUntilMs.get(key)
    if (emptyUntilMs === undefined) return 0
    const waitMs = Math.ceil(emptyUntilMs - this.#options.clock.now())
    if (waitMs <= 0) this.#emptyUntilMs.delete(key)
    return Math.max(0, waitMs)
  }

  async #takeAll(takes: readonly Take[]): Promise<readonly number[]> {
    const { maxKeys, clock } = this.#options
    const askedAtMs = clock.now()
    const [{ bucket }] = takes as [Take]
    const request: TakeRequest = { part: this.#part, bucket, maxKeys, keys: takes.map(({ key }) => key) }
    const waits = (await this.#link.request(RATE_LIMIT_CHANNEL, request)) as readonly number[]
    for (const [index, { key }] of takes.entries()) {
      const waitMs = waits[index] ?? 0
      if (waitMs > 0) this.#remember(key, askedAtMs + waitMs)
    }
    return waits
  }

  #remember(key: string, emptyUntilMs: number): void {
    this.#emptyUntilMs.delete(key)
    this.#emptyUntilMs.set(key, emptyUntilMs)
    const [oldest] = this.#emptyUntilMs.size > MAX_EMPTY ? this.#emptyUntilMs.keys() : []
    if (oldest !== undefined) this.#emptyUntilMs.delete(oldest)
  }
}

/** Answers the stores of workers, in the primary. */
export function servePrimaryRateLimits(link: PrimaryLink, clock: Clock = systemClock): void {
  const stores = new Map<number, MemoryStore>()
  link.onRequest(RATE_LIMIT_CHANNEL, (request) => {
    const { part, bucket, maxKeys, keys } = request as TakeRequest
    const store = stores.get(part) ?? new MemoryStore({ maxKeys, now: () => clock.now() })
    stores.set(part, store)
    return keys.map((key) => store.take(key, bucket))
  })
}
