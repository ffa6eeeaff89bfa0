/** Observers see every request that reaches the port, on both lanes: one start and one end each, whatever its outcome. */
import { connect } from 'node:http2'
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import { portico } from '../../server/plugin.ts'
import { LANES } from '../../server/rpc/lane.ts'
import type { CallEnd, CallStart } from '../../wire/call-observer.ts'
import { CallRecorder } from '../support/call-recorder.ts'
import { type CallProtocol, callHead, callHeaders, envelope, SAY_HELLO, sayHello } from '../support/calls.ts'
import { startFastify, startRoutes } from '../support/demo-server.ts'
import { type ExchangeInit, exchangeHttp1, exchangeHttp2, exchanges } from '../support/exchange.ts'
import { PREFACE } from '../support/http2-frames.ts'
import { RawSocket } from '../support/raw-socket.ts'

const GET_STREAM = '/greeter.v1.GreeterService/GetStream'
const { sayHello: SAY, getStream: GET } = GreeterService.method

function routes(router: ConnectRouter): void {
  router.service(GreeterService, {
    sayHello({ name }) {
      if (name === 'nobody') throw new ConnectError('no such name', Code.NotFound)
      if (name === 'fault') throw new Error('a secret')
      return { message: `Hello ${name}` }
    },
    async *getStream(_request, { signal }) {
      yield { data: 'a' }
      yield { data: 'b' }
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    },
  })
}

interface Row {
  readonly what: string
  readonly request: ExchangeInit
  readonly start: Partial<CallStart>
  readonly end: Partial<CallEnd>
}

const as = (protocol: CallProtocol, more: Partial<ExchangeInit>): ExchangeInit => ({ ...sayHello(protocol), ...more })
const OK = { code: undefined, error: null, httpStatus: 200, receivedMessages: 1, sentMessages: 1 }

/** Requests that both HTTP versions can carry. */
const ROWS: readonly Row[] = [
  { what: 'gRPC', request: sayHello('grpc'), start: { protocol: 'grpc', method: SAY }, end: OK },
  { what: 'gRPC-Web', request: sayHello('grpc-web'), start: { protocol: 'grpc-web', method: SAY }, end: OK },
  { what: 'Connect', request: sayHello('connect'), start: { protocol: 'connect', method: SAY }, end: OK },
  {
    what: 'a handler that refuses',
    request: sayHello('connect-json', 'nobody'),
    start: { protocol: 'connect', method: SAY },
    end: { code: Code.NotFound, httpStatus: 404, receivedMessages: 1, sentMessages: 0 },
  },
  {
    what: 'a handler that fails',
    request: sayHello('grpc-web', 'fault'),
    start: { protocol: 'grpc-web', method: SAY },
    end: { code: Code.Internal, errorId: expect.any(String) as never, sentMessages: 0 },
  },
  {
    what: 'a gate that refuses',
    request: as('connect', { headers: { ...callHeaders('connect'), 'x-refuse': '1' } }),
    start: { protocol: 'connect', method: SAY },
    end: { code: Code.PermissionDenied, httpStatus: 403, receivedMessages: 0 },
  },
  {
    what: 'a message that cannot be decoded',
    request: as('connect-json', { body: '{' }),
    start: { protocol: 'connect', method: SAY },
    end: { code: Code.InvalidArgument, httpStatus: 400 },
  },
  {
    what: 'another verb',
    request: as('connect', { method: 'DELETE', body: '' }),
    start: { protocol: 'connect', method: SAY, httpMethod: 'DELETE' },
    end: { code: Code.Unimplemented, httpStatus: 405 },
  },
  {
    what: 'another content type',
    request: as('connect', { headers: { 'content-type': 'text/csv' } }),
    start: { protocol: 'connect', method: SAY },
    end: { code: Code.InvalidArgument, httpStatus: 415 },
  },
  {
    what: 'a method that is not served',
    request: as('grpc', { path: '/greeter.v1.GreeterService/Nope' }),
    start: { protocol: 'grpc', method: undefined, path: '/greeter.v1.GreeterService/Nope' },
    end: { code: Code.Unimplemented, httpStatus: 200 },
  },
  {
    what: 'a preflight',
    request: { path: SAY_HELLO, method: 'OPTIONS', headers: { origin: 'https://a.example' } },
    start: { protocol: 'http', httpMethod: 'OPTIONS' },
    end: { code: undefined, httpStatus: 204 },
  },
  {
    what: 'a route of Fastify',
    request: { path: '/about?a=b', method: 'GET' },
    start: { protocol: 'http', method: undefined, path: '/about', httpMethod: 'GET' },
    end: { code: undefined, httpStatus: 200, sentBytes: 11, requestId: expect.stringMatching(/^req-/) as never },
  },
  {
    what: 'a path that is not there',
    request: { path: '/nowhere', method: 'GET' },
    start: { protocol: 'http', path: '/nowhere' },
    end: { code: undefined, httpStatus: 404 },
  },
  {
    what: 'a route that fails',
    request: { path: '/broken', method: 'GET' },
    start: { protocol: 'http' },
    end: { code: undefined, httpStatus: 500 },
  },
]

const CASES = LANES.flatMap((lane) =>
  exchanges.flatMap(([version, exchange]) => ROWS.map((row) => [lane, row.what, version, exchange, row] as const)),
)

async function start(lane: (typeof LANES)[number]) {
  const recorder = new CallRecorder()
  const app = await startRoutes({
    lane,
    routes,
    observers: [recorder],
    cors: { origins: ['https://a.example'] },
    listen: { stallTimeoutMs: 200, requestTimeoutMs: 200 },
    requestGate({ requestHeader }) {
      if (requestHeader.has('x-refuse')) throw new ConnectError('not you', Code.PermissionDenied)
    },
  })
  return { ...app, recorder }
}

/** With ordinary routes, which must be there before the port opens. */
async function startWithRoutes(lane: (typeof LANES)[number]) {
  const recorder = new CallRecorder()
  const app = fastify({ ...onePort({ drainTimeoutMs: 0 }) })
  await app.register(portico, {
    lane,
    routes,
    observers: [recorder],
    cors: { origins: ['https://a.example'] },
    requestGate({ requestHeader }) {
      if (requestHeader.has('x-refuse')) throw new ConnectError('not you', Code.PermissionDenied)
    },
  })
  app.get('/about', async () => ({ ok: true }))
  app.get('/broken', async () => {
    throw new Error('broken')
  })
  return { ...(await startFastify(app)), recorder }
}

test.each(CASES)('on the %s lane: %s over %s', async (lane, _what, version, exchange, row) => {
  const { origin, host, recorder } = await startWithRoutes(lane)
  const answer = await exchange(origin, row.request)
  const [call] = await recorder.ended(1)
  const { requestId: _id, ...end } = row.end
  expect(call).toMatchObject({ side: 'server', ...row.start, ...end })
  expect(call).toMatchObject({
    httpVersion: version === 'HTTP/2' ? '2' : '1.1',
    target: host,
    peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    sentBytes: answer.body.length,
  })
  expect(call?.durationMs).toBeGreaterThan(0)
  expect(call?.header.get('content-type')).toBe(row.request.headers?.['content-type'] ?? null)
})

describe.each(LANES)('on the %s lane', (lane) => {
  test.each([
    [
      '400',
      'GET / HTTP/1.1\r\nHost: localhost\r\nbroken field\r\n\r\n',
      { httpStatus: 400, code: Code.InvalidArgument },
    ],
    [
      '431',
      `GET / HTTP/1.1\r\nHost: localhost\r\nx: ${'v'.repeat(20_000)}\r\n\r\n`,
      { httpStatus: 431, code: Code.ResourceExhausted },
    ],
    ['a bad Host', 'GET /about HTTP/1.1\r\nHost: a b\r\n\r\n', { httpStatus: 400, code: Code.InvalidArgument }],
    [
      'too many fields',
      `GET /about HTTP/1.1\r\nHost: localhost\r\n${'x: y\r\n'.repeat(120)}\r\n`,
      { httpStatus: 431, code: Code.ResourceExhausted },
    ],
  ])('a rejected head over HTTP/1.1: %s', async (_what, head, end) => {
    const { port, recorder } = await start(lane)
    const raw = await RawSocket.open({ port })
    raw.write(head)
    await raw.closed
    expect(await recorder.ended(1)).toMatchObject([{ protocol: 'http', ...end, receivedBytes: 0 }])
  })

  test('a rejected head over HTTP/2', async () => {
    const { origin, recorder } = await start(lane)
    const headers = { ...callHeaders('grpc'), host: 'another.example' }
    await exchangeHttp2(origin, { ...sayHello('grpc'), headers }).catch(() => {})
    expect(await recorder.ended(1)).toMatchObject([{ protocol: 'grpc' }])
  })

  test('a client that cancels a stream over HTTP/2', async () => {
    const { origin, recorder } = await start(lane)
    const session = connect(origin)
    onTestFinished(() => session.destroy())
    const stream = session.request({ ':method': 'POST', ':path': GET_STREAM, ...callHeaders('grpc') })
    stream.on('error', () => {})
    stream.end(envelope(Buffer.alloc(0)))
    await new Promise((resolve) => stream.once('data', resolve))
    stream.close(8)
    expect(await recorder.ended(1)).toMatchObject([{ method: GET, code: Code.Canceled, receivedMessages: 1 }])
  })

  test('a client that disconnects from a stream over HTTP/1.1', async () => {
    const { port, recorder } = await start(lane)
    const raw = await RawSocket.open({ port })
    const body = envelope(Buffer.from('{}'))
    raw.write(`POST ${GET_STREAM} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/connect+json\r\n`)
    raw.write(`Content-Length: ${body.length}\r\n\r\n`)
    raw.write(body)
    await expect.poll(() => raw.text).toContain('"data":"b"')
    raw.socket.destroy()
    expect(await recorder.ended(1)).toMatchObject([{ method: GET, code: Code.Canceled, sentMessages: 2 }])
  })

  test('an HTTP/1.1 body that stops arriving ends with the code that its caller receives', async () => {
    const { port, recorder } = await start(lane)
    const raw = await RawSocket.open({ port })
    const head = `POST ${SAY_HELLO} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n`
    raw.write(`${head}{"na`)
    await raw.closed
    expect(raw.text).toContain('deadline_exceeded')
    expect(await recorder.ended(1)).toMatchObject([
      {
        protocol: 'connect',
        method: SAY,
        code: Code.DeadlineExceeded,
        httpStatus: 408,
        error: { rawMessage: 'the request body stopped arriving' },
      },
    ])
  })

  test('all requests of a cut connection end', async () => {
    const { port, recorder } = await start(lane)
    const raw = await RawSocket.open({ port })
    const body = envelope(Buffer.from('{}'))
    const head = `POST ${GET_STREAM} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/connect+json\r\nContent-Length: ${body.length}\r\n\r\n`
    for (let request = 0; request < 3; request += 1) raw.write(Buffer.concat([Buffer.from(head), body]))
    await expect.poll(() => recorder.calls.length).toBe(3)
    raw.socket.destroy()
    const codes = (await recorder.ended(3)).map(({ code }) => code)
    expect(codes).toEqual([Code.Canceled, Code.Canceled, Code.Canceled])
  })

  test('all streams of a cut connection end', async () => {
    const { port, recorder } = await start(lane)
    const raw = await RawSocket.open({ port })
    raw.write(Buffer.concat([PREFACE, Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]))
    for (const streamId of [1, 3, 5]) raw.write(callHead(GET_STREAM, streamId))
    await expect.poll(() => recorder.calls.length).toBe(3)
    raw.socket.destroy()
    expect((await recorder.ended(3)).map(({ code }) => code)).toEqual([Code.Canceled, Code.Canceled, Code.Canceled])
  })

  test('observers of several plugins on a port see the requests of all', async () => {
    const recorders = [new CallRecorder(), new CallRecorder()]
    const [first, second] = recorders as [CallRecorder, CallRecorder]
    const app = fastify(onePort({ drainTimeoutMs: 0 }))
    const observers = [first]
    await app.register(portico, { lane, observers, routes: (router) => void router.rpc(SAY, () => ({})) })
    await app.register(portico, {
      lane,
      observers: [second, first],
      routes: (router) => void router.rpc(GreeterService.method.publish, () => ({})),
    })
    const { origin } = await startFastify(app)
    await exchangeHttp1(origin, sayHello('connect'))
    await exchangeHttp2(origin, { ...sayHello('grpc'), path: '/greeter.v1.GreeterService/Publish' })
    for (const recorder of recorders) {
      expect((await recorder.ended(2)).map(({ method }) => method?.name)).toEqual(['SayHello', 'Publish'])
    }
  })
})

test.each(exchanges)(
  'a call that runs through Fastify hooks is one call to observers, over %s',
  async (_v, exchange) => {
    const recorder = new CallRecorder()
    const app = fastify(onePort({ drainTimeoutMs: 0 }))
    app.addHook('onRequest', async (request, reply) => {
      if (request.headers['x-refuse'] !== undefined) await reply.code(401).send({ message: 'who are you' })
    })
    await app.register(portico, { routes, observers: [recorder] })
    const { origin } = await startFastify(app)
    await exchange(origin, sayHello('grpc'))
    await exchange(origin, as('grpc', { headers: { ...callHeaders('grpc'), 'x-refuse': '1' } }))
    await exchange(origin, as('connect', { method: 'GET', path: '/nowhere' }))
    expect(await recorder.ended(3)).toMatchObject([
      { protocol: 'grpc', method: SAY, ...OK },
      { protocol: 'grpc', method: SAY, code: Code.Unauthenticated, receivedMessages: 0 },
      { protocol: 'connect', httpStatus: 404 },
    ])
  },
)

test('without onePort() the calls of a plugin are observed', async () => {
  const recorder = new CallRecorder()
  const app = fastify()
  await app.register(portico, { routes, observers: [recorder] })
  const { origin } = await startFastify(app)
  await exchangeHttp1(origin, sayHello('connect'))
  await exchangeHttp1(origin, sayHello('grpc-web', 'nobody'))
  expect(await recorder.ended(2)).toMatchObject([OK, { code: Code.NotFound }])
})
