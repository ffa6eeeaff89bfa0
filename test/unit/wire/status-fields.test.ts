import { create } from '@bufbuild/protobuf'
import { StringValueSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import { findTrailerError } from '@connectrpc/connect/protocol-grpc'
import { expect, test } from 'vitest'
import { statusFields } from '../../../wire/status-fields.ts'

function read(error: ConnectError): ConnectError | undefined {
  return findTrailerError(new Headers(statusFields(error).map(({ name, value }): [string, string] => [name, value])))
}

test('code and message round-trip', () => {
  expect(read(new ConnectError('no 你好', Code.NotFound))).toMatchObject({ code: Code.NotFound, rawMessage: 'no 你好' })
})

test('details round-trip', () => {
  const error = new ConnectError('see details', Code.Aborted)
  error.details = [{ desc: StringValueSchema, value: { value: 'one' } }]
  const details = read(error)?.findDetails(StringValueSchema)
  expect(details).toEqual([create(StringValueSchema, { value: 'one' })])
})

test('without details there is no third field', () => {
  expect(statusFields(new ConnectError('x', Code.Aborted)).map(({ name }) => name)).toEqual([
    'grpc-status',
    'grpc-message',
  ])
})

test('details with a message that is not text', () => {
  const error = new ConnectError('half \ud800', Code.Aborted)
  error.details = [{ desc: StringValueSchema, value: { value: 'one' } }]
  expect(read(error)?.findDetails(StringValueSchema)).toHaveLength(1)
})

test('frozen details are encoded once', () => {
  const error = new ConnectError('server is overloaded', Code.Unavailable)
  let reads = 0
  const detail = {
    type: 'google.rpc.RetryInfo',
    get value() {
      reads += 1
      return new Uint8Array([1])
    },
  }
  error.details = Object.freeze([detail]) as unknown as ConnectError['details']
  const first = statusFields(error)
  const readsOfOne = reads
  expect(statusFields(error)).toEqual(first)
  expect(readsOfOne).toBeGreaterThan(0)
  expect(reads).toBe(readsOfOne)
})
