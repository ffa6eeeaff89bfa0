import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { encodeErrorResponse } from '../../../wire/error-response.ts'
import type { RpcProtocol } from '../../../wire/rpc-protocol.ts'

const init = { code: Code.Unimplemented, message: 'not here', contentType: undefined }

test('gRPC is one block of headers', () => {
  const { status, headers, body } = encodeErrorResponse({ ...init, protocol: 'grpc' })
  expect(status).toBe(200)
  expect(headers).toMatchObject({ 'grpc-status': '12', 'grpc-message': 'not here' })
  expect(body.byteLength).toBe(0)
})

test('a message is cut to what header lists can bear', () => {
  const { headers } = encodeErrorResponse({ ...init, message: '/'.repeat(16_000), protocol: 'grpc' })
  expect(headers['grpc-message']).toBe('/'.repeat(1_024))
})

test('gRPC-Web is a trailer frame, in base64 for its text form', () => {
  const { body } = encodeErrorResponse({ ...init, protocol: 'grpc-web' })
  expect(body[0]).toBe(0x80)
  expect(Buffer.from(body).toString()).toContain('grpc-status: 12')
  const text = encodeErrorResponse({ ...init, protocol: 'grpc-web-text' })
  expect(Buffer.from(Buffer.from(text.body).toString(), 'base64')).toEqual(Buffer.from(body))
})

test('a Connect stream is an end-stream message, or plain HTTP where the status says so', () => {
  const { status, body } = encodeErrorResponse({ ...init, protocol: 'connect-stream' })
  expect(status).toBe(200)
  expect(body[0]).toBe(2)
  expect(JSON.parse(Buffer.from(body).subarray(5).toString())).toEqual({
    error: { code: 'unimplemented', message: 'not here' },
  })
  expect(encodeErrorResponse({ ...init, protocol: 'connect-stream', httpStatus: 408 }).status).toBe(408)
})

test.each<RpcProtocol | undefined>(['connect-unary', undefined])(
  '%s is JSON with the HTTP status of the code',
  (protocol) => {
    const { status, headers, body } = encodeErrorResponse({ ...init, protocol })
    expect(status).toBe(501)
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'content-length': String(body.byteLength) })
    expect(JSON.parse(Buffer.from(body).toString())).toEqual({ code: 'unimplemented', message: 'not here' })
  },
)
