import { expect, test } from 'vitest'
import { formatGrpcTimeout, parseGrpcTimeout } from '../../../wire/timeout-header.ts'

test.each([
  [0.000_001, '1n'],
  [99.999_999, '99999999n'],
  [100, '100000u'],
  [100.000_1, '100001u'],
  [99_999.999, '99999999u'],
  [100_000, '100000m'],
  [99_999_999, '99999999m'],
  [100_000_000, '100000S'],
  [99_999_999_000, '99999999S'],
  [100_000_000_000, '1666667M'],
  [1e15, '99999999H'],
])('DL-4 %d ms is written %s', (timeoutMs, expected) => {
  const written = formatGrpcTimeout(timeoutMs)
  expect(written).toBe(expected)
  if (timeoutMs < 1e14) expect(parseGrpcTimeout(written)).toBeGreaterThanOrEqual(timeoutMs * (1 - 1e-9))
})
