/** How REST calls end early, and what logs, spans and middleware see of them. */
import { connect } from 'node:http2'
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect'
import * as api from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { type FastifyBaseLogger, fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { authenticate } from '../../../server/auth/authenticate.ts'
import { apiKeys, hashApiKey } from '../../../server/auth/schemes/api-keys.ts'
import { onePort } from '../../../server/listen/one-port.ts'
import { portico } from '../../../server/plugin.ts'
import type { CallObserver } from '../../../wire/call-observer.ts'
import { observeByServerSpans } from '../../../wire/telemetry/server-spans.ts'
import { LibraryService } from '../../gen/library/v1/library_pb.js'
import { startFastify } from '../../support/demo-server.ts'
import { type Exchanged, type ExchangeInit, exchangeHttp1, exchanges, readHttp2 } from '../../support/exchange.ts'
import { library, startLibrary } from '../../support/library.ts'
import { LogCapture } from '../../support/log-capture.ts'
import { OtelRecorder } from '../../support/otel-recorder.ts'
import { RawSocket } from '../../support/raw-socket.ts'
import { untilAborted } from '../../support/until-aborted.ts'

const SHELF: ExchangeInit = { method: 'GET', path: '/v1/shelves/7' }
const KEY = 'a-key-of-32-characters-abcdefghijk'
const JSON_TYPE = { 'content-type': 'application/json' }

function refusal({ status, headers, body }: Exchanged): unknown[] {
  return [status, headers['content-type'], JSON.parse(body.toString())]
}

function status(code: Code, message: unknown = expect.any(String)): object {
  return { code, message }
}

/** Waits until it is aborted, and says when it runs. */
function waiting() {
  const { promise: isRunning, resolve } = Promise.withResolvers<void>()
  const { promise: reason, resolve: end } = Promise.withResolvers<unknown>()
  const getShelf = async (_request: unknown, { signal }: HandlerContext) => {
    resolve()
    return untilAborted(signal).catch((thrown) => {
      end(thrown)
      throw thrown
    }) as Promise<object>
  }
  return { getShelf, isRunning, reason }
}

describe.each(exchanges)('over %s', (_version, exchange) => {
  test('too many header fields are 431', async () => {
    const headers = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`x-${n}`, 'y']))
    const app = await startLibrary({ options: { listen: { maxHeaderFields: 20 } } })
    expect(refusal(await exchange(app.origin, { ...SHELF, headers }))).toEqual([
      431,
      'application/json',
      status(Code.ResourceExhausted),
    ])
  })

  test('the end of the drain time ends calls with 503', async () => {
    const call = waiting()
    const app = await startLibrary({ implementation: call, options: { listen: { drainTimeoutMs: 50 } } })
    const answer = exchange(app.origin, SHELF)
    await call.isRunning
    await app.drain()
    expect(refusal(await answer)).toEqual([503, 'application/json', status(Code.Unavailable)])
  })

  test('middleware authenticates it by the same method', async () => {
    const app = await startLibrary({
      options: {
        middleware: [authenticate({ schemes: [apiKeys({ keys: [{ name: 'ada', hash: hashApiKey(KEY) }] })] })],
      },
    })
    const refused = await exchange(app.origin, SHELF)
    expect(refusal(refused)).toEqual([401, 'application/json', status(Code.Unauthenticated)])
    const headers = { 'x-api-key': KEY }
    expect((await exchange(app.origin, { ...SHELF, headers })).status).toBe(200)
  })

  test.each([false, true])(
    'its lines and spans have the method and the route; through Fastify: %s',
    async (isHooked) => {
      const log = new LogCapture()
      const otel = new OtelRecorder()
      const parts = { api, tracer: otel.tracer, propagator: new W3CTraceContextPropagator() }
      const observer = observeByServerSpans({ ...parts, trustsCaller: true, hasMessageEvents: false })
      const app = fastify({ ...onePort({ drainTimeoutMs: 0 }), loggerInstance: log.logger as FastifyBaseLogger })
      if (isHooked) app.addHook('onRequest', async () => {})
      await app.register(portico, {
        routes: (router) => router.service(LibraryService, library),
        middleware: [{ name: 'tracing', observer }],
        accessLog: true,
      })
      const { origin } = await startFastify(app)
      await exchange(origin, SHELF)
      const method = 'library.v1.LibraryService/GetShelf'
      const route = '/v1/{name=shelves/*}'
      await expect
        .poll(() => log.withMessage('call'))
        .toMatchObject([{ method, protocol: 'rest', verb: 'GET', path: '/v1/shelves/7', route, code: 'ok' }])
      expect(
        otel.rawSpans.map(({ name, attributes }) => [
          name,
          attributes['http.route'],
          attributes['http.request.method'],
        ]),
      ).toEqual([[method, route, 'GET']])
    },
  )

  test.each([false, true])(
    'the path of a method has no route for observers, even if a template matches it; through Fastify: %s',
    async (isHooked) => {
      const seen: unknown[] = []
      const observer: CallObserver = {
        onStart({ protocol, route, method }) {
          seen.push([protocol, route, method?.name])
          return null
        },
      }
      const app = fastify({ ...onePort({ drainTimeoutMs: 0 }) })
      if (isHooked) app.addHook('onRequest', async () => {})
      await app.register(portico, {
        routes: (router) => router.service(LibraryService, library),
        rest: { rules: [{ selector: 'library.v1.LibraryService.GetShelf', get: '/{name=**}' }] },
        observers: [observer],
      })
      await app.register(portico, {
        routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: name }) }),
        rest: false,
      })
      const { origin } = await startFastify(app)
      const path = '/library.v1.LibraryService/CreateShelf'
      expect((await exchange(origin, { path, headers: { 'content-type': 'text/plain' }, body: '{}' })).status).toBe(415)
      expect((await exchange(origin, { path, headers: JSON_TYPE, body: '{}' })).status).toBe(200)
      const greeting = { path: '/greeter.v1.GreeterService/SayHello', headers: JSON_TYPE, body: '{}' }
      expect((await exchange(origin, greeting)).status).toBe(200)
      expect((await exchange(origin, { method: 'GET', path: '/library.v1/shelf' })).status).toBe(200)
      expect(seen).toEqual([
        ['connect', undefined, 'CreateShelf'],
        ['connect', undefined, 'CreateShelf'],
        ['connect', undefined, 'SayHello'],
        ['rest', '/{name=**}', 'GetShelf'],
      ])
    },
  )

  test('what hooks of Fastify answer is sent in the form of REST', async () => {
    const app = fastify({ ...onePort({ drainTimeoutMs: 0 }) })
    app.addHook('onRequest', async (request, reply) => {
      if (request.headers['x-ask'] === 'reply') return reply.code(429).header('retry-after', '3').send('slow down')
      if (request.headers['x-ask'] === 'error') throw new Error('secret')
    })
    await app.register(portico, { routes: (router) => router.service(LibraryService, library) })
    const { origin } = await startFastify(app)
    const limited = await exchange(origin, { ...SHELF, headers: { 'x-ask': 'reply' } })
    const slowDown = { code: Code.ResourceExhausted, message: 'slow down' }
    expect(refusal(limited)).toMatchObject([429, 'application/json', slowDown])
    expect(limited.headers['retry-after']).toBe('3')
    const failed = await exchange(origin, { ...SHELF, headers: { 'x-ask': 'error' } })
    expect(refusal(failed)).toEqual([500, 'application/json', status(Code.Internal)])
    expect(failed.body.toString()).not.toContain('secret')
  })

  test('a handler that throws late in a stream does not show what it threw', async () => {
    const app = await startLibrary({
      implementation: {
        async *watchShelf() {
          yield {}
          throw new Error('secret')
        },
      },
    })
    for (const accept of ['application/x-ndjson', 'text/event-stream']) {
      const { body } = await exchange(app.origin, { method: 'GET', path: '/v1/shelves/1:watch', headers: { accept } })
      expect(body.toString()).toMatch(/"code":13,"message":"internal error [0-9a-f-]+"/)
      expect(body.toString()).not.toContain('secret')
    }
  })

  test('messages above the limit are refused, both ways', async () => {
    const app = await startLibrary({ options: { readMaxBytes: 64, writeMaxBytes: 200 } })
    const big = JSON.stringify({ theme: 'x'.repeat(100) })
    const create = await exchange(app.origin, { path: '/v1/shelves', headers: JSON_TYPE, body: big })
    expect(refusal(create)).toEqual([413, 'application/json', status(Code.ResourceExhausted)])
    const path = `/v1/shelves?filter=${'x'.repeat(300)}`
    expect(refusal(await exchange(app.origin, { method: 'GET', path }))).toEqual([
      429,
      'application/json',
      status(Code.ResourceExhausted),
    ])
  })
})

test('a malformed Host is 400 over HTTP/1.1', async () => {
  const app = await startLibrary()
  const answer = await exchangeHttp1(app.origin, { ...SHELF, headers: { host: 'a b' } })
  expect(refusal(answer)).toEqual([400, 'application/json', status(Code.InvalidArgument, 'malformed Host')])
})

test('a client that leaves aborts its call', async () => {
  const call = waiting()
  const app = await startLibrary({ implementation: call })
  const socket = await RawSocket.open({ port: app.port })
  socket.write('GET /v1/shelves/7 HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await call.isRunning
  socket.socket.destroy()
  expect(await call.reason).toBeInstanceOf(ConnectError)
})

test('a body that stops over HTTP/1.1 is 408', async () => {
  const app = await startLibrary({ options: { listen: { stallTimeoutMs: 40 } } })
  const socket = await RawSocket.open({ port: app.port })
  const head =
    'POST /v1/shelves HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n'
  socket.write(`${head}{"theme":`)
  await socket.closed
  expect(socket.text).toMatch(/^HTTP\/1\.1 408 /)
  expect(socket.text).toContain('{"code":4,"message":"the request body stopped arriving"}')
})

test('a body that stops over HTTP/2 ends with its stream', async () => {
  const app = await startLibrary({ options: { listen: { stallTimeoutMs: 40 } } })
  const session = connect(app.origin)
  onTestFinished(() => session.destroy())
  const stream = session.request({ ':method': 'POST', ':path': '/v1/shelves', ...JSON_TYPE })
  stream.write('{"theme":')
  await expect(readHttp2(stream)).rejects.toThrow('code 8')
})

test('T5 a bidirectional stream is duplex over HTTP/2, and half duplex over HTTP/1.1', async () => {
  const app = await startLibrary()
  const session = connect(app.origin)
  onTestFinished(() => session.destroy())
  const type = { 'content-type': 'application/x-ndjson' }
  const stream = session.request({ ':method': 'POST', ':path': '/v1/shelves/1/books/2:discuss', ...type })
  const lines: string[] = []
  stream.on('data', (chunk) => lines.push(chunk.toString()))
  stream.write('{"text":"a"}\n')
  await expect.poll(() => lines.join('')).toBe('{"text":"a","number":1}\n')
  stream.end('{"text":"b"}\n')
  await expect.poll(() => lines.join('')).toBe('{"text":"a","number":1}\n{"text":"b","number":2}\n')
  const answer = await fetch(`${app.origin}/v1/shelves/1/books/2:discuss`, {
    method: 'POST',
    headers: type,
    body: '{}',
  })
  expect([answer.status, await answer.json()]).toEqual([200, { number: 1 }])
})
