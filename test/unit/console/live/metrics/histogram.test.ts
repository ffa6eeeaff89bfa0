import { expect, it } from 'vitest'
import { type Bucket, histogramQuantile, sumBuckets } from '../../../../../console/app/live/metrics/histogram.ts'
import { SeededRandom } from '../../../../support/seeded-random.ts'

function buckets(...pairs: readonly (readonly [number, number])[]): Bucket[] {
  return pairs.map(([bound, count]) => ({ bound, count }))
}

const POSITIVE = buckets([0.1, 50], [0.2, 70], [1, 110], [Number.POSITIVE_INFINITY, 120])
const NEGATIVE = buckets([-0.2, 10], [-0.1, 20], [0.3, 20], [Number.POSITIVE_INFINITY, 30])

// What Prometheus's own tests expect of `histogram_quantile`.
it.each([
  [0, 0, -0.2],
  [0.2, 0.048, -0.2],
  [0.5, 0.15, -0.15],
  [0.8, 0.72, 0.3],
  [1, 1, 0.3],
])('the quantile %d is that of Prometheus', (share, positive, negative) => {
  expect(histogramQuantile(POSITIVE, share)).toBeCloseTo(positive, 10)
  expect(histogramQuantile(NEGATIVE, share)).toBeCloseTo(negative, 10)
})

it('lies in the bucket of the real quantile', () => {
  const random = new SeededRandom(17)
  const bounds = [0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, Number.POSITIVE_INFINITY]
  for (let round = 0; round < 200; round++) {
    const values = Array.from(
      { length: 1 + Math.floor(random.next() * 300) },
      () => 10 ** (4 * random.next() - 4),
    ).sort((a, b) => a - b)
    const counted = bounds.map((bound) => ({ bound, count: values.filter((value) => value <= bound).length }))
    for (const share of [0.01, 0.5, 0.95, 0.99]) {
      const real = values[Math.ceil(share * values.length) - 1] ?? 0
      const place = bounds.findIndex((bound) => real <= bound)
      const found = histogramQuantile(counted, share)
      expect(found).toBeGreaterThanOrEqual(bounds[place - 1] ?? 0)
      expect(found).toBeLessThanOrEqual((bounds[place] ?? 0) * (1 + Number.EPSILON * 4))
    }
  }
})

it.each([
  ['no buckets', []],
  ['no values', buckets([1, 0], [Number.POSITIVE_INFINITY, 0])],
  ['no last bucket', buckets([1, 5], [2, 6])],
  ['the last bucket alone', buckets([Number.POSITIVE_INFINITY, 5])],
  ['counts that are no numbers', buckets([1, Number.NaN], [Number.POSITIVE_INFINITY, Number.NaN])],
])('has no quantile with %s', (_name, of) => {
  expect(histogramQuantile(of, 0.5)).toBeNaN()
})

it('adds up histograms by bounds', () => {
  expect(
    sumBuckets([
      ...buckets([1, 2], [Number.POSITIVE_INFINITY, 3]),
      ...buckets([Number.POSITIVE_INFINITY, 5], [1, 4], [0.5, 1]),
    ]),
  ).toEqual(buckets([0.5, 1], [1, 6], [Number.POSITIVE_INFINITY, 8]))
})
