import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import type { AttemptStarter } from '../../../../../client/node/rpc/attempt-policy.ts'
import { Retrying } from '../../../../../client/node/rpc/retrying.ts'
import type { RetryPolicy } from '../../../../../client/node/service-config/method-config.ts'
import { RetryThrottle } from '../../../../../client/node/service-config/retry-throttle.ts'
import { type HeaderField, headerField, TimerWheel } from '../../../../../wire/http2/http2.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { SeededRandom } from '../../../../support/seeded-random.ts'

const POLICY: RetryPolicy = {
  maxAttempts: 5,
  initialBackoffMs: 100,
  maxBackoffMs: 300,
  backoffMultiplier: 2,
  retryableCodes: new Set([Code.Unavailable]),
}
const UNAVAILABLE = new ConnectError('down', Code.Unavailable)

/** A call whose attempts fail one after the other. */
class FakeCall implements AttemptStarter {
  readonly clock = new ManualClock()
  readonly timers = new TimerWheel(this.clock)
  /** `grpc-previous-rpc-attempts` of the attempts that followed. */
  readonly previousAttempts: number[] = []
  readonly #retrying: Retrying
  #delayMs = 0

  constructor(policy: Partial<RetryPolicy>, throttle: RetryThrottle | null, random: () => number) {
    this.#retrying = new Retrying({ policy: { ...POLICY, ...policy }, throttle, random }, this)
  }

  startAttempt({ previousAttempts }: { previousAttempts: number }): void {
    this.previousAttempts.push(previousAttempts)
  }

  onRetryDelay(delayMs: number): void {
    this.#delayMs = delayMs
  }

  /** Returns the milliseconds until the next attempt; null without one. */
  nextDelayMs(error: ConnectError, trailers: readonly HeaderField[] | null): number | null {
    if (!this.#retrying.onFailure({ error, trailers })) return null
    const before = this.previousAttempts.length
    this.clock.advance(this.#delayMs - 1)
    expect(this.previousAttempts).toHaveLength(before)
    this.clock.advance(20)
    expect(this.previousAttempts).toHaveLength(before + 1)
    return this.#delayMs
  }
}

function open(policy: Partial<RetryPolicy> = {}, throttle: RetryThrottle | null = null, random = () => 0.5) {
  return new FakeCall(policy, throttle, random)
}

function pushback(...values: string[]) {
  return values.map((value) => headerField('grpc-retry-pushback-ms', value))
}

describe('waits', () => {
  test('RT-1 grow by the multiplier up to the maximum, and end with the attempts', () => {
    const state = open()
    const waits = Array.from({ length: 5 }, () => state.nextDelayMs(UNAVAILABLE, null))
    expect(waits).toEqual([100, 200, 300, 300, null])
    expect(state.previousAttempts).toEqual([1, 2, 3, 4])
  })

  test('RT-1 vary by 20%, up or down', () => {
    const random = seededRandom(3)
    for (let i = 0; i < 1_000; i++) {
      const delayMs = open({}, null, random).nextDelayMs(UNAVAILABLE, null)
      expect(delayMs).toBeGreaterThanOrEqual(80)
      expect(delayMs).toBeLessThanOrEqual(120)
    }
  })
})

test('RT-2 other codes are not retried', () => {
  expect(open().nextDelayMs(new ConnectError('no', Code.NotFound), null)).toBeNull()
})

describe('RT-4 pushback', () => {
  test.each([
    ['0', 0],
    ['250', 250],
    ['-1', null],
    ['abc', null],
    ['4294967296', null],
  ])('%s', (value, expected) => {
    expect(open().nextDelayMs(UNAVAILABLE, pushback(value))).toBe(expected)
  })

  test('two values', () => {
    expect(open().nextDelayMs(UNAVAILABLE, pushback('1', '2'))).toBeNull()
  })

  test('resets the backoff, but grants no more attempts', () => {
    const state = open({ maxAttempts: 4 })
    expect(state.nextDelayMs(UNAVAILABLE, null)).toBe(100)
    expect(state.nextDelayMs(UNAVAILABLE, pushback('7'))).toBe(7)
    expect(state.nextDelayMs(UNAVAILABLE, null)).toBe(100)
    expect(state.nextDelayMs(UNAVAILABLE, pushback('7'))).toBeNull()
  })
})

describe('RT-5 throttling', () => {
  test('stops at half of the tokens, and resumes after successful calls', () => {
    const throttle = new RetryThrottle({ maxTokens: 10, tokenRatio: 0.1 })
    const waits = Array.from({ length: 5 }, () => open({}, throttle).nextDelayMs(UNAVAILABLE, null))
    expect(waits).toEqual([100, 100, 100, 100, null])
    for (let i = 0; i < 11; i++) throttle.onSuccess()
    expect(open({}, throttle).nextDelayMs(UNAVAILABLE, null)).toBe(100)
  })

  test('other failures cost nothing, negative pushback does', () => {
    const throttle = new RetryThrottle({ maxTokens: 4, tokenRatio: 1 })
    for (let i = 0; i < 9; i++) open({}, throttle).nextDelayMs(new ConnectError('no', Code.NotFound), null)
    expect(throttle.allowsRetry).toBe(true)
    for (let i = 0; i < 2; i++) open({}, throttle).nextDelayMs(new ConnectError('no', Code.NotFound), pushback('-1'))
    expect(throttle.allowsRetry).toBe(false)
  })
})

/** Numbers from 0 to below 1, the same in every run. */
function seededRandom(seed: number): () => number {
  const random = new SeededRandom(seed)
  return () => random.next()
}
