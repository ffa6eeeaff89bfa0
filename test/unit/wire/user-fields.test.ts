import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { errorFields, userFields } from '../../../wire/user-fields.ts'

test('metadata is sent in lower case, each set-cookie value separately', () => {
  const headers = new Headers([
    ['X-One', 'a'],
    ['x-one', 'b'],
    ['Set-Cookie', 'c=1'],
    ['Set-Cookie', 'd=2'],
    ['data-bin', 'AQ'],
  ])
  expect(userFields(headers)).toEqual([
    { name: 'data-bin', value: 'AQ' },
    { name: 'set-cookie', value: 'c=1' },
    { name: 'set-cookie', value: 'd=2' },
    { name: 'x-one', value: 'a, b' },
  ])
  expect(userFields(new Headers({ a: 'b' }), 'trailer-')).toEqual([{ name: 'trailer-a', value: 'b' }])
  expect(userFields(undefined)).toEqual([])
})

test('each value of binary metadata is its own field', () => {
  const headers = new Headers([
    ['a-bin', 'AQ'],
    ['a-bin', 'Ag=='],
    ['b-bin', 'AQ,Ag'],
    ['c-bin', ''],
    ['c-bin', 'AQ'],
    ['d-bin', 'AQ'],
    ['e', '1, 2'],
  ])
  expect(userFields(headers, 'trailer-').map(({ name, value }) => `${name}=${value}`)).toEqual([
    'trailer-a-bin=AQ',
    'trailer-a-bin=Ag==',
    'trailer-b-bin=AQ',
    'trailer-b-bin=Ag',
    'trailer-c-bin=',
    'trailer-c-bin=AQ',
    'trailer-d-bin=AQ',
    'trailer-e=1, 2',
  ])
})

test.each([
  'content-type',
  'content-length',
  'content-encoding',
  'grpc-status',
  'grpc-message',
  'grpc-encoding',
  'grpc-timeout',
  'connection',
  'transfer-encoding',
  'te',
  'host',
])('MD-4 %s cannot be set by the service', (name) => {
  expect(userFields(new Headers({ [name]: '1' }))).toEqual([])
})

test.each(['caf\u00e9', 'tab\tin it', '\u0001'])(
  'a value that may not be sent throws, without revealing it: %j',
  (value) => {
    expect(() => userFields(new Headers({ 'x-bad': value }))).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(value) }),
    )
  },
)

test('the metadata of an error is sent, unless it came from another server', () => {
  const error = new ConnectError('x', Code.Aborted, { 'retry-in': '5', 'grpc-status': '0' })
  expect(errorFields(error)).toEqual([{ name: 'retry-in', value: '5' }])
  error.isWireError = true
  expect(errorFields(error)).toEqual([])
})
