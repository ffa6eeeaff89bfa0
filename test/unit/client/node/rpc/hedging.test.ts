import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import type { AttemptStarter } from '../../../../../client/node/rpc/attempt-policy.ts'
import { Hedging } from '../../../../../client/node/rpc/hedging.ts'
import type { HedgingPolicy } from '../../../../../client/node/service-config/method-config.ts'
import { RetryThrottle } from '../../../../../client/node/service-config/retry-throttle.ts'
import type { AttemptStart } from '../../../../../wire/call-observer.ts'
import { headerField, TimerWheel } from '../../../../../wire/http2/http2.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'

const DELAY_MS = 1_000
const NON_FATAL = new ConnectError('down', Code.Unavailable)
const FATAL = new ConnectError('no', Code.PermissionDenied)

/** A call that records when its attempts start. `onStart` runs for each of them. */
class FakeCall implements AttemptStarter {
  readonly clock = new ManualClock()
  readonly timers = new TimerWheel(this.clock)
  readonly startedAtMs: number[] = []
  readonly kinds: AttemptStart[] = []
  readonly hedging: Hedging
  onStart: () => void = () => {}
  readonly #beganAtMs = this.clock.now()

  constructor(policy: Partial<HedgingPolicy>, throttle: RetryThrottle | null) {
    const whole = { maxAttempts: 4, hedgingDelayMs: DELAY_MS, nonFatalCodes: new Set([Code.Unavailable]), ...policy }
    this.hedging = new Hedging({ policy: whole, throttle }, this)
  }

  startAttempt(kind: AttemptStart): void {
    this.kinds.push(kind)
    this.startedAtMs.push(this.clock.now() - this.#beganAtMs)
    this.onStart()
  }

  onRetryDelay(): void {
    expect.unreachable('hedges are no retries')
  }

  fail(error: ConnectError, ...pushbacks: string[]): boolean {
    const trailers = pushbacks.map((value) => headerField('grpc-retry-pushback-ms', value))
    return this.hedging.onFailure({ error, trailers })
  }
}

function start(policy: Partial<HedgingPolicy> = {}, throttle: RetryThrottle | null = null): FakeCall {
  const call = new FakeCall(policy, throttle)
  call.hedging.start()
  return call
}

describe('attempts', () => {
  test('start at 0, d, 2d, up to the maximum', () => {
    const call = start()
    call.clock.advance(100 * DELAY_MS)
    expect(call.startedAtMs).toEqual([0, 1_000, 2_000, 3_000])
    expect(call.timers.size).toBe(0)
  })

  test('send the count of earlier attempts', () => {
    const call = start({ maxAttempts: 2 })
    call.clock.advance(DELAY_MS)
    expect(call.kinds).toEqual([
      { previousAttempts: 0, isTransparentRetry: false, isHedge: false },
      { previousAttempts: 1, isTransparentRetry: false, isHedge: true },
    ])
  })

  test('start all at once without a delay, and need no timer', () => {
    const call = start({ hedgingDelayMs: 0 })
    expect(call.startedAtMs).toEqual([0, 0, 0, 0])
    expect(call.timers.size).toBe(0)
  })

  test('stop once the call has settled on one', () => {
    const call = start()
    call.hedging.stop()
    call.clock.advance(100 * DELAY_MS)
    expect(call.startedAtMs).toEqual([0])
    expect(call.timers.size).toBe(0)
  })
})

describe('a non-fatal failure', () => {
  test('starts the next attempt at once, and reschedules the others from there', () => {
    const call = start()
    call.clock.advance(400)
    expect(call.fail(NON_FATAL)).toBe(true)
    call.clock.advance(100 * DELAY_MS)
    expect(call.startedAtMs).toEqual([0, 400, 1_400, 2_400])
  })

  test('ends the call when it is the last one', () => {
    const call = start({ maxAttempts: 2 })
    call.clock.advance(DELAY_MS)
    expect(call.fail(NON_FATAL)).toBe(true)
    expect(call.fail(NON_FATAL)).toBe(false)
    expect(call.startedAtMs).toHaveLength(2)
  })

  test('of the last attempt to start does not wait for an earlier timer', () => {
    const call = start({ maxAttempts: 2 })
    expect(call.fail(NON_FATAL)).toBe(true)
    expect(call.timers.size).toBe(0)
    expect(call.fail(NON_FATAL)).toBe(false)
  })

  test.each([0, DELAY_MS])(
    'during the start of attempts, %i ms apart, ends the call after the last',
    (hedgingDelayMs) => {
      const call = new FakeCall({ hedgingDelayMs }, null)
      const outcomes: boolean[] = []
      call.onStart = () => outcomes.push(call.fail(NON_FATAL))
      call.hedging.start()
      expect(call.startedAtMs).toEqual([0, 0, 0, 0])
      // The innermost belongs to the last attempt, and is notified first.
      expect(outcomes[0]).toBe(false)
      expect(call.timers.size).toBe(0)
    },
  )
})

test('a fatal failure ends the call', () => {
  const call = start({ hedgingDelayMs: 0 })
  expect(call.fail(FATAL)).toBe(false)
})

describe('pushback', () => {
  test('delays the next attempt, and those after it', () => {
    const call = start()
    call.clock.advance(DELAY_MS)
    expect(call.fail(NON_FATAL, '5000')).toBe(true)
    call.clock.advance(100 * DELAY_MS)
    expect(call.startedAtMs).toEqual([0, 1_000, 6_000, 7_000])
  })

  test('of 0 starts it at once', () => {
    const call = start()
    expect(call.fail(NON_FATAL, '0')).toBe(true)
    expect(call.startedAtMs).toEqual([0, 0])
  })

  test('keeps a call alive that has no open attempt', () => {
    const call = start()
    expect(call.fail(NON_FATAL, '5000')).toBe(true)
    call.clock.advance(5_000)
    expect(call.startedAtMs).toEqual([0, 5_000])
  })

  test.each([[['-1']], [['soon']], [['1', '2']]])('of %j stops further attempts; open ones continue', (values) => {
    const call = start()
    call.clock.advance(DELAY_MS)
    expect(call.fail(NON_FATAL, ...values)).toBe(true)
    call.clock.advance(100 * DELAY_MS)
    expect(call.startedAtMs).toEqual([0, 1_000])
    expect(call.fail(NON_FATAL)).toBe(false)
  })
})

describe('throttling', () => {
  test('allows the first attempt, and no other', () => {
    const throttle = new RetryThrottle({ maxTokens: 2, tokenRatio: 1 })
    throttle.onFailure()
    const call = start({}, throttle)
    call.clock.advance(100 * DELAY_MS)
    expect(call.startedAtMs).toEqual([0])
    expect(call.fail(NON_FATAL)).toBe(false)
  })

  test('stops hedging for the rest of a call when the tokens are gone', () => {
    const throttle = new RetryThrottle({ maxTokens: 2, tokenRatio: 1 })
    const call = start({}, throttle)
    call.clock.advance(DELAY_MS)
    expect(call.fail(NON_FATAL)).toBe(true)
    throttle.onSuccess()
    call.clock.advance(100 * DELAY_MS)
    expect(call.startedAtMs).toEqual([0, 1_000])
    expect(call.fail(NON_FATAL)).toBe(false)
  })

  test('does not strand a call whose only remaining attempt is delayed', () => {
    const throttle = new RetryThrottle({ maxTokens: 10, tokenRatio: 1 })
    const call = start({}, throttle)
    expect(call.fail(NON_FATAL, '5000')).toBe(true)
    for (let i = 0; i < 10; i++) throttle.onFailure()
    call.clock.advance(5_000)
    expect(call.startedAtMs).toEqual([0, 5_000])
  })

  test('counts non-fatal failures and negative pushback, and nothing else', () => {
    const throttle = new RetryThrottle({ maxTokens: 4, tokenRatio: 1 })
    for (let i = 0; i < 9; i++) start({}, throttle).fail(FATAL)
    expect(throttle.allowsRetry).toBe(true)
    start({}, throttle).fail(FATAL, '-1')
    start({}, throttle).fail(NON_FATAL)
    expect(throttle.allowsRetry).toBe(false)
  })
})
