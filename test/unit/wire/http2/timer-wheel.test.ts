import { describe, expect, test } from 'vitest'
import { TimerWheel, WheelTimer } from '../../../../wire/http2/timer-wheel.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** Schedules one timer and says when it fired. */
function firesAfter(delayMs: number, startMs = 0): number {
  const clock = new ManualClock()
  const wheel = new TimerWheel(clock)
  clock.advance(startMs)
  const begin = clock.now()
  let firedAt = -1
  wheel.schedule(new WheelTimer(() => (firedAt = clock.now())), delayMs)
  clock.advance(delayMs + 1_000)
  return firedAt - begin
}

describe('timer wheel', () => {
  test.each([1, 50, 99, 100, 101, 1_000, 2_559, 2_560, 2_561, 9_999, 60_000, 655_360, 655_361, 3_600_000, 86_400_000])(
    'a timer of %i ms is never early, and late by at most a tick',
    (delayMs) => {
      for (const startMs of [0, 3, 2_557, 655_359]) {
        const after = firesAfter(delayMs, startMs)
        expect(after).toBeGreaterThanOrEqual(delayMs)
        expect(after).toBeLessThanOrEqual(delayMs + 20)
      }
    },
  )

  test('many timers fire in order, cancelled ones never', () => {
    const clock = new ManualClock()
    const wheel = new TimerWheel(clock)
    const fired: number[] = []
    let random = 7
    const cancelled = new Set<number>()
    for (let i = 0; i < 2_000; i++) {
      random = (random * 48_271) % 2_147_483_647
      const delayMs = 100 + (random % 700_000)
      const timer = new WheelTimer(() => fired.push(delayMs))
      wheel.schedule(timer, delayMs)
      if (i % 3 === 0) {
        wheel.cancel(timer)
        cancelled.add(delayMs)
      }
    }
    clock.advance(701_000)
    expect(fired).toHaveLength(2_000 - 667)
    expect(fired.every((delayMs, i) => i === 0 || delayMs >= (fired[i - 1] as number) - 10)).toBe(true)
    expect(wheel.size).toBe(0)
  })

  test('a timer can be scheduled again, also from its own callback', () => {
    const clock = new ManualClock()
    const wheel = new TimerWheel(clock)
    const fired: number[] = []
    const timer: WheelTimer = new WheelTimer(() => {
      fired.push(clock.now())
      if (fired.length < 3) wheel.schedule(timer, 1_000)
    })
    wheel.schedule(timer, 5_000)
    wheel.schedule(timer, 1_000)
    expect(wheel.size).toBe(1)
    clock.advance(10_000)
    expect(fired).toHaveLength(3)
    expect(timer.isScheduled).toBe(false)
  })

  test('one real timer serves them all', () => {
    const clock = new ManualClock()
    const wheel = new TimerWheel(clock)
    for (let i = 0; i < 100; i++) wheel.schedule(new WheelTimer(() => {}), 1_000 + i * 100)
    expect(clock.pending).toBe(1)
    clock.advance(20_000)
    expect(clock.pending).toBe(0)
  })
})
