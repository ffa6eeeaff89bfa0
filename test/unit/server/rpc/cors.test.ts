import { describe, expect, test } from 'vitest'
import { type CorsOrigins, createCors } from '../../../../server/rpc/cors.ts'

const cors = createCors({ origins: ['https://a.example', 'http://localhost:5173'] })

test.each(['https://a.example', 'http://localhost:5173'])('%s may call', (origin) => {
  expect(cors.preflightHeaders(origin)).toMatchObject({ 'access-control-allow-origin': origin })
  expect(cors.responseHeaders(origin)).toMatchObject({ 'access-control-allow-origin': origin })
})

test.each([
  'null',
  '*',
  '',
  'http://a.example',
  'https://a.example:443',
  'https://a.example:8443',
  'https://a.example.evil.example',
  'https://evil-a.example',
  'https://evil.a.example',
  'https://A.example',
  'https://a.example/',
  'https://a.example.',
  'http://localhost',
  '__proto__',
])('"%s" may not call', (origin) => {
  expect(cors.preflightHeaders(origin)).toBeUndefined()
  expect(cors.responseHeaders(origin)).toBeUndefined()
})

test.each([
  'null',
  'https://a.example/',
  'a.example',
  'https://A.example',
  '',
  'https://*',
  'https://a.*.example',
  '*.a.example',
])('rejects "%s" as an origin', (origin) => {
  expect(() => createCors({ origins: [origin] })).toThrow(RangeError)
})

test.each([5, null, undefined, {}, [], () => true])('rejects %s in a list of origins', (origin) => {
  const origins = ['https://b.example', origin] as unknown as CorsOrigins
  expect(() => createCors({ origins })).toThrow(/^cors.origins has .*: an origin is scheme/)
})

test.each([
  ['async', async () => true],
  ['with a callback', (_origin: string, done: (allowed: boolean) => void) => done(true)],
])('rejects a function %s, which would let no page in', (_what, origins) => {
  expect(() => createCors({ origins: origins as unknown as CorsOrigins })).toThrow(/^cors.origins must return/)
})

test.each(['a b', '', 'x\r\ny', 5, undefined])('rejects the header name %j', (name) => {
  const names = [name] as string[]
  expect(() => createCors({ allowedHeaders: names })).toThrow(/^cors.allowedHeaders has .*: it is not a header name/)
  expect(() => createCors({ exposedHeaders: names })).toThrow(/^cors.exposedHeaders has .*: it is not a header name/)
})

test.each([-1, 86_401, 1.5, Number.NaN])('rejects a max age of %d', (maxAgeSeconds) => {
  expect(() => createCors({ maxAgeSeconds })).toThrow(/maxAgeSeconds/)
})

/** None of them is a subdomain of a.example over https. */
const LOOK_ALIKES = [
  'https://a.example',
  'http://x.a.example',
  'https://x.a.example:8443',
  'https://x.a.example.evil.example',
  'https://evil-a.example',
  'https://.a.example',
  'https://x..a.example',
  'https://evil.example/x.a.example',
  'https://evil.example#.a.example',
  'https://x@.a.example',
  'https://*.a.example',
]

describe('allowed origins', () => {
  const A = 'https://a.example'
  const SUB = 'https://x.y.a.example'
  const rows: readonly (readonly [
    name: string,
    origins: CorsOrigins,
    may: readonly string[],
    not: readonly string[],
  ])[] = [
    ['all', true, [A, SUB, 'null', 'http://localhost:1'], []],
    ['all, as a text', ['*'], [A, 'null'], []],
    ['subdomains', ['https://*.a.example'], [SUB, 'https://x.a.example'], LOOK_ALIKES],
    ['subdomains at a port', ['http://*.a.example:81'], ['http://x.a.example:81'], ['http://x.a.example', SUB]],
    [
      'a regular expression',
      [/^https:\/\/[xyz]\.test$/],
      ['https://x.test', 'https://y.test'],
      [A, 'https://x.test.evil'],
    ],
    ['one that keeps its position', [/a\.example$/g], [A, A, A], ['https://b.example']],
    ['a function', (origin) => origin.endsWith(':5173'), ['http://localhost:5173'], [A]],
    ['a function that throws', () => expect.unreachable(), [], [A, 'null']],
    ['a function that returns a promise', (() => Promise.resolve(true)) as unknown as () => boolean, [], [A]],
    [
      'several',
      [A, 'https://*.b.example', /^http:\/\/localhost:\d+$/],
      [A, 'https://x.b.example', 'http://localhost:1'],
      [SUB],
    ],
  ]

  test.each(rows)('%s', (_name, origins, may, not) => {
    const { preflightHeaders, responseHeaders, responseFields } = createCors({ origins, allowsCredentials: true })
    for (const origin of may) {
      expect(preflightHeaders(origin)).toMatchObject({ 'access-control-allow-origin': origin })
      expect(responseHeaders(origin)).toMatchObject({ 'access-control-allow-origin': origin })
      expect(responseFields(origin)).toContainEqual({ name: 'access-control-allow-origin', value: origin })
    }
    for (const origin of not) {
      expect([origin, preflightHeaders(origin), responseHeaders(origin)]).toEqual([origin, undefined, undefined])
      expect(responseFields(origin)).toEqual([{ name: 'vary', value: 'origin' }])
    }
  })

  test('without credentials all origins get the same response, "*"', () => {
    const any = createCors({ origins: true })
    expect(any.responseHeaders(A)).toMatchObject({ 'access-control-allow-origin': '*' })
    expect(any.responseFields(A)).toBe(any.responseFields(SUB))
    expect(any.responseFields(A)).toContainEqual({ name: 'vary', value: 'origin' })
  })

  test('only static lists are cacheable', () => {
    const { isFixed, responseFields } = createCors({ origins: [A, 'https://*.a.example'] })
    expect([A, undefined, 'https://b.example', SUB].map((origin) => isFixed(responseFields(origin)))).toEqual([
      true,
      true,
      true,
      false,
    ])
  })
})

test('cookies are allowed only on request, and the gRPC trailers are readable', () => {
  const headers = cors.responseHeaders('https://a.example') ?? {}
  expect(headers).not.toHaveProperty('access-control-allow-credentials')
  expect(headers['access-control-expose-headers']?.toLowerCase()).toContain('grpc-status')
  const withCookies = createCors({ origins: ['https://a.example'], allowsCredentials: true })
  expect(withCookies.responseHeaders('https://a.example')).toMatchObject({ 'access-control-allow-credentials': 'true' })
})
