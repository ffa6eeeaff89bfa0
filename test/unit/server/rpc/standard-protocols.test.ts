import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { CallHead } from '../../../../server/rpc/exchange/call-head.ts'
import { protocolOf, refuse, refuseUnserved } from '../../../../server/rpc/exchange/caller-protocol.ts'
import { HeadFault } from '../../../../server/rpc/exchange/refusal.ts'
import { connectStream } from '../../../../server/rpc/protocols/connect/stream-protocol.ts'
import { connectUnary } from '../../../../server/rpc/protocols/connect/unary-protocol.ts'
import { grpc } from '../../../../server/rpc/protocols/grpc/protocol.ts'
import { grpcWeb, grpcWebText } from '../../../../server/rpc/protocols/grpc-web/protocol.ts'
import type { ServerProtocol } from '../../../../server/rpc/protocols/server-protocol.ts'
import { STANDARD_PROTOCOLS } from '../../../../server/rpc/standard-protocols.ts'

interface Init {
  readonly method?: string
  readonly path?: string
  readonly fields?: Readonly<Record<string, string>>
}

function headOf({ method = 'POST', path = '/a.B/C', fields = {} }: Init = {}): CallHead {
  return new CallHead({ method, path, fields: Object.entries(fields).map(([name, value]) => ({ name, value })) })
}

function typed(contentType: string, fields: Readonly<Record<string, string>> = {}): CallHead {
  return headOf({ fields: { 'content-type': contentType, ...fields } })
}

function recognised(head: CallHead, isMethod = false): ServerProtocol | undefined {
  return protocolOf(STANDARD_PROTOCOLS, head, isMethod)
}

describe('a protocol is recognised by the request headers', () => {
  test.each<[string, ServerProtocol | undefined]>([
    ['application/grpc', grpc],
    ['application/grpc+proto; charset=utf-8', grpc],
    ['Application/GRPC', grpc],
    ['application/grpc+xml', grpc],
    ['application/grpc-web', grpcWeb],
    ['application/grpc-web+json', grpcWeb],
    ['application/grpc-web-text+proto', grpcWebText],
    ['application/connect+proto', connectStream],
    ['application/grpcx', undefined],
    ['application/json', undefined],
    ['x-application/grpc', undefined],
  ])('%s', (contentType, protocol) => {
    expect(recognised(typed(contentType))).toBe(protocol)
  })

  test("Connect's own header, or its GET, marks a unary call", () => {
    expect(recognised(typed('application/json', { 'connect-protocol-version': '1' }))).toBe(connectUnary)
    expect(recognised(headOf({ method: 'GET', path: '/a.B/C?connect=v1&message=' }))).toBe(connectUnary)
    expect(recognised(headOf({ method: 'GET', path: '/a.B/C?disconnect=v1' }))).toBeUndefined()
    expect(recognised(headOf({ path: '/a.B/C?connect=v1' }))).toBeUndefined()
  })

  test('at the path of a method, any unrecognised request is a unary Connect call', () => {
    expect(recognised(typed('text/plain'), true)).toBe(connectUnary)
    expect(recognised(typed('application/grpc'), true)).toBe(grpc)
  })

  test.each(STANDARD_PROTOCOLS)('$name: every content type that it accepts', (protocol) => {
    for (const contentType of protocol.contentTypes) expect(recognised(typed(contentType), true)).toBe(protocol)
  })
})

describe('a rejection in the protocol of the caller', () => {
  const error = new ConnectError('not here', Code.Unimplemented)
  const refusalOf = (protocol: ServerProtocol, httpStatus?: number) => protocol.refuse(error, headOf(), httpStatus)

  test('gRPC is one block of headers', () => {
    const { head, body, code } = refusalOf(grpc)
    expect(head.status).toBe(200)
    expect(head.http1).toEqual(['content-type', 'application/grpc', 'grpc-status', '12', 'grpc-message', 'not here'])
    expect([body.byteLength, code]).toEqual([0, Code.Unimplemented])
  })

  test('a message is truncated to fit header lists', () => {
    const { head } = grpc.refuse(new ConnectError('/'.repeat(16_000), Code.Unimplemented), headOf(), undefined)
    expect(head.fields.find(({ name }) => name === 'grpc-message')?.value).toBe('/'.repeat(1_024))
  })

  test('gRPC-Web is a trailer frame, in base64 for its text form', () => {
    const { body } = refusalOf(grpcWeb)
    expect(body[0]).toBe(0x80)
    expect(Buffer.from(body).toString()).toContain('grpc-status: 12')
    expect(Buffer.from(Buffer.from(refusalOf(grpcWebText).body).toString(), 'base64')).toEqual(Buffer.from(body))
  })

  test('a Connect stream is an end-stream message, or plain HTTP if the status says so', () => {
    const { head, body } = refusalOf(connectStream)
    expect(head.status).toBe(200)
    expect(body[0]).toBe(2)
    expect(JSON.parse(Buffer.from(body).subarray(5).toString())).toEqual({
      error: { code: 'unimplemented', message: 'not here' },
    })
    expect(refusalOf(connectStream, 408).head.status).toBe(408)
  })

  test.each<[string, ServerProtocol | undefined]>([
    ['Connect unary', connectUnary],
    ['ordinary HTTP', undefined],
  ])('%s is JSON; an unknown path is 404', (_name, protocol) => {
    const { head, body } = refuseUnserved(protocol, headOf({ path: '/a.B/C?d=e' }))
    expect(head.status).toBe(404)
    expect(head.http1).toEqual(['content-type', 'application/json'])
    expect(JSON.parse(body.toString())).toEqual({ code: 'unimplemented', message: '/a.B/C is not implemented' })
  })

  test.each(STANDARD_PROTOCOLS)('$name: an invalid header has its HTTP status', (protocol) => {
    expect(refuse(protocol, headOf(), HeadFault.TOO_LARGE).head.status).toBe(431)
    expect(refuse(protocol, headOf(), HeadFault.STOPPED_ARRIVING).head.status).toBe(408)
  })
})

describe('the code of a failed call', () => {
  const error = new ConnectError('no', Code.NotFound)

  test.each([grpcWeb, grpcWebText, connectStream, connectUnary])('$name: is read back from its end', (protocol) => {
    const { head, body } = protocol.refuse(error, headOf(), undefined)
    expect(protocol.endingCodeOf(head.status, body)).toBe(Code.NotFound)
  })

  test.each<[string, ServerProtocol, number, Buffer]>([
    ['gRPC, whose trailers tell', grpc, 200, Buffer.from([0])],
    ['gRPC-Web that succeeded', grpcWeb, 200, Buffer.from('\x80\0\0\0\x10grpc-status: 0\r\n', 'latin1')],
    ['a message of gRPC-Web', grpcWeb, 200, Buffer.from([0, 0, 0, 0, 0])],
    ['a Connect stream that succeeded', connectStream, 200, Buffer.from('\x02\0\0\0\x02{}', 'latin1')],
    ['an end that was compressed', connectStream, 200, Buffer.from('\x03\0\0\0\x02zz', 'latin1')],
    ['a Connect answer that looks like an error', connectUnary, 200, Buffer.from('{"code":"not_found"}')],
  ])('%s: none stands there', (_what, protocol, httpStatus, lastChunk) => {
    expect(protocol.endingCodeOf(httpStatus, lastChunk)).toBeUndefined()
  })
})
