import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scaleFor } from '../../../../../../client/web/page/parts/chart-scale.ts'

describe('scaleFor', () => {
  it('puts ticks on round values around the data', () => {
    expect(scaleFor([271, 281.6, 275], 4, 1)).toEqual({ min: 270, max: 285, ticks: [270, 275, 280, 285] })
  })

  it('pads equal values on both sides', () => {
    expect(scaleFor([21, 21], 3, 2)).toEqual({ min: 20, max: 22, ticks: [20, 21, 22] })
  })

  it('has no ticks where there are no values', () => {
    expect(scaleFor([], 4, 1)).toEqual({ min: 0, max: 1, ticks: [] })
  })

  it('covers all values, with few ticks and never an empty range', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), fc.integer({ min: 2, max: 8 }), (values, maxTicks) => {
        const { min, max, ticks } = scaleFor(values, maxTicks, 1)
        expect(min).toBeLessThan(max)
        expect(Math.min(...values)).toBeGreaterThanOrEqual(min - 1e-6)
        expect(Math.max(...values)).toBeLessThanOrEqual(max + 1e-6)
        expect(ticks.length).toBeGreaterThanOrEqual(2)
        expect(ticks.length).toBeLessThanOrEqual(maxTicks + 1)
      }),
    )
  })
})
