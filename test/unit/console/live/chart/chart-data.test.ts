import { expect, it } from 'vitest'
import { type ChartPoint, describeChart, toColumns } from '../../../../../console/app/live/chart/chart-data.ts'

const FORMAT = { value: (value: number) => `${value} ms`, time: (atMs: number) => `${atMs / 1000} s` }

function points(...pairs: readonly (readonly [number, number | null])[]): ChartPoint[] {
  return pairs.map(([atMs, value]) => ({ atMs, value }))
}

it('joins series over their times, in order', () => {
  const a = { label: 'a', points: points([1, 10], [3, null], [5, 50]) }
  const b = { label: 'b', points: points([2, 20], [3, 30]) }
  expect(toColumns([a, b], 100)).toEqual({
    timesMs: [1, 2, 3, 5],
    values: [
      [10, undefined, null, 50],
      [undefined, 20, 30, undefined],
    ],
  })
  expect(toColumns([], 100)).toEqual({ timesMs: [], values: [] })
})

it('keeps the newest points of each series', () => {
  const long = { label: 'a', points: Array.from({ length: 1000 }, (_, index) => ({ atMs: index, value: index })) }
  const { timesMs, values } = toColumns([long, { label: 'b', points: points([0, 7]) }], 3)
  expect(timesMs).toEqual([0, 997, 998, 999])
  expect(values).toEqual([
    [undefined, 997, 998, 999],
    [7, undefined, undefined, undefined],
  ])
})

it('says what a chart shows', () => {
  const a = { label: 'p50', points: points([1000, 3], [2000, 9], [3000, 5], [4000, null]) }
  expect(describeChart([a, { label: 'p99', points: points([1000, null]) }], 100, FORMAT)).toBe(
    'p50: 3 values, the last one 5 ms at 3 s, from 3 ms to 9 ms. p99: no values',
  )
  expect(describeChart([a], 2, FORMAT)).toBe('p50: 1 value, the last one 5 ms at 3 s, from 5 ms to 5 ms')
  expect(describeChart([{ label: 'p50', points: [] }], 100, FORMAT)).toBe('Nothing yet')
  expect(describeChart([], 100, FORMAT)).toBe('Nothing yet')
})
