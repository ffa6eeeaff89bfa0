import { create } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, it } from 'vitest'
import { codeName, errorText } from '../../../../../../client/web/page/parts/error-text.ts'
import {
  formatCelsius,
  formatChange,
  formatDuration,
  formatPrice,
  messageTimeMs,
} from '../../../../../../client/web/page/parts/format.ts'
import { GetStreamResponseSchema } from '../../../../../../gen/greeter/v1/greeter_pb.js'

describe('numbers', () => {
  it.each([
    [formatPrice(1_234.5), '1,234.50'],
    [formatChange(200, 201), '+1.00 (+0.50 %)'],
    [formatChange(200, 199), '−1.00 (−0.50 %)'],
    [formatChange(200, 200), '+0.00 (+0.00 %)'],
    [formatCelsius(-3.25), '−3.3 °C'],
    [formatDuration(3.21), '3.2 ms'],
    [formatDuration(48.4), '48 ms'],
    [formatDuration(1_540), '1.5 s'],
  ])('%s', (actual, expected) => {
    expect(actual).toBe(expected)
  })

  it('uses the time that the server sent', () => {
    const time = timestampFromMs(1_700_000_000_123)
    expect(messageTimeMs(create(GetStreamResponseSchema, { time }))).toBe(1_700_000_000_123)
  })
})

describe('errorText', () => {
  it.each([
    [Code.InvalidArgument, 'INVALID_ARGUMENT'],
    [Code.Unavailable, 'UNAVAILABLE'],
    [Code.DataLoss, 'DATA_LOSS'],
    [99 as Code, 'CODE_99'],
  ])('names code %i as gRPC does', (code, name) => {
    expect(codeName(code)).toBe(name)
  })

  it('writes code and message', () => {
    expect(errorText(new ConnectError('topic is empty', Code.InvalidArgument))).toBe('INVALID_ARGUMENT: topic is empty')
    expect(errorText(new TypeError('Failed to fetch'))).toBe('UNKNOWN: Failed to fetch')
    expect(errorText(new ConnectError('', Code.Aborted))).toBe('ABORTED')
  })
})
