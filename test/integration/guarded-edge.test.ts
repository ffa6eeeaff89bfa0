/** User code that fails in any way at any edge of a call ends only that call, and is logged once. */
import { type ClientHttp2Session, connect } from 'node:http2'
import { setImmediate } from 'node:timers/promises'
import type { ConnectRouter, HandlerContext, Interceptor } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { AppOptions } from '../../server/app.ts'
import { LANES } from '../../server/rpc/lane.ts'
import type { CallObserver } from '../../wire/call-observer.ts'
import { type CallProtocol, callHeaders, endOf, envelope, sayHello } from '../support/calls.ts'
import { startRoutes } from '../support/demo-server.ts'
import { repetitions } from '../support/depth.ts'
import { type Exchanged, exchangeHttp1, exchangeOn } from '../support/exchange.ts'
import { LogCapture } from '../support/log-capture.ts'
import { thenable, throwingThenable } from '../support/thenables.ts'

/** Calls that follow on the connection: more than it has places for. */
const FURTHER_CALLS = repetitions({ narrow: 110, deep: 200 })
const FAULT = 'fault'
const GET_STREAM = '/greeter.v1.GreeterService/GetStream'
const fault = new Error('a secret')

/** What code that is not ours does. */
const FAILURES: Readonly<Record<string, () => never>> = {
  throws() {
    throw fault
  },
  rejects: () => Promise.reject(fault) as never,
  'returns a thenable that rejects': () => thenable((_resolve, reject) => reject(fault)) as never,
  'returns a thenable that throws': () => throwingThenable(fault) as never,
}

type Fail = () => never

/** Where it does so, for calls named so: options of an app, and the routes. */
interface Edge extends Partial<AppOptions> {
  readonly stream?: () => AsyncIterable<object>
  readonly sayHello?: (context: HandlerContext) => object
}

const isFault = (header: Headers) => header.has('x-fault')

/** A stream of the service, with one method of its iterator. */
const streamOf = (methods: object) => ({ [Symbol.asyncIterator]: () => methods }) as AsyncIterable<object>

const EDGES: Readonly<Record<string, (fail: Fail) => Edge>> = {
  'a gate': (fail) => ({ requestGate: ({ requestHeader }) => (isFault(requestHeader) ? fail() : undefined) }),
  'an interceptor': (fail) => {
    const interceptor: Interceptor = (next) => (request) => (isFault(request.header) ? fail() : next(request))
    return { interceptors: [interceptor] }
  },
  'IC-3: a handler': (fail) => ({ sayHello: ({ requestHeader }) => (isFault(requestHeader) ? fail() : {}) }),
  'a gate of middleware': (fail) => ({
    middleware: [{ name: 'gate', requestGate: ({ requestHeader }) => (isFault(requestHeader) ? fail() : undefined) }],
  }),
  'an interceptor of middleware': (fail) => {
    const interceptor: Interceptor = (next) => (request) => (isFault(request.header) ? fail() : next(request))
    return { middleware: [{ name: 'interceptor', interceptor }] }
  },
  'an admission control': (fail) => ({
    middleware: [{ name: 'admission', admission: { admit: ({ header }) => (header.get('x-fault') ? fail() : null) } }],
  }),
  'the header of a response': (fail) => {
    const interceptor: Interceptor = (next) => async (request) => {
      const response = await next(request)
      return isFault(request.header) ? Object.defineProperty({ ...response }, 'header', { get: fail }) : response
    }
    return { interceptors: [interceptor] }
  },
}

const STREAM_EDGES: Readonly<Record<string, (fail: Fail) => Edge>> = {
  'the maker of an iterator': (fail) => ({
    stream: () => ({ [Symbol.asyncIterator]: fail }) as unknown as AsyncIterable<object>,
  }),
  'a getter of the iterable': (fail) => ({
    stream: () => Object.defineProperty({}, Symbol.asyncIterator, { get: fail }) as AsyncIterable<object>,
  }),
  'next of an iterator': (fail) => ({ stream: () => streamOf({ next: fail }) }),
}

const PROTOCOLS = ['grpc', 'grpc-web', 'connect'] as const

async function start(edge: Edge) {
  const log = new LogCapture()
  const { stream, sayHello: greet, ...options } = edge
  const routes = (router: ConnectRouter) =>
    router.service(GreeterService, {
      sayHello: ({ name }, context) => greet?.(context) ?? { message: name },
      getStream: stream ?? async function* () {},
    })
  const app = await startRoutes({
    lane: 'native',
    routes: (router) => void routes(router),
    logger: log.logger,
    ...options,
  })
  const session = connect(app.origin)
  onTestFinished(() => session.destroy())
  return { ...app, log, session }
}

/** Log lines of a fault, in addition to the line of its call. */
const faultLines = (log: LogCapture) => log.lines.filter(({ level, msg }) => Number(level) >= 50 && msg !== 'call')

async function callOn(session: ClientHttp2Session, protocol: CallProtocol): Promise<string> {
  return endOf(protocol, await exchangeOn(session, sayHello(protocol))).code
}

async function expectHealthy(session: ClientHttp2Session): Promise<void> {
  for (let call = 0; call < FURTHER_CALLS; call += 1) expect(await callOn(session, 'grpc')).toBe('ok')
}

const internal = (protocol: CallProtocol) => (protocol.startsWith('grpc') ? 'grpc-status 13' : 'internal')

function expectConcealed(protocol: CallProtocol, answer: Exchanged): void {
  const { code, message } = endOf(protocol, answer)
  expect(code).toBe(internal(protocol))
  expect(message).toMatch(/^internal error [0-9a-f-]{36}$/)
}

/** A callback that is called and not awaited: only throwing is an error. */
const READ_EDGES = new Set(['the header of a response', 'the maker of an iterator', 'a getter of the iterable'])

const table = (edges: Readonly<Record<string, (fail: Fail) => Edge>>) =>
  Object.entries(edges).flatMap(([edge, make]) =>
    Object.entries(FAILURES)
      .filter(([failure]) => failure === 'throws' || !READ_EDGES.has(edge))
      .map(([failure, fail]) => [edge, failure, () => make(fail)] as const),
  )

describe.each(table(EDGES))('%s that %s', (_edge, _failure, make) => {
  test.each(PROTOCOLS)('ends a %s call over HTTP/2, and nothing else', async (protocol) => {
    const { session, log } = await start(make())
    const headers = { ...callHeaders(protocol), 'x-fault': FAULT }
    expectConcealed(protocol, await exchangeOn(session, { ...sayHello(protocol), headers }))
    await expectHealthy(session)
    expect(faultLines(log)).toHaveLength(1)
  })

  test('ends a call over HTTP/1.1, and nothing else', async () => {
    const { origin, log } = await start(make())
    const headers = { ...callHeaders('connect'), 'x-fault': FAULT }
    expectConcealed('connect', await exchangeHttp1(origin, { ...sayHello('connect'), headers }))
    expect(endOf('connect', await exchangeHttp1(origin, sayHello('connect'))).code).toBe('ok')
    expect(faultLines(log)).toHaveLength(1)
  })
})

describe.each(table(STREAM_EDGES))('%s that %s', (_edge, _failure, make) => {
  test.each(['grpc', 'grpc-web', 'connect-stream'] as const)('ends a %s stream, and nothing else', async (protocol) => {
    const { session, log } = await start(make())
    const request = { path: GET_STREAM, headers: callHeaders(protocol), body: envelope(Buffer.alloc(0)) }
    expectConcealed(protocol, await exchangeOn(session, request))
    await expectHealthy(session)
    expect(faultLines(log)).toHaveLength(1)
  })
})

/** Observers with one step that fails, for the first call. */
const OBSERVERS: Readonly<Record<string, (fail: Fail) => CallObserver>> = {
  onStart: (fail) => ({ onStart: fail }),
  onReceived: (onReceived) => ({ onStart: () => ({ onReceived, onEnd() {} }) }),
  onSent: (onSent) => ({ onStart: () => ({ onSent, onEnd() {} }) }),
  onEnd: (onEnd) => ({ onStart: () => ({ onEnd }) }),
}

/** Observes only the first call. */
function once(observer: CallObserver): CallObserver {
  let isFirst = true
  return {
    onStart(call) {
      if (!isFirst) return null
      isFirst = false
      return observer.onStart(call)
    },
  }
}

describe.each(
  Object.entries(OBSERVERS).flatMap(([step, make]) =>
    Object.entries(FAILURES).map(([failure, fail]) => [step, failure, () => once(make(fail))] as const),
  ),
)('%s of an observer that %s', (_step, _failure, make) => {
  test.each(PROTOCOLS)('does not affect a %s call', async (protocol) => {
    const { session, log } = await start({ observers: [make()] })
    expect(await callOn(session, protocol)).toBe('ok')
    await expectHealthy(session)
    await setImmediate()
    expect(faultLines(log)).toHaveLength(1)
  })

  test('does not affect a call whose handler fails', async () => {
    const { session } = await start({ ...EDGES['a gate']?.(FAILURES.throws as Fail), observers: [make()] })
    const headers = { ...callHeaders('grpc'), 'x-fault': FAULT }
    expectConcealed('grpc', await exchangeOn(session, { ...sayHello('grpc'), headers }))
    await expectHealthy(session)
  })
})

test('a logger that throws affects no call, also when a handler has failed', async () => {
  const { logger } = new LogCapture()
  const broken = Object.assign(Object.create(logger), {
    error() {
      throw fault
    },
  })
  const { session } = await start({ ...EDGES['a gate']?.(FAILURES.throws as Fail), logger: broken })
  const headers = { ...callHeaders('grpc'), 'x-fault': FAULT }
  expectConcealed('grpc', await exchangeOn(session, { ...sayHello('grpc'), headers }))
  await expectHealthy(session)
})

describe.each(LANES)('the end of an admission that throws, on the %s lane', (lane) => {
  test.each(PROTOCOLS)('does not affect a %s call', async (protocol) => {
    const end = () => {
      throw fault
    }
    const middleware = [1, 2].map((count) => ({ name: `${count}`, admission: { admit: () => ({ end }) } }))
    const { session, log } = await start({ lane, middleware })
    expect(await callOn(session, protocol)).toBe('ok')
    expect(await callOn(session, protocol)).toBe('ok')
    await expect.poll(() => faultLines(log).length).toBe(2)
  })
})
