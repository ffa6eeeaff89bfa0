import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Traffic, trafficOf, watchTraffic } from '../../../../server/listen/traffic.ts'
import type { NodeHandler } from '../../../../server/rpc/exchange/node-request.ts'
import { connectUnary } from '../../../../server/rpc/protocols/connect/unary-protocol.ts'
import { grpc } from '../../../../server/rpc/protocols/grpc/protocol.ts'
import { envelope } from '../../../support/calls.ts'
import { exchanges } from '../../../support/exchange.ts'

const REQUEST = envelope(Buffer.from('abc'))

/** Serves over that HTTP version, and gives the origin. */
async function serve(version: string, handler: NodeHandler): Promise<string> {
  const onHttp1 = (request: IncomingMessage, response: ServerResponse) => handler(request, response)
  const onHttp2 = (request: Http2ServerRequest, response: Http2ServerResponse) => handler(request, response)
  const server = version === 'HTTP/2' ? createHttp2Server(onHttp2) : createServer(onHttp1)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test.each(exchanges)('counts bytes both ways over %s, each once', async (version, exchange) => {
  let traffic: Traffic | undefined
  const origin = await serve(version, async (request, response) => {
    traffic = watchTraffic(request, response, new Traffic(grpc, false))
    expect(trafficOf(request)).toBe(traffic)
    for await (const _chunk of request) expect(traffic.receivedBytes).toBeGreaterThan(0)
    const output = response as ServerResponse
    output.write(Buffer.from('12345'))
    output.write('ä')
    output.end(Buffer.from('678'))
  })
  const { body } = await exchange(origin, { path: '/', body: REQUEST })
  expect(body.toString()).toBe('12345ä678')
  expect(traffic).toMatchObject({ receivedBytes: 8, sentBytes: 10, lastSent: Buffer.from('678') })
  expect(traffic?.isOwed).toBe(false)
})

test.each(exchanges)('notices a body that stops within a message over %s', async (version, exchange) => {
  let traffic: Traffic | undefined
  const origin = await serve(version, async (request, response) => {
    traffic = watchTraffic(request, response, new Traffic(grpc, false))
    for await (const _chunk of request);
    response.end()
  })
  await exchange(origin, { path: '/', body: REQUEST.subarray(0, -1) })
  expect(traffic).toMatchObject({ receivedBytes: 7, sentBytes: 0, lastSent: undefined })
  expect(traffic?.isOwed).toBe(true)
})

test.each(exchanges)('records the gRPC status of the trailers over %s', async (version, exchange) => {
  let traffic: Traffic | undefined
  const origin = await serve(version, (request, response) => {
    traffic = watchTraffic(request, response, new Traffic(grpc, false))
    const output = response as ServerResponse
    if (version === 'HTTP/1.1') output.setHeader('trailer', 'grpc-status')
    output.write('x')
    output.addTrailers({ 'grpc-status': '5' })
    output.end()
  })
  const { trailers } = await exchange(origin, { path: '/', body: '' })
  expect(trailers['grpc-status']).toBe('5')
  expect(traffic?.grpcStatus).toBe('5')
})

test.each([
  ['without envelopes', connectUnary],
  ['of ordinary HTTP', undefined],
])('a body %s is awaited as a whole', (_what, protocol) => {
  expect(new Traffic(protocol, false).isOwed).toBe(true)
})

test('the only message of a call is awaited before it begins', () => {
  expect(new Traffic(grpc, true).isOwed).toBe(true)
  expect(new Traffic(grpc, false).isOwed).toBe(false)
})
