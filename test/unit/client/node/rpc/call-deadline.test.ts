import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { CallDeadline, callTimeoutMs } from '../../../../../client/node/rpc/call-deadline.ts'
import { TimerWheel } from '../../../../../wire/http2/http2.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'

const DAY_MS = 86_400_000

test.each([10, 99, 100, 5_000, 2_147_483_648, 30 * DAY_MS, 600 * DAY_MS])(
  'a deadline of %i ms passes then, and not before',
  (timeoutMs) => {
    const clock = new ManualClock()
    const timers = new TimerWheel(clock)
    let passed = 0
    const deadline = new CallDeadline(timers, { timeoutMs, restMs: timeoutMs }, () => passed++)
    clock.advance(timeoutMs - 1)
    expect([passed, deadline.restMs]).toEqual([0, 1])
    clock.advance(11)
    expect([passed, deadline.restMs]).toEqual([1, -10])
    expect([timers.size, clock.pending]).toEqual([0, 0])
  },
)

test('a cancelled deadline does not pass', () => {
  const clock = new ManualClock()
  const timers = new TimerWheel(clock)
  const deadline = new CallDeadline(timers, { timeoutMs: 600 * DAY_MS, restMs: 600 * DAY_MS }, expect.fail)
  clock.advance(550 * DAY_MS)
  deadline.cancel()
  expect(timers.size).toBe(0)
  clock.advance(100 * DAY_MS)
})

test('an expired deadline passes in another turn', () => {
  const clock = new ManualClock()
  let passed = 0
  new CallDeadline(new TimerWheel(clock), { timeoutMs: 10, restMs: -5 }, () => passed++)
  expect(passed).toBe(0)
  clock.advance(0)
  expect(passed).toBe(1)
})

test.each([
  [undefined, undefined, undefined],
  [undefined, 7, 7],
  [5, 7, 5],
  [0.5, 7, 0.5],
  [0, 7, undefined],
  [-1, 7, undefined],
  [Number.NEGATIVE_INFINITY, 7, undefined],
  [Number.POSITIVE_INFINITY, 7, undefined],
])('a call with timeout %s and default %s gets a timeout of %s', (asked, byDefault, expected) => {
  expect(callTimeoutMs(asked, byDefault)).toBe(expected)
})

test.each([
  [Number.NaN, 'NaN'],
  [null, 'null'],
  ['500', 'of type string'],
  [500n, 'of type bigint'],
  [{}, 'of type object'],
])('rejects a timeout of %s', (asked, told) => {
  expect(() => callTimeoutMs(asked, 7)).toThrow(
    expect.objectContaining({ code: Code.InvalidArgument, rawMessage: `timeoutMs is ${told}, and must be a number` }),
  )
})
