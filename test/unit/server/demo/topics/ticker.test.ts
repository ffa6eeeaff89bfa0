import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Ticker } from '../../../../../server/demo/topics/ticker.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  // First, or the spy would put the fake timer back.
  vi.restoreAllMocks()
  vi.useRealTimers()
})

test('one timer serves all items, from the first to the last', () => {
  const ticks: string[] = []
  const ticker = new Ticker<string>(100, (item) => ticks.push(item))
  expect(vi.getTimerCount()).toBe(0)
  ticker.add('a')
  ticker.add('b')
  ticker.add('b')
  expect([vi.getTimerCount(), ticker.isRunning]).toEqual([1, true])
  vi.advanceTimersByTime(99)
  expect(ticks).toEqual([])
  vi.advanceTimersByTime(1)
  expect(ticks).toEqual(['a', 'b'])
  ticker.delete('a')
  vi.advanceTimersByTime(100)
  expect(ticks).toEqual(['a', 'b', 'b'])
  ticker.delete('b')
  expect([vi.getTimerCount(), ticker.isRunning]).toEqual([0, false])
})

test('it starts again after it stopped', () => {
  const ticks: string[] = []
  const ticker = new Ticker<string>(100, (item) => ticks.push(item))
  ticker.add('a')
  ticker.delete('a')
  ticker.delete('a')
  ticker.add('a')
  vi.advanceTimersByTime(100)
  expect(ticks).toEqual(['a'])
  ticker.delete('a')
})

test('it does not keep the process alive', () => {
  const unref = vi.fn()
  vi.spyOn(globalThis, 'setInterval').mockImplementationOnce(() => ({ unref }) as unknown as NodeJS.Timeout)
  new Ticker<string>(100, () => {}).add('a')
  expect(unref).toHaveBeenCalledOnce()
})
