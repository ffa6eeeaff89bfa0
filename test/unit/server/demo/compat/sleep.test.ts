import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sleep } from '../../../../../server/demo/compat/sleep.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('waits for the given time', async () => {
  const { signal } = new AbortController()
  const removed = vi.spyOn(signal, 'removeEventListener')
  const settled = vi.fn()
  const slept = sleep(100, signal).then(settled)
  await vi.advanceTimersByTimeAsync(99)
  expect(settled).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  await slept
  expect(removed).toHaveBeenCalledOnce()
})

test('an abort ends it at once, with the reason and without a timer left', async () => {
  const controller = new AbortController()
  const slept = sleep(100, controller.signal)
  expect(vi.getTimerCount()).toBe(1)
  const reason = new Error('gone')
  controller.abort(reason)
  expect(vi.getTimerCount()).toBe(0)
  await expect(slept).rejects.toBe(reason)
})

test('a signal that is already aborted starts no timer', async () => {
  const slept = sleep(100, AbortSignal.abort(new Error('gone')))
  expect(vi.getTimerCount()).toBe(0)
  await expect(slept).rejects.toThrow('gone')
})
