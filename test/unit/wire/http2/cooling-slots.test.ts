import { expect, test } from 'vitest'
import { CoolingSlots } from '../../../../wire/http2/early-resets.ts'
import { TimerWheel } from '../../../../wire/http2/timer-wheel.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function slotsOf() {
  const clock = new ManualClock()
  const timers = new TimerWheel(clock)
  const given: number[] = []
  return { clock, timers, given, slots: new CoolingSlots(timers, (count) => given.push(count)) }
}

test('a slot returns after at least 100 ms, and at most 200 ms and a tick or two', () => {
  const { clock, given, slots } = slotsOf()
  slots.add()
  clock.advance(60)
  slots.add()
  clock.advance(50)
  expect(given).toEqual([])
  slots.add()
  clock.advance(110)
  expect(given).toEqual([2])
  clock.advance(110)
  expect(given).toEqual([2, 1])
})

test('without a slot there is no timer, and after the end none is started', () => {
  const { clock, timers, given, slots } = slotsOf()
  expect(timers.size).toBe(0)
  slots.add()
  expect(timers.size).toBe(1)
  clock.advance(500)
  expect(timers.size).toBe(0)
  expect(given).toEqual([1])
  slots.add()
  slots.stop()
  slots.add()
  expect(timers.size).toBe(0)
})
