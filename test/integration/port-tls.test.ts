/** How a port handles TLS, and peers that should have used it. */
import { once } from 'node:events'
import { connect } from 'node:http2'
import { request as requestHttps } from 'node:https'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { fastify } from 'fastify'
import { expect, onTestFinished, test, vi } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../server/app.ts'
import { onePort } from '../../server/listen/one-port.ts'
import type { OnePortOptions } from '../../server/listen/one-port-options.ts'
import { endOf, sayHello } from '../support/calls.ts'
import { testCertificates } from '../support/certificates.ts'
import { type StartedApp, startDemo, startFastify, startRoutes, testLane } from '../support/demo-server.ts'
import { exchangeHttp1, exchangeHttp2, exchangeOn } from '../support/exchange.ts'
import { decodeFrames, encodeFrame, FRAME, goawayCode, PREFACE } from '../support/http2-frames.ts'
import { listenRaw } from '../support/listen-raw.ts'
import { LogCapture } from '../support/log-capture.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { startSlicingProxy } from '../support/slicing-proxy.ts'

const INADEQUATE_SECURITY = 0x0c
const HALF_CLIENT_HELLO = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
const LIVEZ = 'GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
const { ca, server, client } = await testCertificates()

function startTls(options: OnePortOptions = {}): Promise<StartedApp> {
  return startDemo({ listen: { tls: server, ...options } })
}

test.each(['h2', 'http/1.1'])('negotiates ALPN %s', async (protocol) => {
  const { port } = await startTls()
  const raw = await RawSocket.open({ port, tls: { ca, ALPNProtocols: [protocol] } })
  expect(raw.socket).toMatchObject({ alpnProtocol: protocol, authorized: true })
})

test('a port with TLS reports https in the log, in listen() and in listeningOrigin', async () => {
  const log = new LogCapture()
  const app = fastify({ ...onePort({ tls: server, allowsCleartext: true }), loggerInstance: log.logger })
  onTestFinished(() => app.close())
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  expect(address).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
  expect(app.listeningOrigin).toBe(address)
  expect(log.withMessage(`Server listening at ${address}`)).toHaveLength(1)
})

test('a client without ALPN gets HTTP/1.1', async () => {
  const { port } = await startTls()
  const raw = await RawSocket.open({ port, tls: { ca } })
  raw.write(LIVEZ)
  await raw.untilText('{"status":"ok"}')
})

test('a gRPC call over TLS is answered', async () => {
  const { port } = await startTls()
  const session = connect(`https://localhost:${port}`, { ca })
  onTestFinished(() => session.destroy())
  expect(endOf('grpc', await exchangeOn(session, sayHello('grpc'))).code).toBe('ok')
})

test('a TLS connection may arrive one byte at a time', async () => {
  const { port } = await startTls()
  const proxy = await startSlicingProxy(port)
  onTestFinished(() => proxy.close())
  const request = requestHttps({
    host: '127.0.0.1',
    servername: 'localhost',
    port: proxy.port,
    path: '/livez',
    ca,
    agent: false,
  })
  request.end()
  const [response] = await once(request, 'response')
  expect(await text(response)).toBe('{"status":"ok"}')
})

test('rejects TLS 1.1', async () => {
  const { port } = await startTls()
  const old: ConnectionOptions = { ca, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
  await expect(RawSocket.open({ port, tls: old })).rejects.toMatchObject({
    code: expect.stringMatching(/PROTOCOL_VERSION/),
  })
})

test('an incomplete ClientHello is closed after the handshake timeout', async () => {
  const { port } = await startTls({ handshakeTimeoutMs: 50 })
  const raw = await RawSocket.open({ port })
  raw.write(HALF_CLIENT_HELLO)
  await raw.closed
})

test('a peer that disconnects during the handshake is closed at once', async () => {
  const { port } = await startTls({ handshakeTimeoutMs: 60_000 })
  for (const beginning of [HALF_CLIENT_HELLO, await readClientHello()]) {
    const raw = await RawSocket.open({ port })
    raw.write(beginning)
    raw.socket.end()
    await raw.closed
  }
})

test('a drain does not wait for handshakes', async () => {
  const app = await startTls({ handshakeTimeoutMs: 60_000, drainTimeoutMs: 60_000 })
  const half = await RawSocket.open({ port: app.port })
  half.write(HALF_CLIENT_HELLO)
  const silent = await RawSocket.open({ port: app.port })
  silent.write(await readClientHello())
  await silent.until(() => silent.received.length > 0, 'the server hello')
  expect(await app.drain()).toBe(true)
  await Promise.all([half.closed, silent.closed])
})

test('a drain lets a call over TLS finish', async () => {
  const begun = Promise.withResolvers<void>()
  const held = Promise.withResolvers<{ message: string }>()
  const app = await startRoutes({
    listen: { tls: server, drainTimeoutMs: 60_000 },
    routes: (router) =>
      router.service(GreeterService, {
        sayHello() {
          begun.resolve()
          return held.promise
        },
      }),
  })
  const session = connect(`https://localhost:${app.port}`, { ca })
  onTestFinished(() => session.destroy())
  const answer = exchangeOn(session, sayHello('grpc'))
  await begun.promise
  const drained = app.drain()
  held.resolve({ message: 'late' })
  expect(endOf('grpc', await answer).code).toBe('ok')
  expect(await drained).toBe(true)
})

test('a TLS port answers cleartext HTTP/1.1 with 400 and an explanation', async () => {
  const { port } = await startTls()
  const raw = await RawSocket.open({ port })
  raw.write(LIVEZ)
  await raw.closed
  expect(raw.text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*this port speaks TLS/s)
})

test('a TLS port answers cleartext HTTP/2 with GOAWAY', async () => {
  const { port } = await startTls()
  const raw = await RawSocket.open({ port })
  raw.write(Buffer.concat([PREFACE, encodeFrame({ type: FRAME.SETTINGS })]))
  await raw.closed
  const [settings, goaway, ...others] = decodeFrames(raw.received)
  expect(settings?.type).toBe(FRAME.SETTINGS)
  expect(goaway?.type).toBe(FRAME.GOAWAY)
  expect(goaway && goawayCode(goaway)).toBe(INADEQUATE_SECURITY)
  expect(others).toEqual([])
})

test('with allowsCleartext one port serves TLS and cleartext, both HTTP versions', async () => {
  const { port } = await startTls({ allowsCleartext: true })
  const cleartext = `http://127.0.0.1:${port}`
  expect(endOf('connect', await exchangeHttp1(cleartext, sayHello('connect'))).code).toBe('ok')
  expect(endOf('grpc', await exchangeHttp2(cleartext, sayHello('grpc'))).code).toBe('ok')
  const raw = await RawSocket.open({ port, tls: { ca } })
  raw.write(LIVEZ)
  await raw.untilText('{"status":"ok"}')
})

test('with a client CA, a client without a certificate is rejected', async () => {
  const { port } = await startTls({ tls: { ...server, ca } })
  const raw = await RawSocket.open({ port, tls: { ca } })
  raw.write(LIVEZ)
  await raw.closed
  expect(raw.text).toBe('')
})

test('with a client CA, a client with a certificate of another CA is rejected', async () => {
  const { port } = await startTls({ tls: { ...server, ca } })
  const { generate } = await import('selfsigned')
  const stranger = await generate([{ name: 'commonName', value: 'stranger' }], { keyType: 'ec', algorithm: 'sha256' })
  const raw = await RawSocket.open({ port, tls: { ca, cert: stranger.cert, key: stranger.private } })
  raw.write(LIVEZ)
  await raw.closed
  expect(raw.text).toBe('')
})

test('with a client CA, a client with its certificate is served', async () => {
  const { port } = await startTls({ tls: { ...server, ca } })
  const raw = await RawSocket.open({ port, tls: { ca, ...client } })
  raw.write(LIVEZ)
  await raw.untilText('{"status":"ok"}')
})

test('a request of several TLS records, sent before the last response was read, is answered', async () => {
  const app = await createApp({
    lane: testLane,
    listen: { tls: server, drainTimeoutMs: 0 },
    routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: name }) }),
  })
  const asked = Promise.withResolvers<Socket>()
  app.fastify.get('/long', async ({ raw }) => {
    asked.resolve(raw.socket)
    return Buffer.alloc(32 * 1024 * 1024)
  })
  const { port } = await startFastify(app.fastify, 'https')
  const { client, raw, sent, pump } = await openHeldTls(port)
  client.write('GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await vi.waitUntil(() => sent.length > 0)
  raw.write(Buffer.concat(sent.splice(0)))
  const connection = await asked.promise
  await vi.waitUntil(() => connection.writableNeedDrain)
  const pieces = [
    'POST /greeter.v1.GreeterService/SayHello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n',
    'content-type: application/json\r\ncontent-length: 14\r\n\r\n',
    '{"name":"Ada"}',
  ]
  for (const piece of pieces) await new Promise((resolve) => client.write(piece, resolve))
  raw.write(Buffer.concat(sent))
  pump()
  expect((await buffer(client)).subarray(-20).toString()).toContain('{"message":"Ada"}')
})

/** A complete client preface. */
async function readClientHello(): Promise<Buffer> {
  const listener = createServer()
  const port = await listenRaw(listener)
  const accepted = once(listener, 'connection')
  const client = connectTls({ port, host: '127.0.0.1' }).on('error', () => {})
  const [socket] = await accepted
  const [hello] = await once(socket, 'data')
  client.destroy()
  return hello
}

/** A TLS client whose records the test sends, and that reads only when it is pumped. */
async function openHeldTls(port: number) {
  const raw = connectTcp(port, '127.0.0.1')
  const [inner, outer] = duplexPair()
  const client = connectTls({ socket: inner, servername: 'localhost', ca })
  onTestFinished(() => {
    for (const socket of [client, raw, inner, outer]) socket.destroy()
  })
  const sent: Buffer[] = []
  raw.pipe(outer).pipe(raw)
  await once(client, 'secureConnect')
  raw.unpipe(outer)
  raw.pause()
  outer.unpipe(raw)
  outer.on('data', (record: Buffer) => sent.push(record)).resume()
  return { client, raw, sent, pump: () => raw.pipe(outer) }
}
