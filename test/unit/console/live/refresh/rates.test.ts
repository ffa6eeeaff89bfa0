import { expect, it } from 'vitest'
import { increase, Rates } from '../../../../../console/app/live/refresh/rates.ts'

it('is the growth per second between two readings', () => {
  const rates = new Rates()
  rates.update(1_000, [
    ['calls', 10n],
    ['bytes', 100],
  ])
  expect(rates.of('calls')).toBe(null)
  rates.update(3_000, [
    ['calls', 20n],
    ['bytes', 100],
  ])
  expect([rates.of('calls'), rates.of('bytes'), rates.of('other')]).toEqual([5, 0, null])
})

it('starts again when a counter does, and forgets counters that are gone', () => {
  const rates = new Rates()
  rates.update(0, [
    ['calls', 50],
    ['gone', 1],
  ])
  rates.update(1_000, [['calls', 4]])
  expect([rates.of('calls'), rates.of('gone')]).toEqual([4, null])
  rates.update(2_000, [['gone', 9]])
  expect([rates.of('calls'), rates.of('gone')]).toEqual([null, null])
})

it('has no rate without time between the readings', () => {
  const rates = new Rates()
  rates.update(5, [['calls', 1]])
  rates.update(5, [['calls', 2]])
  expect(rates.of('calls')).toBe(null)
})

it('keeps large counters', () => {
  const rates = new Rates()
  rates.update(0, [['calls', 2n ** 53n]])
  rates.update(1_000, [['calls', 2n ** 53n + 1_000n]])
  expect(rates.of('calls')).toBe(1_000)
  expect([increase(5, 7), increase(7, 5)]).toEqual([2, 5])
})
