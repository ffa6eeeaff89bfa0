import { expect, test } from 'vitest'
import { parseConnectTimeout, parseGrpcTimeout } from '../../../wire/timeout-header.ts'

test.each([
  ['1H', 3_600_000],
  ['2M', 120_000],
  ['99999999S', 99_999_999_000],
  ['5m', 5],
  ['0n', 0],
  ['250u', 0.25],
  ['500000n', 0.5],
])('grpc-timeout %s is %d ms', (value, timeoutMs) => {
  expect(parseGrpcTimeout(value)).toBeCloseTo(timeoutMs, 9)
})

test.each(['', 'm', '1', '123456789S', '-1S', '1.5S', '1s', ' 1S', '1S '])('grpc-timeout %j is invalid', (value) => {
  expect(parseGrpcTimeout(value)).toBeUndefined()
})

test('connect-timeout-ms is one to ten digits', () => {
  expect(parseConnectTimeout('0')).toBe(0)
  expect(parseConnectTimeout('9999999999')).toBe(9_999_999_999)
  for (const value of ['', '12345678901', '-1', '1.5', '1e3', '0x10']) {
    expect(parseConnectTimeout(value), value).toBeUndefined()
  }
})
