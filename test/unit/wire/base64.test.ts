import { expect, test } from 'vitest'
import { isBase64, isBinaryMetadata } from '../../../wire/base64.ts'

test.each(['', 'AQ', 'AQ==', 'AQI', 'AQI=', 'AQID', '-_-_', '+/+/'])('%j is base64', (text) => {
  expect(isBase64(text)).toBe(true)
})

test.each(['A', 'AQ=', 'AQ===', 'AQ==AQ==', 'A!', 'AQ AQ', 'AQID='])('%j is not', (text) => {
  expect(isBase64(text)).toBe(false)
})

test('MD-3 joined values are validated one by one', () => {
  expect(isBinaryMetadata('AQ,Ag')).toBe(true)
  expect(isBinaryMetadata('AQ==, Ag==')).toBe(true)
  expect(isBinaryMetadata('AQ,?')).toBe(false)
})
