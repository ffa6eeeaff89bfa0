import { expect, it } from 'vitest'
import { percentilesOf } from '../../../../console/app/call/compare/percentiles.ts'

it('are those of the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(percentilesOf(hundred)).toEqual({ count: 100, minMs: 1, p50Ms: 50, p95Ms: 95, p99Ms: 99, maxMs: 100 })
  expect(percentilesOf([4])).toEqual({ count: 1, minMs: 4, p50Ms: 4, p95Ms: 4, p99Ms: 4, maxMs: 4 })
  expect(percentilesOf([3, 1])).toMatchObject({ p50Ms: 1, p95Ms: 3 })
  expect(percentilesOf([])).toBeNull()
})
