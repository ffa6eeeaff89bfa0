/** Protects a failing server: does not send calls that would most likely fail. */
import type { DescMethod } from '@bufbuild/protobuf'
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import { RollingCounts } from './rolling-counts.ts'
import { watchCall } from './watch-call.ts'

/** When a breaker starts to reject calls, and how many. */
export interface CircuitBreakerOptions {
  /** The length of the window in which calls are counted, in milliseconds: from 1. Default: 3,000. */
  readonly windowMs?: number
  /** The number of steps in which the window advances: a whole number from 1 to 1,000. Default: 10. */
  readonly buckets?: number
  /**
   * Rejects once there are more than `k` times as many calls as succeed, and lets about `k` times the successful ones through:
   * from 1. A smaller number is stricter. Default: 2, which means that half of the calls fail.
   */
  readonly k?: number
  /** Rejects nothing while the window has fewer calls: a whole number from 0. Default: 20. */
  readonly minRequests?: number
  /** Returns milliseconds of a monotonic clock. Default: performance.now. */
  readonly now?: () => number
  /** Returns a number from 0 to below 1. Default: Math.random. */
  readonly random?: () => number
}

type CompleteOptions = Readonly<Required<CircuitBreakerOptions>>

/** Codes that mean trouble with the server or the path to it; all others are responses of a working server. */
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
 * Returns an interceptor that rejects a share of the calls of a method with UNAVAILABLE while too many of them fail: the
 * client-side throttling of Google's Site Reliability Engineering, chapter 21. With `total` calls in the window, of which
 * `accepted` did not fail with INTERNAL, UNAVAILABLE or DEADLINE_EXCEEDED, it rejects the next call with the probability
 * `(total - k * accepted) / (total + 1)`. Rejected calls count as failed. Some calls always go through, so that the breaker closes
 * once they succeed. Each method has its own breaker; transports that share the interceptor share the breakers.
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
