import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { type Ending, endingCode } from '../../../wire/ending-code.ts'
import { encodeErrorResponse } from '../../../wire/error-response.ts'

test.each(['grpc-web', 'connect-stream', 'connect-unary'] as const)(
  'an error that is written in %s is read back',
  (protocol) => {
    const { status, body } = encodeErrorResponse({
      protocol,
      code: Code.NotFound,
      message: 'no',
      contentType: undefined,
    })
    expect(endingCode({ protocol, status, lastChunk: body })).toBe(Code.NotFound)
  },
)

test.each<Ending>([
  { protocol: 'grpc', status: 200, lastChunk: Buffer.from([0]) },
  { protocol: 'grpc-web', status: 200, lastChunk: Buffer.from('\x80\0\0\0\x10grpc-status: 0\r\n', 'latin1') },
  { protocol: 'grpc-web', status: 200, lastChunk: Buffer.from([0, 0, 0, 0, 0]) },
  { protocol: 'connect-stream', status: 200, lastChunk: Buffer.from('\x02\0\0\0\x02{}', 'latin1') },
  { protocol: 'connect-stream', status: 200, lastChunk: Buffer.from('\x03\0\0\0\x02zz', 'latin1') },
  { protocol: 'connect-unary', status: 200, lastChunk: Buffer.from('{"code":"not_found"}') },
  { protocol: 'connect-unary', status: 502, lastChunk: Buffer.from('<html>') },
])('$protocol $status: no failure stands there', (ending) => {
  expect(endingCode(ending)).toBeUndefined()
})
