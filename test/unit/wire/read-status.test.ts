import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { headerField } from '../../../wire/http2/http2.ts'
import { errorOfReset, errorOfTrailers } from '../../../wire/read-status.ts'
import { decodeGrpcMessage, encodeGrpcMessage } from '../../../wire/status-fields.ts'

function fields(entries: Readonly<Record<string, string>>) {
  return Object.entries(entries).map(([name, value]) => headerField(name, value))
}

describe('trailers', () => {
  test('OK is no error, and a missing status is not OK', () => {
    expect(errorOfTrailers(fields({ 'grpc-status': '0' }))).toBeNull()
    expect(errorOfTrailers(fields({ 'x-other': '0' }))).toBeUndefined()
  })

  test('an error has its code, text and metadata', () => {
    const error = errorOfTrailers(fields({ 'grpc-status': '5', 'grpc-message': 'no%20such', 'x-a': 'b' }))
    expect(error).toMatchObject({ code: Code.NotFound, rawMessage: 'no such' })
    expect(error?.metadata.get('x-a')).toBe('b')
  })

  test.each(['17', '-1', 'x', '', '1.0', '999'])('the status "%s" is unknown', (status) => {
    expect(errorOfTrailers(fields({ 'grpc-status': status }))).toMatchObject({ code: Code.Unknown })
  })

  test('invalid details leave the status unchanged', () => {
    const error = errorOfTrailers(fields({ 'grpc-status': '9', 'grpc-status-details-bin': '!' }))
    expect(error).toMatchObject({ code: Code.FailedPrecondition, details: [] })
  })
})

test('a broken connection is UNAVAILABLE, whatever its code', () => {
  const reset = { code: 8, source: 'connection', isUnprocessed: false, reason: 'gone' } as const
  expect(errorOfReset(reset)).toMatchObject({ code: Code.Unavailable, rawMessage: 'gone' })
})

test('a connection that ended with an error reports which', () => {
  const reset = { code: 0xb, source: 'connection', isUnprocessed: false, reason: 'too many PINGs' } as const
  expect(errorOfReset(reset)).toMatchObject({
    code: Code.Unavailable,
    rawMessage: 'the connection ended with ENHANCE_YOUR_CALM: too many PINGs',
  })
})

describe('grpc-message', () => {
  test.each(['plain', 'tab\tnewline\n', '☺ and 𝄞', '100 %'])('%j round-trips', (text) => {
    expect(decodeGrpcMessage(encodeGrpcMessage(text))).toBe(text)
  })

  test.each([
    ['%', '%'],
    ['%zz', '%zz'],
    ['100%', '100%'],
    ['%ff', '\ufffd'],
  ])('%j is decoded as %j', (value, expected) => {
    expect(decodeGrpcMessage(value)).toBe(expected)
  })
})
