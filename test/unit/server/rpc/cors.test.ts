import { expect, test } from 'vitest'
import { createCors } from '../../../../server/rpc/cors.ts'

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

test.each(['*', 'null', 'https://a.example/', 'a.example', 'https://A.example', ''])(
  '"%s" is no origin to allow',
  (origin) => {
    expect(() => createCors({ origins: [origin] })).toThrow(RangeError)
  },
)

test.each([-1, 86_401, Number.NaN])('a max age of %d is refused', (maxAgeSeconds) => {
  expect(() => createCors({ maxAgeSeconds })).toThrow(/maxAgeSeconds/)
})

test('cookies are allowed only where asked for, and the gRPC trailers are readable', () => {
  const headers = cors.responseHeaders('https://a.example') ?? {}
  expect(headers).not.toHaveProperty('access-control-allow-credentials')
  expect(headers['access-control-expose-headers']?.toLowerCase()).toContain('grpc-status')
  const withCookies = createCors({ origins: ['https://a.example'], allowsCredentials: true })
  expect(withCookies.responseHeaders('https://a.example')).toMatchObject({ 'access-control-allow-credentials': 'true' })
})
