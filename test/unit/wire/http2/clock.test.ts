import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../../../wire/http2/clock.ts'

const DAY_MS = 86_400_000

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it.each([1, 24, 25, 60])('calls back after %d days, and not before', (days) => {
  const callback = vi.fn()
  systemClock.schedule(callback, days * DAY_MS)
  vi.advanceTimersByTime(days * DAY_MS - 1)
  expect(callback).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(callback).toHaveBeenCalledOnce()
})

it('can be cancelled at any time of a long wait', () => {
  const callback = vi.fn()
  const timer = systemClock.schedule(callback, 60 * DAY_MS)
  vi.advanceTimersByTime(40 * DAY_MS)
  timer.cancel()
  vi.advanceTimersByTime(40 * DAY_MS)
  expect(callback).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})
