import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { sleep } from '../../../../client/core/sleep.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

it('resolves after the delay, not before', async () => {
  const finished = vi.fn()
  const done = sleep(1_000).then(finished)
  await vi.advanceTimersByTimeAsync(999)
  expect(finished).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  await done
  expect(finished).toHaveBeenCalledOnce()
})

it('resolves after a delay that exceeds one timer', async () => {
  const finished = vi.fn()
  const done = sleep(2 ** 31 + 5_000).then(finished)
  await vi.advanceTimersByTimeAsync(2 ** 31 + 4_999)
  expect(finished).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  await done
  expect(vi.getTimerCount()).toBe(0)
})

it('resolves when the signal aborts, and leaves no timer', async () => {
  const abort = new AbortController()
  const done = sleep(1_000, abort.signal)
  expect(vi.getTimerCount()).toBe(1)
  abort.abort()
  await done
  expect(vi.getTimerCount()).toBe(0)
})

it('starts no timer when the signal is already aborted', async () => {
  await sleep(1_000, AbortSignal.abort())
  expect(vi.getTimerCount()).toBe(0)
})
