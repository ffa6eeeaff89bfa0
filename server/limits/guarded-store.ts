/** Decides on calls while the store of a rate limit cannot be reached. */
import { Code } from '@connectrpc/connect'
import type { Clock } from '../../wire/http2/http2.ts'
import { retryLater } from '../rpc/retry-later.ts'
import type { RateLimitStore } from './rate-limit-store.ts'
import type { TokenBucketLimit } from './token-bucket.ts'

/** A store that failed is left alone for this long, so that calls do not wait for it one after the other. */
const RETRY_AFTER_MS = 1_000

/** The options of {@link GuardedStore}. */
export interface GuardedStoreOptions {
  readonly store: RateLimitStore
  readonly limit: TokenBucketLimit
  readonly whenStoreFails: 'admit' | 'refuse'
  readonly timeoutMs: number
  readonly clock: Clock
  /** Called at the first failure, with the error, and once the store answers again. */
  readonly onChange: (failure: unknown) => void
}

/** Asks the store, and where it fails admits or refuses all calls until it answers again. */
export class GuardedStore {
  readonly #options: GuardedStoreOptions
  /** When one call may try the store again; null while the store works. */
  #retryAtMs: number | null = null

  constructor(options: GuardedStoreOptions) {
    this.#options = options
  }

  /** Takes a token and returns 0, or returns the milliseconds until there is one. Synchronous if the store is. */
  take(key: string): number | Promise<number> {
    const { store, limit, clock } = this.#options
    if (this.#retryAtMs !== null) {
      if (clock.now() < this.#retryAtMs) return this.#decideAlone()
      this.#retryAtMs = clock.now() + RETRY_AFTER_MS
    }
    try {
      const taken = store.take(key, limit)
      return typeof taken === 'number' ? this.#pass(taken) : this.#await(taken)
    } catch (failure) {
      return this.#fail(failure)
    }
  }

  async #await(taking: Promise<number>): Promise<number> {
    let waitMs: number
    try {
      waitMs = await this.#inTime(taking)
    } catch (failure) {
      return this.#fail(failure)
    }
    return this.#pass(waitMs)
  }

  #inTime(taking: Promise<number>): Promise<number> {
    const { timeoutMs, clock } = this.#options
    return new Promise((resolve, reject) => {
      const timer = clock.schedule(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
      taking.then(resolve, reject).finally(() => timer.cancel())
    })
  }

  #pass(waitMs: number): number {
    if (this.#retryAtMs !== null) {
      this.#retryAtMs = null
      this.#options.onChange(undefined)
    }
    return waitMs
  }

  #fail(failure: unknown): number {
    const isNew = this.#retryAtMs === null
    this.#retryAtMs = this.#options.clock.now() + RETRY_AFTER_MS
    if (isNew) this.#options.onChange(failure)
    return this.#decideAlone()
  }

  #decideAlone(): number {
    if (this.#options.whenStoreFails === 'admit') return 0
    const message = 'rate limit cannot be checked: try again later'
    throw retryLater({ code: Code.Unavailable, message, retryAfterMs: RETRY_AFTER_MS })
  }
}
