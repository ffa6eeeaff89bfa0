/** Peers that stall for too long while sending a request or reading a response, and peers that only pause. */
import { once } from 'node:events'
import { connect, constants } from 'node:http2'
import { create, toBinary } from '@bufbuild/protobuf'
import { fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService, SayHelloRequestSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import { portico } from '../../server/plugin.ts'
import { callHeaders, endOf, envelope, SAY_HELLO } from '../support/calls.ts'
import { startDemo, startFastify, startRoutes, testLane } from '../support/demo-server.ts'
import { readHttp2 } from '../support/exchange.ts'
import { RawSocket } from '../support/raw-socket.ts'

const PUT_STREAM = '/greeter.v1.GreeterService/PutStream'
const STALL = { stallTimeoutMs: 40 }
const HELLO = envelope(toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { name: 'Ada' })))

function http1Head(path: string, headers: Readonly<Record<string, string>>): string {
  const fields = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${path} HTTP/1.1\r\n${fields.join('')}\r\n`
}

// The native lane resets the stream with CANCEL: its HTTP/2 sees half a message, and not its type.
describe('a call whose body stops is ended after the stall timeout', () => {
  test.each([
    ['connect', callHeaders('connect')],
    ['connect-json', callHeaders('connect-json')],
    ['connect-json without its own header, as curl sends it', { 'content-type': 'application/json' }],
  ])('%s over HTTP/1.1', async (_name, headers) => {
    const { port } = await startDemo({ listen: STALL })
    const raw = await RawSocket.open({ port })
    raw.write(`${http1Head(SAY_HELLO, { ...headers, 'content-length': '100' })}{"na`)
    await raw.closed
    expect(raw.text).toMatch(/^HTTP\/1\.1 408 .*"code":"deadline_exceeded"/s)
  })

  test.each(['grpc', 'grpc-web', 'connect-stream'] as const)('%s over HTTP/2', async (protocol) => {
    const { origin } = await startDemo({ listen: STALL })
    const session = connect(origin)
    onTestFinished(() => session.destroy())
    const stream = session.request({ ':method': 'POST', ':path': PUT_STREAM, ...callHeaders(protocol) })
    stream.write(HELLO.subarray(0, HELLO.length - 1))
    const answer = readHttp2(stream)
    if (testLane === 'native') {
      await expect(answer).rejects.toThrow('code 8')
      return
    }
    // A Connect stream that never began ends as plain HTTP.
    const end = endOf(protocol === 'connect-stream' ? 'connect' : protocol, await answer)
    expect(end.code).toMatch(/^(?:deadline_exceeded|grpc-status 4)$/)
  })
})

describe('a call that sends nothing of its one message is ended after the stall timeout', () => {
  const GET_STREAM = '/greeter.v1.GreeterService/GetStream'

  test.each([
    ['grpc', SAY_HELLO],
    ['grpc', GET_STREAM],
    ['grpc-web', SAY_HELLO],
    ['grpc-web', GET_STREAM],
    ['connect', SAY_HELLO],
    ['connect-json', SAY_HELLO],
    ['connect-stream', GET_STREAM],
  ] as const)('%s, %s', async (protocol, path) => {
    const { origin, port } = await startDemo({ listen: STALL })
    const session = connect(origin)
    onTestFinished(() => session.destroy())
    const stream = session.request({ ':method': 'POST', ':path': path, ...callHeaders(protocol) })
    const answer = readHttp2(stream)
    const raw = await RawSocket.open({ port })
    raw.write(http1Head(path, { ...callHeaders(protocol), te: 'trailers', 'content-length': '100' }))
    if (testLane === 'native') {
      await expect(answer).rejects.toThrow('code 8')
    } else {
      const end = endOf(protocol === 'connect-stream' ? 'connect' : protocol, await answer)
      expect(end.code).toMatch(/^(?:deadline_exceeded|grpc-status 4)$/)
    }
    await raw.closed
  })

  test.runIf(testLane === 'native')('also if Fastify has hooks for it', async () => {
    const app = fastify(onePort(STALL))
    app.addHook('onRequest', async () => {})
    await app.register(portico, { routes: (router) => router.service(GreeterService, {}) })
    const { origin } = await startFastify(app)
    const session = connect(origin)
    onTestFinished(() => session.destroy())
    for (const protocol of ['grpc', 'grpc-web', 'connect'] as const) {
      const stream = session.request({ ':method': 'POST', ':path': SAY_HELLO, ...callHeaders(protocol) })
      const { code } = endOf(protocol, await readHttp2(stream))
      expect(code).toMatch(/^(?:deadline_exceeded|grpc-status 4)$/)
    }
  })
})

test('a stream that pauses between messages is not ended', async () => {
  const { origin } = await startDemo({ listen: STALL })
  const session = connect(origin)
  onTestFinished(() => session.destroy())
  const paused = session.request({ ':method': 'POST', ':path': PUT_STREAM, ...callHeaders('grpc') })
  paused.write(envelope(Buffer.from('0a0174120161', 'hex')))
  // A call beside it that does stall shows that its time is over.
  const stalled = session.request({ ':method': 'POST', ':path': PUT_STREAM, ...callHeaders('grpc') })
  stalled.write(Buffer.from([0, 0]))
  await readHttp2(stalled).catch(() => {})
  paused.end()
  expect(endOf('grpc', await readHttp2(paused)).code).toBe('ok')
})

test('a slow handler with a complete request is not ended', async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const { origin } = await startRoutes({
    listen: STALL,
    routes: (router) =>
      router.service(GreeterService, {
        async sayHello() {
          await held
          return { message: 'late' }
        },
      }),
  })
  const session = connect(origin)
  onTestFinished(() => session.destroy())
  const slow = session.request({ ':method': 'POST', ':path': SAY_HELLO, ...callHeaders('grpc') })
  slow.end(HELLO)
  const stalled = session.request({ ':method': 'POST', ':path': SAY_HELLO, ...callHeaders('grpc') })
  stalled.write(Buffer.from([0, 0]))
  await readHttp2(stalled).catch(() => {})
  release()
  expect(endOf('grpc', await readHttp2(slow)).code).toBe('ok')
})

describe('a response that is not read is cut', () => {
  function startFlood() {
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    const data = 'a'.repeat(100_000)
    const server = startRoutes({
      listen: STALL,
      routes: (router) =>
        router.service(GreeterService, {
          async *getStream({ topic }) {
            try {
              for (;;) yield { topic, data }
            } finally {
              resolve()
            }
          },
        }),
    })
    return { server, ended }
  }
  const PATH = '/greeter.v1.GreeterService/GetStream'

  test('over HTTP/2 with CANCEL', async () => {
    const { server, ended } = startFlood()
    const session = connect((await server).origin)
    onTestFinished(() => session.destroy())
    const stream = session.request({ ':method': 'POST', ':path': PATH, ...callHeaders('grpc') })
    stream.on('error', () => {})
    stream.end(envelope(Buffer.alloc(0)))
    await ended
    stream.resume()
    await once(stream, 'close')
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL)
  })

  test('over HTTP/1.1 with the connection', async () => {
    const { server, ended } = startFlood()
    const raw = await RawSocket.open({ port: (await server).port })
    raw.socket.pause()
    const body = envelope(Buffer.from('{"topic":"t"}'))
    const headers = { 'content-type': 'application/connect+json', 'content-length': String(body.length) }
    raw.write(Buffer.concat([Buffer.from(http1Head(PATH, headers)), body]))
    await ended
    raw.socket.resume()
    await raw.closed
    expect(raw.text).not.toContain('\r\n0\r\n')
  })
})

describe('an ordinary request that is incomplete after the request timeout', () => {
  test('gets 408 over HTTP/1.1', async () => {
    const { port } = await startFastify(fastify(onePort({ requestTimeoutMs: 40 })).post('/upload', async () => 'never'))
    const raw = await RawSocket.open({ port })
    raw.write(`${http1Head('/upload', { 'content-type': 'application/json', 'content-length': '10' })}{`)
    await raw.closed
    expect(raw.text).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('gets 408 over HTTP/2', async () => {
    const app = fastify(onePort({ requestTimeoutMs: 40 })).post('/upload', async () => 'never')
    const { origin } = await startFastify(app)
    const session = connect(origin)
    onTestFinished(() => session.destroy())
    const stream = session.request({ ':method': 'POST', ':path': '/upload', 'content-type': 'application/json' })
    stream.write('{')
    expect((await readHttp2(stream)).status).toBe(408)
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR)
  })

  test('is closed even if the response preceded the body', async () => {
    const { port } = await startFastify(fastify(onePort({ requestTimeoutMs: 40 })))
    const raw = await RawSocket.open({ port })
    raw.write(`${http1Head('/nowhere', { 'content-length': '1000' })}{`)
    await raw.closed
    expect(raw.text).toMatch(/^HTTP\/1\.1 404 /)
  })
})
