/** Answers over our own HTTP/2 have one Date field (RFC 9110 section 6.6.1). */
import { expect, test } from 'vitest'
import { callHeaders, SAY_HELLO, sayHello } from '../support/calls.ts'
import { exchangeOn } from '../support/exchange.ts'
import { openSession, startNativeFastify } from '../support/native-fastify.ts'

async function open(options = {}) {
  const { origin } = await startNativeFastify((app) => app.get('/about', async () => 'about'))
  return openSession(origin, options)
}

test.each([
  ['a gRPC call', sayHello('grpc')],
  ['a gRPC-Web call', sayHello('grpc-web')],
  ['a Connect call', sayHello('connect')],
  ['a call that fails', { path: SAY_HELLO, headers: callHeaders('grpc'), body: 'no message' }],
  ['a call that is not served', { path: '/a.B/C', headers: callHeaders('connect'), body: '' }],
  ['a request that is refused', { path: SAY_HELLO, method: 'PUT' }],
  ['an ordinary request', { path: '/about', method: 'GET' }],
  ['a page that is not there', { path: '/nowhere', method: 'GET' }],
])('%s', async (_name, init) => {
  const session = await open()
  const startedAtMs = Math.floor(Date.now() / 1_000) * 1_000
  // Repeatedly: the encoder remembers what it sends.
  for (let count = 0; count < 4; count++) {
    const { headers } = await exchangeOn(session, init)
    expect(headers.date).toMatch(/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/)
    const atMs = Date.parse(String(headers.date))
    expect(atMs).toBeGreaterThanOrEqual(startedAtMs)
    expect(atMs).toBeLessThanOrEqual(Date.now())
  }
})

test('omits the date header for a peer whose header list limit has no room for it', async () => {
  const roomy = await open()
  const { headers } = await exchangeOn(roomy, sayHello('connect'))
  const { date, ...others } = headers
  const size = Object.entries(others).reduce((sum, [name, value]) => sum + 32 + name.length + String(value).length, 0)
  const tight = await open({ settings: { maxHeaderListSize: size } })
  const answer = await exchangeOn(tight, sayHello('connect'))
  expect(answer.status).toBe(200)
  expect([date === undefined, answer.headers.date]).toEqual([false, undefined])
})
