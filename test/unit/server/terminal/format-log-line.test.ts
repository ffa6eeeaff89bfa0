import { describe, expect, test } from 'vitest'
import { logLineFormatter } from '../../../../server/terminal/format-log-line.ts'
import { paintFor } from '../../../../server/terminal/paint.ts'

const ESCAPE = '\u001b'
const TIME = new Date(2026, 10, 28, 9, 5, 4, 7).getTime()

const plain = logLineFormatter(paintFor(false))
const colored = logLineFormatter(paintFor(true))

const CALL = {
  level: 30,
  time: TIME,
  pid: 1,
  hostname: 'host',
  method: 'greeter.v1.GreeterService/SayHello',
  protocol: 'grpc-web',
  code: 'ok',
  durationMs: 1.234,
  receivedBytes: 7,
  sentBytes: 12,
  peer: '127.0.0.1:1234',
  httpVersion: '2.0',
  reqId: 'req-1',
  msg: 'call',
}

function lineOf(fields: object): string {
  return `${JSON.stringify(fields)}\n`
}

describe('a call', () => {
  test('is one line: time, code, duration, protocol, method', () => {
    expect(plain(lineOf(CALL))).toBe('09:05:04.007 ok        1.23 ms grpc-web greeter.v1.GreeterService/SayHello\n')
  })

  test('that failed shows the reason and the error id', () => {
    const failed = {
      ...CALL,
      level: 50,
      code: 'internal',
      error: 'TypeError: x is not\na function',
      errorId: '4f1c-9a',
    }
    expect(plain(lineOf(failed))).toBe(
      '09:05:04.007 internal  1.23 ms grpc-web greeter.v1.GreeterService/SayHello: TypeError: x is not\\u000aa function (error 4f1c-9a)\n',
    )
  })

  test.each([
    ['ok', 32],
    ['canceled', 33],
    ['not_found', 31],
    ['internal', 31],
  ])('has a colour by its code: %s', (code, color) => {
    const written = colored(lineOf({ ...CALL, code, error: 'reason', errorId: '4f1c' }))
    expect(written).toContain(`${ESCAPE}[${color}m${code.padEnd(9)}${ESCAPE}[39m`)
    expect(written).toContain(`${ESCAPE}[${color}m: reason (error 4f1c)${ESCAPE}[39m`)
  })

  test.each([
    [0.0004, '   0.00 ms'],
    [9.994, '   9.99 ms'],
    [12.34, '   12.3 ms'],
    [123.4, '    123 ms'],
    [1_234, '     1.2 s'],
    [123_456, '     123 s'],
  ])('of %d ms shows its duration as "%s"', (durationMs, text) => {
    expect(plain(lineOf({ ...CALL, durationMs }))).toContain(` ok     ${text} grpc-web `)
  })

  test('without a text shows an HTTP status other than 200, and custom fields', () => {
    const written = plain(lineOf({ ...CALL, code: 'unknown', status: 415, tenant: 'acme', user: { id: 1 } }))
    expect(written).toContain('/SayHello: (HTTP 415) tenant=acme user={"id":1}\n')
    expect(plain(lineOf({ ...CALL, code: 'not_found', status: 404, error: 'no' }))).toMatch(/SayHello: no\n$/)
  })

  test('with a long code or method is not truncated', () => {
    const method = `${'long.'.repeat(40)}Service/Method`
    expect(plain(lineOf({ ...CALL, code: 'failed_precondition', method }))).toContain(
      ` failed_precondition 1.23 ms grpc-web ${method}\n`,
    )
  })
})

test.each([
  [{ method: 'GET', path: '/about', status: 200 }, '200       1.23 ms http     GET /about'],
  [{ method: 'GET', path: '/none', status: 404 }, '404       1.23 ms http     GET /none'],
  [
    { method: '', path: '', status: 431, code: 'resource_exhausted' },
    '431       1.23 ms http      : resource_exhausted',
  ],
])('a request is one line: %j', (fields, text) => {
  const { protocol: _protocol, code: _code, ...common } = CALL
  expect(plain(lineOf({ ...common, ...fields, msg: 'request' }))).toBe(`09:05:04.007 ${text}\n`)
})

describe('any other line', () => {
  test.each([
    [10, 'TRACE    '],
    [20, 'DEBUG    '],
    [30, 'INFO     '],
    [40, 'WARN     '],
    [50, 'ERROR    '],
    [60, 'FATAL    '],
    [35, 'LEVEL 35 '],
  ])('of level %d has its label', (level, name) => {
    expect(plain(lineOf({ level, time: TIME, msg: 'draining' }))).toBe(`09:05:04.007 ${name} draining\n`)
  })

  test('has its fields after the message, quoted where needed', () => {
    const fields = {
      signal: 'SIGTERM',
      drainTimeoutMs: 25_000,
      note: 'two words',
      list: [1, 'a'],
      none: null,
      '': true,
    }
    expect(plain(lineOf({ level: 30, time: TIME, ...fields, msg: 'draining' }))).toBe(
      '09:05:04.007 INFO      draining signal=SIGTERM drainTimeoutMs=25000 note="two words" list=[1,"a"] none=null ""=true\n',
    )
  })

  test('with the message of a call but other fields is shown unchanged', () => {
    expect(plain(lineOf({ level: 30, time: TIME, to: 'Bob', msg: 'call' }))).toBe(
      '09:05:04.007 INFO      call to=Bob\n',
    )
  })

  test('of an error has its stack, fields and causes below it', () => {
    const cause = { type: 'Error', message: 'refused', stack: 'Error: refused\n    at b', code: 'ECONNREFUSED' }
    const err = { type: 'TypeError', message: 'no', stack: 'TypeError: no\n    at a', cause }
    expect(plain(lineOf({ level: 50, time: TIME, err, errorId: '4f1c', msg: 'a handler failed' }))).toBe(
      [
        '09:05:04.007 ERROR     a handler failed errorId=4f1c',
        '    TypeError: no',
        '        at a',
        '    caused by Error: refused',
        '        at b',
        '    code=ECONNREFUSED',
        '',
      ].join('\n'),
    )
  })

  test.each([
    ['text', 'text'],
    [{ message: 'no stack' }, 'Error: no stack'],
    [null, 'null'],
  ])('with %j instead of an error', (err, text) => {
    expect(plain(lineOf({ level: 50, time: TIME, err, msg: 'failed' }))).toBe(
      `09:05:04.007 ERROR     failed\n    ${text}\n`,
    )
  })
})

test('text of a peer cannot forge a line of its own', () => {
  const forged = 'x\n09:05:04.007 ok 1 ms grpc a.B/C'
  const places = [
    { ...CALL, method: forged, protocol: forged, code: forged, error: forged, errorId: forged },
    { level: 30, time: TIME, msg: forged, field: forged, [forged]: forged },
    { level: 50, time: TIME, msg: 'failed', err: { stack: forged, field: forged } },
  ]
  for (const place of places) {
    const [, ...others] = plain(lineOf(place)).trimEnd().split('\n')
    for (const line of others) expect(line).toMatch(/^ {4}/)
  }
})

test.each(['not JSON', '[1', '12', 'null', '"text"'])('anything but an object is only escaped: %s', (line) => {
  expect(plain(`${line}${ESCAPE}\n`)).toBe(`${line}\\u001b\n`)
})

test.each([
  [undefined, '--:--:--.---'],
  ['noon', 'noon'],
  [8.7e15, '8700000000000000'],
])('a time that is %j', (time, text) => {
  expect(plain(lineOf({ level: 30, time, msg: 'x' }))).toBe(`${text} INFO      x\n`)
})
