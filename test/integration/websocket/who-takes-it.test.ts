/** Which requests for a WebSocket are calls, and what becomes of the others. */
import type { Duplex } from 'node:stream'
import { Code } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../../server/listen/one-port.ts'
import { portico } from '../../../server/plugin.ts'
import type { PorticoOptions } from '../../../server/plugin-options.ts'
import { startFastify } from '../../support/demo-server.ts'
import { echoRoutes } from '../../support/echo-greeter.ts'
import { RawSocket } from '../../support/raw-socket.ts'
import { BLOCK, FramePeer, openSession } from '../../support/websocket/frame-peer.ts'
import { binary } from '../../support/websocket/frames.ts'
import { callByWebSocket, handshakeStatus } from '../../support/websocket/websocket-client.ts'

const { sayHello } = GreeterService.method
const PATH = '/greeter.v1.GreeterService/SayHello'

async function start(options: Partial<PorticoOptions> = {}, listener?: (socket: Duplex) => void) {
  const app = fastify(onePort({ drainTimeoutMs: 0 }))
  if (listener !== undefined) app.server.on('upgrade', (_request, socket) => listener(socket))
  await app.register(portico, { routes: echoRoutes, ...options })
  app.get('/page/about', async () => 'about')
  app.post('/page/form', async () => 'form')
  const { port } = await startFastify(app)
  return { app, port, origin: `ws://127.0.0.1:${port}` }
}

test('a method under a prefix is called under it alone', async () => {
  const { origin } = await start({ prefix: '/api' })
  const answer = await callByWebSocket({ origin: `${origin}/api`, method: sayHello }, [{ name: 'Ada' }])
  expect(answer.decoded).toMatchObject([{ message: 'Hello Ada' }])
  const other = await callByWebSocket({ origin, method: sayHello }, [{ name: 'Ada' }])
  expect(other.trailers?.get('grpc-status')).toBe(String(Code.Unimplemented))
})

test('a call to an unknown method is UNIMPLEMENTED, and the text names it', async () => {
  const { port } = await start()
  const peer = await FramePeer.onSocket({ port, path: '/nobody.Serves/This' })
  peer.write(BLOCK, binary(1))
  await peer.until(() => peer.closeCode === 1000)
  expect(peer.answer.trailers?.get('grpc-status')).toBe(String(Code.Unimplemented))
  expect(peer.answer.trailers?.get('grpc-message')).toContain('/nobody.Serves/This')
})

test('without the subprotocol, and at a page, the request is served as if it had not asked', async () => {
  const { origin } = await start()
  expect(await handshakeStatus(`${origin}${PATH}`, {}, 'chat')).toBe(415)
  expect(await handshakeStatus(`${origin}/page/about`)).toBe(200)
  expect(await handshakeStatus(`${origin}/page/form`)).toBe(404)
  expect(await handshakeStatus(`${origin}/about`)).toBe(404)
})

test('a listener of the program takes what is not a call to a method', async () => {
  const taken: string[] = []
  const { origin } = await start({}, (socket) => {
    taken.push('taken')
    socket.end('HTTP/1.1 418 Mine\r\nconnection: close\r\n\r\n')
  })
  expect(await handshakeStatus(`${origin}/chat`)).toBe(418)
  expect(await handshakeStatus(`${origin}${PATH}`, {}, 'chat')).toBe(418)
  expect(await handshakeStatus(`${origin}/nobody.Serves/This`)).toBe(418)
  expect(taken).toHaveLength(3)
  const answer = await callByWebSocket({ origin, method: sayHello }, [{ name: 'Ada' }])
  expect(answer.decoded).toMatchObject([{ message: 'Hello Ada' }])
})

const BODIES: [string, string, string][] = [
  ['that has arrived', 'content-length: 5\r\n', 'hello'],
  ['that is still arriving', 'content-length: 500\r\n', 'hello'],
  ['in chunks', 'transfer-encoding: chunked\r\n', '5\r\nhello\r\n'],
]

describe.each(BODIES)('a request for a WebSocket with a body %s', (_what, fields, body) => {
  test('is no handshake, and is answered as if it had not asked', async () => {
    const { port } = await start()
    const socket = await RawSocket.open({ port })
    socket.write(`${handshake(port, PATH, fields)}${body}`)
    await socket.untilText('HTTP/1.1 415 ')
  })

  test('is left to the listener of the program, or refused by the guard before it', async () => {
    const { port, origin } = await start({}, (socket) => {
      socket.end('HTTP/1.1 418 Mine\r\nconnection: close\r\n\r\n')
    })
    const socket = await RawSocket.open({ port })
    socket.write(`${handshake(port, PATH, fields)}${body}`)
    await socket.untilText('HTTP/1.1 418 Mine')
    const foreign = await RawSocket.open({ port })
    foreign.write(`${handshake(port, PATH, fields).replace('127.0.0.1', 'rebound.example')}${body}`)
    await foreign.untilText('HTTP/1.1 403 ')
    await foreign.closed
    expect((await callByWebSocket({ origin, method: sayHello }, [{}])).code).toBe(1000)
  })
})

test('HTTP/1.0 has no upgrades', async () => {
  const { port } = await start()
  const socket = await RawSocket.open({ port })
  socket.write(handshake(port, PATH).replace('HTTP/1.1', 'HTTP/1.0'))
  await socket.untilText('415 ')
})

test('a target in absolute form is that of the method', async () => {
  const { port } = await start()
  const socket = await RawSocket.open({ port })
  socket.write(handshake(port, `http://127.0.0.1:${port}${PATH}`))
  await socket.untilText('HTTP/1.1 101 ')
  const foreign = await RawSocket.open({ port })
  foreign.write(handshake(port, `http://other.example${PATH}`))
  await foreign.untilText('HTTP/1.1 400 ')
})

function handshake(port: number, target: string, fields = ''): string {
  const key = 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: grpc-websockets\r\n'
  const own = `upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\n${key}`
  return `GET ${target} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${own}${fields}\r\n`
}

test("the program's own WebSockets on HTTP/1.1 keep browsers from looking for them on HTTP/2", async () => {
  const { app, port } = await start()
  const server = new WebSocketServer({ server: app.server, path: '/own' })
  onTestFinished(() => server.close())
  await expect(openSession({ port })).rejects.toThrow('did not announce')
})

test.each<[string, Partial<PorticoOptions>]>([
  ['webSocket: false', { webSocket: false }],
  ['grpcWeb: false', { grpcWeb: false }],
  ['the reference lane', { lane: 'reference' }],
])('%s: the handshake is declined, and HTTP/2 announces nothing', async (_what, options) => {
  const { port, origin } = await start(options)
  expect(await handshakeStatus(`${origin}${PATH}`)).not.toBe(101)
  await expect(openSession({ port })).rejects.toThrow('did not announce')
})

test('two plugins on one port may differ', async () => {
  const app = fastify(onePort({ drainTimeoutMs: 0 }))
  await app.register(portico, { routes: echoRoutes, prefix: '/with' })
  await app.register(portico, { routes: echoRoutes, prefix: '/without', webSocket: false })
  const { port } = await startFastify(app)
  const origin = `ws://127.0.0.1:${port}`
  expect((await callByWebSocket({ origin: `${origin}/with`, method: sayHello }, [{}])).code).toBe(1000)
  expect(await handshakeStatus(`${origin}/without${PATH}`)).not.toBe(101)
})

test.each<[string, Record<string, string>, number, string]>([
  ['another version', { 'sec-websocket-version': '8' }, 426, 'sec-websocket-version: 13'],
  ['a short key', { 'sec-websocket-key': 'c2hvcnQ=' }, 400, 'sec-websocket-key'],
  ['a key that is no base64', { 'sec-websocket-key': '!!!!!!!!!!!!!!!!!!!!!!==' }, 400, 'sec-websocket-key'],
])('a handshake with %s is refused', async (_what, fields, status, text) => {
  const { port } = await start()
  const peer = await FramePeer.onSocket({ port, path: PATH, fields })
  expect(peer.status).toBe(status)
  await peer.ended
  expect(peer.head + peer.received.toString()).toContain(text)
})

test('a CONNECT for anything else than a call is refused', async () => {
  const { port } = await start()
  const session = await openSession({ port })
  for (const [path, fields, status] of [
    ['/chat', {}, 404],
    [PATH, { 'sec-websocket-protocol': 'chat' }, 404],
    [PATH, { ':protocol': 'connect-udp' }, 501],
    [PATH, { 'sec-websocket-version': '8' }, 426],
    [PATH, { origin: 'https://evil.example' }, 403],
    [PATH, { ':authority': 'rebound.example', origin: 'http://rebound.example' }, 403],
  ] as const) {
    const peer = await FramePeer.onStream({ port, path, fields }, session)
    expect([path, fields, peer.status]).toEqual([path, fields, status])
  }
})
