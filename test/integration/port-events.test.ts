/** The server of a port emits and takes what a server of node:http does. */
import { once } from 'node:events'
import { createServer, IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { endOf, sayHello } from '../support/calls.ts'
import { exchangeHttp1, exchanges } from '../support/exchange.ts'
import { listenRaw } from '../support/listen-raw.ts'
import { startNativeFastify } from '../support/native-fastify.ts'

describe('request', () => {
  test.each(exchanges)('is emitted for ordinary requests, over %s', async (_name, exchange) => {
    const { origin, app } = await startNativeFastify((instance) => instance.get('/about', async () => 'about'))
    const seen: (string | undefined)[] = []
    app.server.on('request', (request) => seen.push(request.url))
    expect((await exchange(origin, { method: 'GET', path: '/about' })).body.toString()).toBe('about')
    expect(endOf('connect', await exchange(origin, sayHello('connect'))).code).toBe('ok')
    expect(seen).toEqual(['/about'])
  })

  test.each(exchanges)('can be replaced by others, as engine.io does, over %s', async (_name, exchange) => {
    const { origin, app } = await startNativeFastify((instance) => instance.get('/about', async () => 'about'))
    const listeners = app.server.listeners('request')
    app.server.removeAllListeners('request')
    app.server.on('request', (request, response) => {
      if (request.url?.startsWith('/engine.io/')) response.end('engine')
      else for (const listener of listeners) listener.call(app.server, request, response)
    })
    expect((await exchange(origin, { method: 'GET', path: '/engine.io/' })).body.toString()).toBe('engine')
    expect((await exchange(origin, { method: 'GET', path: '/about' })).body.toString()).toBe('about')
    expect(endOf('grpc-web', await exchange(origin, sayHello('grpc-web'))).code).toBe('ok')
  })

  test('emitted by another server is served, calls too', async () => {
    const { app } = await startNativeFastify((instance) => {
      instance.get('/about', async () => 'about')
      instance.post('/echo', async ({ body }) => body)
    })
    const other = createServer((request, response) => app.server.emit('request', request, response))
    const origin = `http://127.0.0.1:${await listenRaw(other)}`
    expect((await exchangeHttp1(origin, { method: 'GET', path: '/about' })).body.toString()).toBe('about')
    const headers = { 'content-type': 'application/json' }
    expect((await exchangeHttp1(origin, { path: '/echo', headers, body: '[1]' })).body.toString()).toBe('[1]')
    for (const protocol of ['grpc-web', 'connect', 'connect-json'] as const) {
      expect(endOf(protocol, await exchangeHttp1(origin, sayHello(protocol))).code).toBe('ok')
    }
  })

  test.each([
    ['an ordinary request', { path: '/echo', headers: { 'content-type': 'application/json' }, body: '{"name":"Ada"}' }],
    ['a call', sayHello('connect-json')],
  ])('created by a serverless adapter is served: %s', async (_name, { path, headers, body }) => {
    const { app } = await startNativeFastify((instance) => instance.post('/echo', async (request) => request.body))
    const written = new CollectedWrites()
    const request = new IncomingMessage(ADAPTER_SOCKET as unknown as Socket)
    const octets = Buffer.from(body ?? '')
    Object.assign(request, { method: 'POST', url: path, httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 })
    request.headers = { host: 'a.test', ...headers, 'content-length': String(octets.length) } as typeof request.headers
    request.rawHeaders = Object.entries(request.headers).flat() as string[]
    request._read = () => {
      request.complete = true
      request.push(octets)
      request.push(null)
    }
    const response = new ServerResponse(request)
    response.assignSocket(written as unknown as Socket)
    app.server.emit('request', request, response)
    await once(response, 'finish')
    expect(written.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(written.text).toContain('Ada')
  })
})

/** The socket of a request in such adapters. */
const ADAPTER_SOCKET = { encrypted: true, readable: false, remoteAddress: '192.0.2.1', destroy() {}, end() {} }

/** Records what is written. */
class CollectedWrites extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.text += chunk.toString()
    callback()
  }
}
