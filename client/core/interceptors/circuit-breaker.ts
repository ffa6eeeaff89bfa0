/** Spares a server that fails: calls that would most likely fail too are not sent. */
import type { DescMethod } from '@bufbuild/protobuf'
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import { RollingCounts } from './rolling-counts.ts'
import { watchCall } from './watch-call.ts'

/** When a breaker opens, and how far. */
export interface CircuitBreakerOptions {
  /** How far back it looks, in milliseconds: from 1. Default 3,000. */
  readonly windowMs?: number
  /** In how many parts the window moves on: a whole number from 1 to 1,000. Default 10. */
  readonly buckets?: number
  /**
   * It begins to reject when there are more than `k` times as many calls as succeed, and lets about that many through: from
   * 1. Less is stricter. Default 2, which is half of the calls failing.
   */
  readonly k?: number
  /** As long as there are fewer calls in the window, all go through: a whole number from 0. Default 20. */
  readonly minRequests?: number
  /** Milliseconds on a clock that never goes back. Default: performance.now. */
  readonly now?: () => number
  /** A number from 0 to below 1. Default: Math.random. */
  readonly random?: () => number
}

type CompleteOptions = Readonly<Required<CircuitBreakerOptions>>

/** These say that the server, or the way to it, is in trouble; the others are answers. */
const FAILURES: ReadonlySet<Code> = new Set([Code.Internal, Code.Unavailable, Code.DeadlineExceeded])

const DEFAULTS: CompleteOptions = Object.freeze({
  windowMs: 3000,
  buckets: 10,
  k: 2,
  minRequests: 20,
  now: () => performance.now(),
  random: Math.random,
})

const SHAPE: OptionShape = {
  kinds: {
    windowMs: ['number'],
    buckets: ['number'],
    k: ['number'],
    minRequests: ['number'],
    now: ['function'],
    random: ['function'],
  } satisfies OptionKinds<CircuitBreakerOptions>,
}

/**
 * An interceptor that rejects a share of the calls of a method while too many of them fail, with UNAVAILABLE: the client-side
 * throttling of Google's Site Reliability Engineering, chapter 21. Of `total` calls in the window, of which `accepted` did not
 * fail by INTERNAL, UNAVAILABLE or DEADLINE_EXCEEDED, the next is rejected with a probability of
 * `(total - k * accepted) / (total + 1)`. Rejected calls count as failed; some always go through, and so it closes by itself.
 * Each method has a breaker of its own; transports that share the interceptor share them.
 *
 *     createTransport({ baseUrl, interceptors: [circuitBreaker()] })
 *
 * @throws RangeError naming the option, its value and its range
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): Interceptor {
  const complete = normalizeCircuitBreakerOptions(options)
  const { now } = complete
  const methods = new WeakMap<DescMethod, RollingCounts>()
  return (next) => async (request) => {
    const counts = countsOf(methods, request.method, complete)
    if (isRejected(counts, complete)) {
      counts.add(now(), false)
      const { service, method } = request
      throw new ConnectError(`the circuit breaker of ${service.typeName}/${method.name} is open`, Code.Unavailable)
    }
    return watchCall(next, request, (error) => counts.add(now(), error === undefined || !FAILURES.has(error.code)))
  }
}

function isRejected(counts: RollingCounts, { now, k, minRequests, random }: CompleteOptions): boolean {
  const nowMs = now()
  const total = counts.total(nowMs)
  const excess = total - k * counts.accepted(nowMs)
  if (total < minRequests || excess <= 0) return false
  return random() < excess / (total + 1)
}

function countsOf(
  methods: WeakMap<DescMethod, RollingCounts>,
  method: DescMethod,
  options: CompleteOptions,
): RollingCounts {
  let counts = methods.get(method)
  if (counts === undefined) {
    counts = new RollingCounts(options)
    methods.set(method, counts)
  }
  return counts
}

function normalizeCircuitBreakerOptions(init: CircuitBreakerOptions): CompleteOptions {
  checkOptions('circuitBreaker', init, SHAPE)
  const options = { ...DEFAULTS, ...init }
  const { windowMs, buckets, k, minRequests } = options
  assertThat(windowMs >= 1 && windowMs < Infinity, 'windowMs', windowMs, 'a number from 1')
  assertThat(isWhole(buckets, 1, 1000), 'buckets', buckets, 'a whole number from 1 to 1000')
  assertThat(k >= 1 && k < Infinity, 'k', k, 'a number from 1')
  const max = Number.MAX_SAFE_INTEGER
  assertThat(isWhole(minRequests, 0, max), 'minRequests', minRequests, 'a whole number from 0')
  return Object.freeze(options)
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max
}

function assertThat(isFine: boolean, name: string, value: number, range: string): void {
  if (!isFine) throw new RangeError(`${name} is ${value}, and must be ${range}`)
}
