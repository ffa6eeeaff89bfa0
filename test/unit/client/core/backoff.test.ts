import { describe, expect, it } from 'vitest'
import { backoffDelayMs, DEFAULT_BACKOFF, normalizeBackoff } from '../../../../client/core/backoff.ts'

const MIDDLE = () => 0.5

describe('backoffDelayMs', () => {
  it('grows by the multiplier up to the maximum', () => {
    const backoff = normalizeBackoff({ initialMs: 100, maxMs: 500, multiplier: 2 })
    const delays = [1, 2, 3, 4, 5, 2_000].map((failures) => backoffDelayMs(backoff, failures, MIDDLE))
    expect(delays).toEqual([100, 200, 400, 500, 500, 500])
  })

  it('applies jitter in both directions', () => {
    const backoff = normalizeBackoff({ initialMs: 1_000, jitter: 0.2 })
    expect(backoffDelayMs(backoff, 1, () => 0)).toBe(800)
    expect(backoffDelayMs(backoff, 1, () => 0.999_999)).toBe(1_200)
  })
})

describe('normalizeBackoff', () => {
  it('fills in the defaults and freezes', () => {
    expect(normalizeBackoff()).toEqual(DEFAULT_BACKOFF)
    expect(Object.isFrozen(normalizeBackoff({ initialMs: 1 }))).toBe(true)
  })

  it.each([
    [{ maxMs: 0 }, 'backoff.maxMs is 0: it must be from 1 to 86400000'],
    [{ initialMs: 20_000 }, 'backoff.initialMs is 20000: it must be from 1 to 15000'],
    [{ multiplier: 0.5 }, 'backoff.multiplier is 0.5: it must be from 1 to 10'],
    [{ jitter: Number.NaN }, 'backoff.jitter is NaN: it must be from 0 to 1'],
  ])('rejects %o', (init, message) => {
    expect(() => normalizeBackoff(init)).toThrow(new RangeError(message))
  })
})
