/** The access log writes lines of our own loggers itself: octet for octet what pino writes of the same fields. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { FastifyBaseLogger } from 'fastify'
import { fastify } from 'fastify'
import * as pino from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { accessLog } from '../../../../server/telemetry/access-log.ts'
import { createLogger, type LoggerOptions } from '../../../../server/telemetry/logger.ts'
import type { CallEnd, CallStart } from '../../../../wire/call-observer.ts'

const START: CallStart = {
  side: 'server',
  protocol: 'grpc',
  path: '/greeter.v1.GreeterService/SayHello',
  method: GreeterService.method.sayHello,
  httpMethod: 'POST',
  httpVersion: '2',
  header: new Headers(),
  peer: '127.0.0.1:1234',
  target: '',
  startedAtMs: 0,
}

const END: CallEnd = {
  code: undefined,
  error: null,
  httpStatus: 200,
  receivedBytes: 18,
  sentBytes: 35,
  receivedMessages: 1,
  sentMessages: 1,
  durationMs: 0.1234,
  peer: '127.0.0.1:1234',
}

/** Controls, separators, quotes, and half a surrogate pair. */
const ODD = 'a"\\\n\u0000\u001b\u007f\u009b\u2028\u202e\ud800é€😀'

type Case = readonly [name: string, start: Partial<CallStart>, end: Partial<CallEnd>]

const trace = { ids: { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) } } as NonNullable<CallEnd['trace']>
const cause = new TypeError(ODD)
const internal = new ConnectError('internal error 7', Code.Internal, undefined, undefined, cause)

const CASES: readonly Case[] = [
  ['success', {}, {}],
  ['success over HTTP/1.1', { protocol: 'connect', httpVersion: '1.1' }, {}],
  ['success over HTTP/1.0', { protocol: 'grpc-web', httpVersion: '1.0' }, {}],
  ['another path of the method', { path: `/api/${ODD}/SayHello` }, {}],
  ['another protocol', { protocol: ODD }, {}],
  ['another peer', {}, { peer: '[fe80::1%eth"0]:1' }],
  ['a Unix socket', {}, { peer: '' }],
  ['a path without a method', { path: '/nothing', method: undefined }, { code: Code.Unimplemented }],
  ['a trace', {}, { trace }],
  ['a request id', {}, { requestId: `req-${ODD}` }],
  ['no response', {}, { httpStatus: undefined, code: Code.Canceled }],
  ['a failure', {}, { code: Code.NotFound, error: new ConnectError(ODD, Code.NotFound) }],
  ['a failure with a status', {}, { httpStatus: 503, code: Code.Unavailable }],
  ['an internal error', {}, { code: Code.Internal, error: internal, errorId: '7', trace, requestId: 'req-1' }],
  ['a call by REST', { protocol: 'rest', path: '/v1/a', route: '/v1/{name}', httpMethod: 'GET' }, {}],
  ['a request', { protocol: 'http', path: `/${ODD}`, httpMethod: 'GET', method: undefined }, { httpStatus: 404 }],
  ['a request that has failed', { protocol: 'http', method: undefined }, { code: Code.ResourceExhausted }],
  ['a probe', { path: '/grpc.health.v1.Health/Check' }, {}],
  ...[0, 0.0004, 0.0005, 0.001, 0.1, 0.25, 1, 9.9996, 10, 999.9999, 1_234.56, 2 ** 31, 1e21, -1, Number.NaN].map(
    (durationMs): Case => [`a duration of ${durationMs} ms`, {}, { durationMs }],
  ),
  ...[0, 2 ** 40, Number.MAX_SAFE_INTEGER].map(
    (bytes): Case => [`${bytes} octets`, {}, { receivedBytes: bytes, sentBytes: bytes }],
  ),
]

/** The same logger as one of a program, which the access log knows nothing of. */
function unknown(log: FastifyBaseLogger): FastifyBaseLogger {
  const methods = ['debug', 'info', 'warn', 'error'].map((name) => [
    name,
    (...args: unknown[]) => Reflect.apply(Reflect.get(log, name), log, args),
  ])
  return Object.fromEntries(methods)
}

/** The lines that two access logs of one logger write of a case: that of the logger itself, and pino's. */
function linesOf(log: FastifyBaseLogger, lines: string[], [, start, end]: Case): readonly [string[], string[]] {
  const write = (to: FastifyBaseLogger) => {
    lines.length = 0
    const observer = accessLog(to)
    // Texts are kept from one call to the next.
    for (let count = 0; count < 2; count += 1) observer.onStart({ ...START, ...start })?.onEnd({ ...END, ...end })
    return lines.slice()
  }
  return [write(log), write(unknown(log))]
}

function memoryLogger(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  return { lines, log: createLogger(pino, { level: 'debug', format: 'json', ...options }, destination) }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_795_942_756_309 })
})

afterEach(() => {
  vi.useRealTimers()
})

/** Fails if the access log goes through pino. */
function forbidPino(log: FastifyBaseLogger): void {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    vi.spyOn(log, level).mockImplementation(() => expect.unreachable('written by pino'))
  }
}

describe.each<readonly [string, Partial<LoggerOptions>]>([
  ['a logger', {}],
  ['a logger with a name', { name: ODD }],
  ['a logger that adds nothing', { mixin: () => ({}) }],
  ['a logger that adds a span', { mixin: () => ({ traceId: 'of the span', spanId: 'b' }) }],
  ['a logger that adds other fields', { mixin: () => ({ added: 'x', code: 'replaced' }) }],
  ['a pretty logger', { format: 'pretty' }],
])('%s', (_name, options) => {
  test.each(CASES)('writes %s as pino does', (...given) => {
    const { log, lines } = memoryLogger(options)
    const [ours, pinos] = linesOf(log, lines, given)
    expect(ours).toHaveLength(2)
    expect(ours).toEqual(pinos)
  })

  test('is written without pino', () => {
    const { log, lines } = memoryLogger(options)
    forbidPino(log)
    for (const [, start, end] of CASES)
      accessLog(log)
        .onStart({ ...START, ...start })
        ?.onEnd({ ...END, ...end })
    expect(lines).toHaveLength(CASES.length)
  })
})

test('the logger of a Fastify that was given one is written without pino', () => {
  const { log, lines } = memoryLogger()
  const app = fastify({ loggerInstance: log })
  forbidPino(app.log)
  accessLog(app.log).onStart(START)?.onEnd(END)
  expect(lines).toHaveLength(1)
})

test.each<readonly [string, (log: pino.Logger) => pino.Logger]>([
  ['bindings', (log) => log.child({ method: 'of the child', [ODD]: 1 })],
  ['a child of a child', (log) => log.child({ a: 1 }).child({ b: { c: 2 } })],
  ['a serializer', (log) => log.child({}, { serializers: { peer: () => 'hidden' } })],
  ['a serializer of the message', (log) => log.child({}, { serializers: { msg: () => 'another' } })],
  ['redaction', (log) => log.child({}, { redact: ['peer'] })],
  ['a formatter', (log) => log.child({}, { formatters: { log: () => ({ all: 'replaced' }) } })],
  ['a prefix', (log) => log.child({}, { msgPrefix: 'shop: ' })],
  ['a level', (log) => log.child({}, { level: 'error' })],
])('a child with %s writes as pino does', (_name, childOf) => {
  const { log, lines } = memoryLogger()
  const child = childOf(log)
  for (const given of CASES) {
    const [ours, pinos] = linesOf(child, lines, given)
    expect(ours).toEqual(pinos)
  }
})

test('the level and the bindings are those of the moment', () => {
  const { log, lines } = memoryLogger({ level: 'info' })
  const call = accessLog(log).onStart(START)
  log.level = 'warn'
  call?.onEnd(END)
  log.level = 'silent'
  call?.onEnd({ ...END, code: Code.Internal })
  expect(lines).toEqual([])
  log.level = 'trace'
  log.setBindings({ zone: 'a' })
  call?.onEnd(END)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: 30, zone: 'a', msg: 'call' }])
})

test('lines of the access log and other lines keep their order', () => {
  const { log, lines } = memoryLogger()
  const access = accessLog(log)
  log.info('before')
  access.onStart(START)?.onEnd(END)
  log.info('after')
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['before', 'call', 'after'])
})
