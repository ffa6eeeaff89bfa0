import { describe, expect, test } from 'vitest'
import { isSecretHeader, REDACTED, redactHeaders } from '../../../../server/telemetry/redact-headers.ts'

test.each([
  'authorization',
  'Authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'Set-Cookie',
  'X-API-Key',
  'session-bin',
])('%s is secret', (name) => {
  expect(isSecretHeader(name)).toBe(true)
})

test.each(['', 'host', 'user-agent', 'x-request-id', 'binary', 'bin', 'cookies'])('%j is not', (name) => {
  expect(isSecretHeader(name)).toBe(false)
})

describe('what is redacted', () => {
  test.each<[string, unknown, unknown]>([
    ['headers', { host: 'a', Cookie: 'x=y' }, { host: 'a', Cookie: REDACTED }],
    ['headers with several values', { 'set-cookie': ['a=1', 'b=2'] }, { 'set-cookie': REDACTED }],
    ['headers without prototype', Object.assign(Object.create(null), { cookie: 'x' }), { cookie: REDACTED }],
    [
      'headers deep inside',
      { a: { b: { headers: { cookie: 'x' } } } },
      { a: { b: { headers: { cookie: REDACTED } } } },
    ],
    ['headers in lists', [{ cookie: 'x' }, 1], [{ cookie: REDACTED }, 1]],
    ['names and values that alternate', ['Host', 'a', 'Cookie', 'x'], ['Host', 'a', 'Cookie', REDACTED]],
    [
      'pairs',
      [
        ['host', 'a'],
        ['token-bin', 'x'],
      ],
      [
        ['host', 'a'],
        ['token-bin', REDACTED],
      ],
    ],
  ])('%s', (_, value, clean) => {
    expect(redactHeaders(value)).toEqual(clean)
  })
})

test('the value itself is not modified', () => {
  const headers = Object.freeze({ host: 'a', cookie: 'x' })
  expect(redactHeaders(headers)).not.toBe(headers)
  expect(headers.cookie).toBe('x')
})

test.each<[string, unknown]>([
  ['text', 'authorization: secret'],
  ['number', 1],
  ['null', null],
  ['date', new Date(0)],
  ['object', { host: 'a', nested: { list: ['x', 'y'] } }],
])('%s without secrets is returned unchanged, not copied', (_, value) => {
  expect(redactHeaders(value)).toBe(value)
})

test('handles an object that contains itself', () => {
  const loop: Record<string, unknown> = { cookie: 'x' }
  loop.self = loop
  const text = JSON.stringify(redactHeaders(loop))
  expect(text).toContain('[too deep]')
  expect(text).not.toContain('"x"')
})

test('a secret below the inspected depth is hidden too', () => {
  let value: unknown = { cookie: 'secret' }
  for (let level = 0; level < 20; level++) value = { value }
  expect(JSON.stringify(redactHeaders(value))).not.toContain('secret')
})
