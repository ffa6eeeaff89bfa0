import { create, toBinary } from '@bufbuild/protobuf'
import { anyPack, StringValueSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc'
import { describe, expect, test } from 'vitest'
import { readStatusDetails } from '../../../wire/status-details.ts'
import { field, repeat } from '../../support/decode-bombs.ts'

const base64 = (octets: Uint8Array) => Buffer.from(octets).toString('base64')
/** A NOT_FOUND status with these fields after its code. */
const status = (...fields: Uint8Array[]) => base64(Buffer.concat([Uint8Array.of(0x08, 5), ...fields]))

test('reads the details that Connect writes', () => {
  const error = new ConnectError('no such thing', Code.NotFound)
  error.details = [
    { desc: StringValueSchema, value: { value: 'one' } },
    { type: 'acme.Two', value: Uint8Array.of(1, 2) },
  ]
  const value = setTrailerStatus(new Headers(), error).get('grpc-status-details-bin') ?? ''
  expect(readStatusDetails(value)).toEqual([
    {
      type: 'google.protobuf.StringValue',
      value: toBinary(StringValueSchema, create(StringValueSchema, { value: 'one' })),
    },
    { type: 'acme.Two', value: Uint8Array.of(1, 2) },
  ])
})

test('accepts unknown fields, and a type without a host', () => {
  const any = Buffer.concat([field(1, Buffer.from('acme.One')), field(7, [1]), field(2, [9])])
  expect(readStatusDetails(status(field(9, [1, 2]), field(3, any)))).toEqual([
    { type: 'acme.One', value: Uint8Array.of(9) },
  ])
})

describe('there are no details', () => {
  test.each([
    ['in a text that is not base64', '!!!'],
    ['in an empty text', ''],
    ['in octets that end too early', base64(Uint8Array.of(0x08, 5, 0x1a, 9, 1))],
    ['in a type that is not UTF-8', status(field(3, field(1, [0xff])))],
    ['of a status that is OK', base64(field(3, field(1, Buffer.from('acme.One'))))],
    ['where there are more than a thousand', status(repeat([0x1a, 0], 2_002))],
  ])('%s', (_what, value) => {
    expect(readStatusDetails(value)).toEqual([])
  })
})

test('unknown fields of 48 KiB are skipped without being kept', () => {
  const any = anyPack(StringValueSchema, create(StringValueSchema, { value: 'x' }))
  const detail = Buffer.concat([field(1, Buffer.from(any.typeUrl)), field(2, any.value)])
  expect(readStatusDetails(status(repeat([0x7a, 0], 48_000), field(3, detail)))).toHaveLength(1)
})
