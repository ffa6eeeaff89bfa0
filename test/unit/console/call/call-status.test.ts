import { create, createRegistry, toBinary } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { expect, it } from 'vitest'
import { codeName, failedStatus } from '../../../../console/app/call/engine/call-status.ts'
import { binaryValue } from '../../../../console/app/call/result/binary-value.ts'
import { RetryInfoSchema } from '../../../../gen/google/rpc/error_details_pb.js'
import { SayHelloRequestSchema } from '../../../../gen/greeter/v1/greeter_pb.js'

const NONE = createRegistry()

it.each([
  [0, 'OK'],
  [Code.Canceled, 'CANCELLED'],
  [Code.InvalidArgument, 'INVALID_ARGUMENT'],
  [Code.Unauthenticated, 'UNAUTHENTICATED'],
  [99, 'CODE_99'],
])('code %i is %s', (code, name) => {
  expect(codeName(code)).toBe(name)
})

function failWith(type: string, value: Uint8Array, registry = NONE) {
  const error = new ConnectError('no', Code.Aborted)
  error.details = [{ type, value }]
  return failedStatus(error, 409, registry).details[0]
}

it('decodes details of google.rpc without the API', () => {
  const octets = toBinary(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: { seconds: 2n } }))
  expect(failWith('google.rpc.RetryInfo', octets)?.json).toEqual({ retryDelay: '2s' })
})

it('decodes details with the types of the API', () => {
  const octets = toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { name: 'Ada' }))
  const known = createRegistry(SayHelloRequestSchema)
  expect(failWith('greeter.v1.SayHelloRequest', octets, known)?.json).toEqual({ name: 'Ada' })
  expect(failWith('greeter.v1.SayHelloRequest', octets)).toEqual({
    typeName: 'greeter.v1.SayHelloRequest',
    json: null,
    octets,
  })
})

it('keeps the octets of invalid details', () => {
  expect(failWith('google.rpc.RetryInfo', new Uint8Array([255]))).toMatchObject({ json: null })
})

it.each([
  ['Failed to fetch', new TypeError('Failed to fetch'), 'UNKNOWN'],
  ['stopped', new DOMException('stopped', 'AbortError'), 'CANCELLED'],
])('has a code for other failures: %s', (message, reason, code) => {
  expect(failedStatus(reason, null, NONE)).toMatchObject({ code, message, httpStatus: null, details: [] })
})

it.each([
  ['x-a-bin', 'aGVsbG8', '"hello"'],
  ['x-a-bin', 'aGVsbG8=', '"hello"'],
  ['x-a-bin', 'AP8', '2 bytes: 00 ff'],
  ['x-a-bin', '_-8', '2 bytes: ff ef'],
  ['x-a-bin', '?', null],
  ['x-a', 'aGVsbG8', null],
])('%s: %s means %s', (name, value, text) => {
  expect(binaryValue(name, value)).toBe(text)
})
