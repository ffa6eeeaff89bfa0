/** Calls on a Fastify whose server is not ours: node:http, node:http2, with and without TLS. */

import { once } from 'node:events'
import { connect } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectRouter } from '@connectrpc/connect'
import { type FastifyBaseLogger, type FastifyInstance, fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { portico } from '../../../server/plugin.ts'
import { endOf, SAY_HELLO, sayHello } from '../../support/calls.ts'
import { testCertificates } from '../../support/certificates.ts'
import { startFastify } from '../../support/demo-server.ts'
import { type Exchange, exchangeHttp1, exchangeHttp2, readHttp2 } from '../../support/exchange.ts'
import { LogCapture } from '../../support/log-capture.ts'
import { RawSocket } from '../../support/raw-socket.ts'
import { CALLS, type CallCase, greeterThatNotes } from '../../support/routed-app.ts'

interface Server {
  readonly name: string
  readonly scheme: 'http' | 'https'
  readonly exchange: Exchange
  create(options: { loggerInstance: FastifyBaseLogger }): Promise<FastifyInstance>
}

const SERVERS: readonly Server[] = [
  {
    name: 'node:http',
    scheme: 'http',
    exchange: exchangeHttp1,
    create: async (options) => fastify(options),
  },
  {
    name: 'node:https',
    scheme: 'https',
    exchange: exchangeHttp1,
    create: async (options) => fastify({ ...options, https: (await testCertificates()).server }),
  },
  {
    name: 'node:http2',
    scheme: 'http',
    exchange: exchangeHttp2,
    create: async (options) => fastify({ ...options, http2: true }) as unknown as FastifyInstance,
  },
  {
    name: 'node:http2 over TLS',
    scheme: 'https',
    exchange: exchangeHttp2,
    create: async (options) => http2Secure(options),
  },
  {
    name: 'node:http2 over TLS, by HTTP/1.1',
    scheme: 'https',
    exchange: exchangeHttp1,
    create: async (options) => http2Secure(options),
  },
]

async function http2Secure(options: { loggerInstance: FastifyBaseLogger }): Promise<FastifyInstance> {
  const https = { ...(await testCertificates()).server, allowHTTP1: true }
  return fastify({ ...options, http2: true, https }) as unknown as FastifyInstance
}

interface Started {
  readonly app: FastifyInstance
  readonly log: LogCapture
  readonly seen: readonly string[]
  readonly port: number
  call(init: CallCase['init'] & { method?: string }): ReturnType<Exchange>
}

async function start(server: Server, addHooks: (app: FastifyInstance) => unknown = () => {}): Promise<Started> {
  const { ca } = await testCertificates()
  const log = new LogCapture()
  const seen: string[] = []
  const app = await server.create({ loggerInstance: log.logger })
  await addHooks(app)
  await app.register(portico, { routes: (router) => router.service(GreeterService, greeterThatNotes(seen)) })
  const { host, port } = await startFastify(app)
  return { app, log, seen, port, call: (init) => server.exchange(`${server.scheme}://${host}`, init, ca) }
}

describe.each(SERVERS)('$name', (server) => {
  test.each(CALLS.map((call) => [call.name, call] as const))('answers %s', async (_name, call) => {
    const { call: send, seen } = await start(server)
    const answer = await send(call.init)
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe(call.init.headers['content-type'])
    expect(endOf(call.protocol, answer).code).toBe('ok')
    expect(answer.body.toString(call.protocol === 'grpc-web-text' ? 'base64' : 'latin1')).toBeTruthy()
    expect(seen).toEqual(['Ada'])
  })

  test.each(CALLS.map((call) => [call.name, call] as const))('runs hooks before %s', async (_name, call) => {
    const { call: send, seen } = await start(server, (app) => {
      app.addHook('onRequest', async ({ headers }, reply) => {
        reply.header('x-hook', 'ran').header('set-cookie', ['a=1', 'b=2'])
        if (headers.authorization === undefined) throw Object.assign(new Error('no token'), { statusCode: 401 })
      })
      app.addHook('onSend', async (_request, reply) => void reply.header('x-sent', 'yes'))
    })
    const refused = await send(call.init)
    expect(endOf(call.protocol, refused)).toEqual({
      code: call.protocol.startsWith('grpc') ? 'grpc-status 16' : 'unauthenticated',
      message: 'no token',
    })
    expect(refused.headers).toMatchObject({ 'x-hook': 'ran', 'x-sent': 'yes', 'set-cookie': ['a=1', 'b=2'] })
    if (call.protocol === 'grpc') expect(refused.headers['grpc-status']).toBe('16')
    expect(seen).toEqual([])
    const answer = await send({ ...call.init, headers: { ...call.init.headers, authorization: 'a' } })
    expect(endOf(call.protocol, answer).code).toBe('ok')
    expect(answer.headers).toMatchObject({ 'x-hook': 'ran', 'x-sent': 'yes', 'set-cookie': ['a=1', 'b=2'] })
  })

  test('answers ordinary requests, and reports what would be a call', async () => {
    const { call: send } = await start(server)
    const init = sayHello('connect-json')
    expect(await send({ ...init, method: 'PUT' })).toMatchObject({ status: 405, headers: { allow: 'GET, POST' } })
    const xml = await send({ ...init, headers: { 'content-type': 'text/xml' } })
    expect(xml.status).toBe(415)
    expect(xml.headers['accept-post']).toContain('application/json')
    expect(endOf('grpc', await send({ ...sayHello('grpc'), path: '/no.Service/Method' })).code).toBe('grpc-status 12')
    expect(
      (await send({ path: `${SAY_HELLO}?connect=v1&encoding=json&message=%7B%7D`, method: 'GET', headers: {} })).status,
    ).toBe(200)
  })

  test('logs at startup that every call goes through it', async () => {
    const { log } = await start(server)
    const lines = log.lines.filter(({ msg }) => String(msg).startsWith('portico:'))
    expect(lines).toMatchObject([
      { level: 40, msg: expect.stringContaining('onePort()') },
      { level: 30, cause: expect.stringContaining('onePort()') },
    ])
    expect(lines[1]).toMatchObject({ msg: 'portico: all calls run through Fastify, at several times the cost' })
    expect(lines[1]).not.toHaveProperty('hooks')
  })

  test('releases what a call of 1 MB holds', async () => {
    const { call: send, seen } = await start(server)
    const name = 'x'.repeat(1_000_000)
    const answer = await send(sayHello('connect-json', name))
    expect(JSON.parse(answer.body.toString())).toEqual({ message: `Hello ${name}` })
    expect(seen).toEqual([name])
  })
})

describe('node:http2', () => {
  const server = SERVERS[2] as Server

  async function open(port: number) {
    const session = connect(`http://127.0.0.1:${port}`)
    onTestFinished(() => session.destroy())
    session.on('error', () => {})
    await once(session, 'connect')
    return session
  }

  test('a client that disconnects ends its call, and no other', async () => {
    const aborted = Promise.withResolvers<void>()
    const app = fastify({ http2: true })
    await app.register(portico, {
      routes: (router) =>
        router.service(GreeterService, {
          async *getStream(_request, { signal }) {
            yield {}
            await once(signal, 'abort')
            aborted.resolve()
          },
          sayHello: () => ({}),
        }),
    })
    const { port } = await startFastify(app as unknown as FastifyInstance)
    const session = await open(port)
    const { init } = CALLS.find(({ name }) => name === 'grpc, stream') as CallCase
    const stream = session.request({ ':path': init.path, ':method': 'POST', ...init.headers })
    stream.on('error', () => {})
    stream.end(init.body)
    await once(stream, 'data')
    stream.close(8)
    await aborted.promise
    const { path, headers, body } = sayHello('grpc')
    const other = session.request({ ':path': path, ':method': 'POST', ...headers })
    other.end(body)
    expect((await readHttp2(other)).trailers['grpc-status']).toBe('0')
  })

  test('a rejected upload is stopped, and its connection stays open', async () => {
    const { port } = await start(server, (app) =>
      app.addHook('onRequest', async (_request, reply) => reply.code(403).send({ message: 'not here' })),
    )
    const session = await open(port)
    const { path, headers } = sayHello('grpc')
    const stream = session.request({ ':path': path, ':method': 'POST', ...headers })
    stream.on('error', () => {})
    const answer = readHttp2(stream)
    stream.write(Buffer.alloc(10_000))
    const { headers: fields } = await answer
    expect(fields['grpc-status']).toBe('7')
    expect(session.closed).toBe(false)
  })

  test('bidirectional calls are answered message by message', async () => {
    const { port, seen } = await start(server)
    const session = await open(port)
    const stream = session.request({
      ':path': '/greeter.v1.GreeterService/AllStream',
      ':method': 'POST',
      'content-type': 'application/grpc+proto',
    })
    for (let i = 1; i <= 3; i++) {
      stream.write(Buffer.from([0, 0, 0, 0, 3, 0x0a, 1, 0x60 + i]))
      await once(stream, 'data')
      expect(seen).toHaveLength(i)
    }
    stream.end()
    const [trailers] = await once(stream, 'trailers')
    expect(trailers['grpc-status']).toBe('0')
  })
})

describe('Fastify timeouts do not cut a stream', () => {
  const routes = (router: ConnectRouter) =>
    router.service(GreeterService, {
      async *getStream() {
        yield { data: 'first' }
        await sleep(300)
        yield { data: 'second' }
      },
      async putStream(requests) {
        let accepted = 0n
        for await (const _request of requests) accepted++
        return { accepted }
      },
    })

  const TIMEOUTS = { connectionTimeout: 60, requestTimeout: 100, handlerTimeout: 60, bodyLimit: 8 }

  test('that is silent, over node:http', async () => {
    const app = fastify(TIMEOUTS)
    await app.register(portico, { routes })
    const { origin } = await startFastify(app)
    const call = CALLS.find(({ name }) => name === 'connect-stream, stream') as CallCase
    const answer = await exchangeHttp1(origin, call.init)
    expect(endOf(call.protocol, answer).code).toBe('ok')
    expect(answer.body.toString()).toContain('second')
  })

  test('that is silent, over node:http2', async () => {
    const app = fastify({ ...TIMEOUTS, http2: true, http2SessionTimeout: 60 }) as unknown as FastifyInstance
    await app.register(portico, { routes })
    const { origin } = await startFastify(app)
    const call = CALLS.find(({ name }) => name === 'grpc, stream') as CallCase
    const answer = await exchangeHttp2(origin, call.init)
    expect(endOf(call.protocol, answer).code).toBe('ok')
    expect(answer.body.toString()).toContain('second')
  })

  test('whose client is slow, over node:http', async () => {
    const app = fastify({ ...TIMEOUTS, http: { connectionsCheckingInterval: 20 } })
    await app.register(portico, { routes })
    const { port } = await startFastify(app)
    const socket = await RawSocket.open({ port })
    const chunk = '8\r\n\0\0\0\0\x03\n\x01a\r\n'
    socket.write(
      `POST /greeter.v1.GreeterService/PutStream HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/connect+proto\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`,
    )
    for (let i = 0; i < 6; i++) {
      await sleep(50)
      socket.write(chunk)
    }
    socket.write('0\r\n\r\n')
    await socket.untilText('{}')
    expect(socket.text).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('but a unary call with a slow client is cut as before', async () => {
    const app = fastify({ ...TIMEOUTS, http: { connectionsCheckingInterval: 20 } })
    await app.register(portico, { routes })
    const { port } = await startFastify(app)
    const socket = await RawSocket.open({ port })
    socket.write(
      `POST ${SAY_HELLO} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{`,
    )
    await socket.closed
    expect(socket.text).not.toMatch(/^HTTP\/1\.1 200 /)
  })
})
