import { Code, ConnectError } from '@connectrpc/connect'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import { fastify } from 'fastify'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { accessLog, isLogging } from '../../../../server/telemetry/access-log.ts'
import type { CallEnd, CallStart } from '../../../../wire/call-observer.ts'
import { LogCapture, type LogLine } from '../../../support/log-capture.ts'

const LEVEL = { debug: 20, info: 30, warn: 40, error: 50 } as const
const HEALTH_CHECK = '/grpc.health.v1.Health/Check'

const START: CallStart = {
  side: 'server',
  protocol: 'grpc',
  path: '/a.B/C',
  method: undefined,
  httpMethod: 'POST',
  httpVersion: '2',
  header: new Headers(),
  peer: '[2001:db8::1]:1234',
  target: 'api.example',
  startedAtMs: 0,
}

const END: CallEnd = {
  code: undefined,
  error: null,
  httpStatus: 200,
  receivedBytes: 12,
  sentBytes: 34,
  receivedMessages: 1,
  sentMessages: 1,
  durationMs: 1.23456,
  peer: START.peer,
}

/** The line of a call. */
function lineOf(start: Partial<CallStart>, end: Partial<CallEnd>): LogLine {
  const log = new LogCapture()
  accessLog(log.logger)
    .onStart({ ...START, ...start })
    ?.onEnd({ ...END, ...end })
  expect(log.lines).toHaveLength(1)
  return log.lines[0] ?? {}
}

test('a call has its method, protocol, code, time, bytes and peer', () => {
  const line = lineOf({}, {})
  expect(line).toMatchObject({
    msg: 'call',
    level: LEVEL.info,
    method: 'a.B/C',
    protocol: 'grpc',
    code: 'ok',
    durationMs: 1.235,
    receivedBytes: 12,
    sentBytes: 34,
    peer: '[2001:db8::1]:1234',
    httpVersion: '2.0',
  })
  for (const field of ['status', 'error', 'errorId', 'reqId']) expect(line).not.toHaveProperty(field)
})

test.each([
  [Code.NotFound, LEVEL.info],
  [Code.Canceled, LEVEL.info],
  [Code.Unimplemented, LEVEL.info],
  [Code.DeadlineExceeded, LEVEL.warn],
  [Code.PermissionDenied, LEVEL.warn],
  [Code.Unavailable, LEVEL.warn],
  [Code.Unknown, LEVEL.error],
  [Code.Internal, LEVEL.error],
  [Code.DataLoss, LEVEL.error],
])('a call that ended with code %i is logged at level %i', (code, level) => {
  const error = new ConnectError('of the handler', code)
  expect(lineOf({}, { code, error })).toMatchObject({ code: codeToString(code), level, error: 'of the handler' })
})

test('a failed handler has the error and the id under which its stack is logged', () => {
  const cause = new TypeError('a is not a function')
  const error = new ConnectError('internal error 1-2-3', Code.Internal, undefined, undefined, cause)
  const line = lineOf({}, { code: Code.Internal, error, errorId: '1-2-3' })
  expect(line).toMatchObject({ level: LEVEL.error, errorId: '1-2-3', error: 'TypeError: a is not a function' })
  expect(JSON.stringify(line)).not.toContain('access-log.test.ts')
})

test('a long error is truncated', () => {
  const error = new ConnectError('a'.repeat(5_000), Code.NotFound)
  expect(lineOf({}, { code: Code.NotFound, error }).error).toHaveLength(1_024)
})

test.each([
  [400, Code.Internal, LEVEL.info],
  [405, Code.Unimplemented, LEVEL.info],
  [415, Code.InvalidArgument, LEVEL.info],
  [431, Code.ResourceExhausted, LEVEL.warn],
  [500, Code.Internal, LEVEL.error],
])('HTTP %i with code %i is logged at level %i, and has its status', (httpStatus, code, level) => {
  expect(lineOf({}, { httpStatus, code })).toMatchObject({ status: httpStatus, level })
})

test('ordinary HTTP has its verb, path, status and id', () => {
  const ordinary = { protocol: 'http', httpMethod: 'GET', path: '/about', httpVersion: '1.1' }
  const line = lineOf(ordinary, { httpStatus: 404, requestId: 'req-7' })
  expect(line).toMatchObject({ msg: 'request', level: LEVEL.info, method: 'GET', path: '/about', status: 404 })
  expect(line).toMatchObject({ httpVersion: '1.1', reqId: 'req-7' })
  for (const field of ['code', 'protocol']) expect(line).not.toHaveProperty(field)
})

test('a request with rejected headers has the code of its status', () => {
  const refused = { protocol: 'http', httpMethod: '', path: '' }
  expect(lineOf(refused, { httpStatus: 431, code: Code.ResourceExhausted })).toMatchObject({
    msg: 'request',
    level: LEVEL.warn,
    status: 431,
    code: 'resource_exhausted',
  })
})

test('probes are not logged, unless they fail', () => {
  expect(lineOf({ protocol: 'http', path: '/livez' }, {})).toMatchObject({ level: LEVEL.debug })
  expect(lineOf({ path: HEALTH_CHECK }, {})).toMatchObject({ level: LEVEL.debug })
  expect(lineOf({ path: HEALTH_CHECK }, { code: Code.Internal })).toMatchObject({ level: LEVEL.error })
})

test('a line below the log level is not created', () => {
  const lines: string[] = []
  const log = pino({ level: 'warn' }, { write: (line) => void lines.push(line) })
  const unread = new Proxy(END, {
    get(end, name) {
      if (name === 'durationMs') throw new Error('was read')
      return Reflect.get(end, name)
    },
  })
  accessLog(log).onStart(START)?.onEnd(unread)
  expect(lines).toEqual([])
})

test('a silent logger logs nothing', () => {
  const logs = [fastify().log, pino({ level: 'silent' }), pino()]
  expect(logs.map(isLogging)).toEqual([false, false, true])
})
