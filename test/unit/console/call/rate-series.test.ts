import { expect, it } from 'vitest'
import { RateSeries } from '../../../../console/app/call/engine/rate-series.ts'

it('adds up messages and octets per second', () => {
  const series = new RateSeries()
  series.add('sent', 10, 5)
  series.add('received', 999.9, 7)
  series.add('received', 1_000, 11)
  series.add('received', 3_100, 1)
  expect(series.points(3_200)).toEqual([
    { second: 0, sent: 1, received: 1, sentBytes: 5, receivedBytes: 7, roundTripMs: 989.9 },
    { second: 1, sent: 0, received: 1, sentBytes: 0, receivedBytes: 11, roundTripMs: null },
    { second: 2, sent: 0, received: 0, sentBytes: 0, receivedBytes: 0, roundTripMs: null },
    { second: 3, sent: 0, received: 1, sentBytes: 0, receivedBytes: 1, roundTripMs: null },
  ])
})

it('has zeros up to the time that is asked for', () => {
  expect(new RateSeries().points(2_500).map(({ second }) => second)).toEqual([0, 1, 2])
})

it('measures from the first message that waits for a response', () => {
  const series = new RateSeries()
  series.add('sent', 100, 1)
  series.add('sent', 200, 1)
  series.add('received', 400, 1)
  series.add('received', 450, 1)
  series.add('sent', 500, 1)
  series.add('received', 600, 1)
  // 300 ms, and 100 ms.
  expect(series.points(600)[0]?.roundTripMs).toBe(200)
})

it('keeps ten minutes', () => {
  const series = new RateSeries()
  for (let second = 0; second < 2_000; second++) series.add('received', second * 1_000, 1)
  const points = series.points(1_999_000)
  expect(points).toHaveLength(600)
  expect(points.at(-1)?.second).toBe(1_999)
  // A tab that was asleep for a day.
  expect(series.points(86_400_000)).toHaveLength(600)
})
