import { expect, test } from 'vitest'
import { rpcProtocolOf } from '../../../wire/rpc-protocol.ts'

const head = { contentType: undefined, connectVersion: undefined, method: 'POST', target: '/a.B/C' }

test.each([
  ['application/grpc', 'grpc'],
  ['application/grpc+proto; charset=utf-8', 'grpc'],
  ['Application/GRPC', 'grpc'],
  ['application/grpc-web', 'grpc-web'],
  ['application/grpc-web+json', 'grpc-web'],
  ['application/grpc-web-text+proto', 'grpc-web-text'],
  ['application/connect+proto', 'connect-stream'],
  ['application/grpcx', undefined],
  ['application/json', undefined],
  ['x-application/grpc', undefined],
])('%s is %s', (contentType, protocol) => {
  expect(rpcProtocolOf({ ...head, contentType })).toBe(protocol)
})

test("Connect's own header, or its GET, make a unary call", () => {
  expect(rpcProtocolOf({ ...head, contentType: 'application/json', connectVersion: '1' })).toBe('connect-unary')
  expect(rpcProtocolOf({ ...head, method: 'GET', target: '/a.B/C?connect=v1&message=' })).toBe('connect-unary')
  expect(rpcProtocolOf({ ...head, method: 'GET', target: '/a.B/C?disconnect=v1' })).toBeUndefined()
  expect(rpcProtocolOf({ ...head, target: '/a.B/C?connect=v1' })).toBeUndefined()
})
