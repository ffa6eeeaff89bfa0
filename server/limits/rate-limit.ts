/** Limits the rate of calls. */
import { Code, type HandlerContext } from '@connectrpc/connect'
import { type Clock, systemClock } from '../../wire/http2/http2.ts'
import { checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import type { Middleware, PreparedServer } from '../rpc/middleware.ts'
import { retryLater } from '../rpc/retry-later.ts'
import { isStandardService } from '../rpc/standard-service.ts'
import type { WorkerLink } from '../workers/contracts/worker-link.ts'
import { type FlexibleLimiter, flexibleStore } from './flexible-store.ts'
import { GuardedStore } from './guarded-store.ts'
import { limitMetrics } from './limit-metrics.ts'
import { PrimaryStore } from './primary-store.ts'
import { keyFunction, RATE_LIMIT_KEYS, type RateLimitBy } from './rate-limit-key.ts'
import { MemoryStore, type RateLimitStore } from './rate-limit-store.ts'

/** The options of {@link rateLimit}: either `capacity` and `refillPerSecond`, or `limiter`. */
export interface RateLimitOptions {
  /** Whose calls share a bucket. */
  readonly by: RateLimitBy
  /** For metrics and lists; several limits need several names there. Default: `rateLimit`. */
  readonly name?: string
  /** The most calls at once, after a pause: the size of the bucket. A whole number from 1 to 1,000,000,000. */
  readonly capacity?: number
  /** The calls per second in the long run. From 0.001 (one in 17 minutes) to 1,000,000,000. */
  readonly refillPerSecond?: number
  /** Where the buckets are kept: `redisStore`, or one of your own. Default: in this process; with workers, in their primary. */
  readonly store?: RateLimitStore
  /** The most buckets in the default store, about 150 bytes each. A whole number from 1. Default: 100,000. */
  readonly maxKeys?: number
  /** A limiter of the package `rate-limiter-flexible` in place of the token bucket. Its `points` and `duration` are the limit. */
  readonly limiter?: FlexibleLimiter
  /** What happens to calls while the store cannot be reached. Default: `admit`. */
  readonly whenStoreFails?: 'admit' | 'refuse'
  /** How long a call waits for the store, in milliseconds, from 1 to 60,000. Default: 250. */
  readonly storeTimeoutMs?: number
  /** Whether health, reflection, channelz and admin services are limited too. Default: false. */
  readonly standardServices?: boolean
  /** The time. Default: that of the process. */
  readonly clock?: Clock
}

/** A rate limit, for the option `middleware`. */
export interface RateLimit extends Middleware {
  readonly state: RateLimitState
}

/** What a rate limit has done so far. Read it at any time. */
export interface RateLimitState {
  /** The calls that were refused since the start. */
  readonly refused: number
}

const SHAPE: OptionShape = {
  kinds: {
    by: ['string', 'function'],
    name: ['string'],
    capacity: ['number'],
    refillPerSecond: ['number'],
    store: ['object'],
    maxKeys: ['number'],
    limiter: ['object'],
    whenStoreFails: ['string'],
    storeTimeoutMs: ['number'],
    standardServices: ['boolean'],
    clock: ['object'],
  } satisfies OptionKinds<RateLimitOptions>,
}

const MOST = 1_000_000_000

/**
 * Refuses calls above a rate with RESOURCE_EXHAUSTED, and says when to try again. Runs after the headers of a call and before its body
 * is read. By `principal` it belongs after `authenticate`.
 *
 *     rateLimit({ by: 'peer', capacity: 20, refillPerSecond: 10 })
 *
 * @throws RangeError that names every option that is not valid
 */
export function rateLimit(options: RateLimitOptions): RateLimit {
  checkOptions('rateLimit', options, SHAPE)
  assertRanges(options)
  const { by, name = 'rateLimit', standardServices = false } = options
  const keyOf = keyFunction(by)
  const state = { refused: 0 }
  let log: PreparedServer['log'] | undefined
  let isShared = false
  const onChange = (failure: unknown) => {
    if (failure === undefined) log?.info('rate limit: store answers again')
    else log?.warn({ err: failure, calls: options.whenStoreFails ?? 'admit' }, 'rate limit: store failed')
  }
  let store = guardedStore(options, onChange)

  function refuseFor(waitMs: number): void {
    if (waitMs === 0) return
    state.refused += 1
    throw retryLater({ code: Code.ResourceExhausted, message: 'rate limit exceeded', retryAfterMs: waitMs })
  }

  return {
    name,
    state,
    metricSources: limitMetrics(name, () => state),
    appliesTo: ({ parent }) => standardServices || !isStandardService(parent.typeName),
    requestGate(context: HandlerContext) {
      const key = keyOf(context)
      if (key === undefined) return
      const taken = store.take(key)
      if (typeof taken !== 'number') return taken.then(refuseFor)
      refuseFor(taken)
    },
    prepare(server) {
      log = server.log
      if (server.worker !== undefined && !isShared) {
        isShared = true
        store = guardedStore(options, onChange, server.worker)
      }
      if (by === 'principal' && server.inner.includes('authenticate')) {
        throw new RangeError('rateLimit by principal stands before authenticate: list it after')
      }
    },
  }
}

/** @param worker the primary, which keeps the buckets of all workers. Default: this process keeps them */
function guardedStore(
  options: RateLimitOptions,
  onChange: (failure: unknown) => void,
  worker?: WorkerLink,
): GuardedStore {
  const { clock = systemClock, capacity = 0, refillPerSecond = 0 } = options
  return new GuardedStore({
    store: storeOf(options, worker),
    limit: { capacity, refillPerSecond },
    whenStoreFails: options.whenStoreFails ?? 'admit',
    timeoutMs: options.storeTimeoutMs ?? 250,
    clock,
    onChange,
  })
}

/** Whether workers share a store or a limiter of the program is for the program to decide. */
function storeOf(options: RateLimitOptions, worker: WorkerLink | undefined): RateLimitStore {
  const { store, limiter, maxKeys = 100_000, clock = systemClock } = options
  if (store !== undefined) return store
  if (limiter !== undefined) return flexibleStore(limiter)
  return worker === undefined
    ? new MemoryStore({ maxKeys, now: () => clock.now() })
    : new PrimaryStore(worker, { maxKeys, clock })
}

function assertRanges(options: RateLimitOptions): void {
  const { by, capacity, refillPerSecond, store, limiter, maxKeys, whenStoreFails, storeTimeoutMs } = options
  const faults: string[] = []
  if (typeof by === 'string' && !RATE_LIMIT_KEYS.includes(by))
    faults.push(`by is "${by}": it must be a function or one of ${RATE_LIMIT_KEYS.join(', ')}`)
  if (by === undefined) faults.push('by is missing')
  if (limiter === undefined) {
    if (!isWhole(capacity, MOST)) faults.push(`capacity is ${capacity}: it must be a whole number from 1 to ${MOST}`)
    if (!(refillPerSecond !== undefined && refillPerSecond >= 0.001 && refillPerSecond <= MOST))
      faults.push(`refillPerSecond is ${refillPerSecond}: it must be from 0.001 to ${MOST}`)
  } else if ([capacity, refillPerSecond, store].some((other) => other !== undefined)) {
    faults.push('limiter takes the place of capacity, refillPerSecond and store: leave these out')
  }
  if (maxKeys !== undefined && !isWhole(maxKeys)) faults.push(`maxKeys is ${maxKeys}: it must be a whole number from 1`)
  if (whenStoreFails !== undefined && !['admit', 'refuse'].includes(whenStoreFails))
    faults.push(`whenStoreFails is "${whenStoreFails}": it must be admit or refuse`)
  if (storeTimeoutMs !== undefined && !isWhole(storeTimeoutMs, 60_000))
    faults.push(`storeTimeoutMs is ${storeTimeoutMs}: it must be a whole number from 1 to 60000`)
  if (faults.length > 0) throw new RangeError(`rateLimit: ${faults.join('; ')}`)
}

function isWhole(value: number | undefined, most: number = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && value !== undefined && value >= 1 && value <= most
}
