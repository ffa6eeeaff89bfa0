/** Pages of other origins: which may call, and what they may read. */
import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import type { CorsOptions } from '../../server/rpc/cors.ts'
import { LANES } from '../../server/rpc/lane.ts'
import { callHeaders, SAY_HELLO, sayHello } from '../support/calls.ts'
import { startDemo } from '../support/demo-server.ts'
import { type ExchangeInit, exchanges } from '../support/exchange.ts'
import { openSession } from '../support/native-fastify.ts'

const ALLOWED = 'https://a.example'
const cors = { origins: [ALLOWED] }

test.each(exchanges)('grants a preflight of an allowed origin over %s', async (_version, exchange) => {
  const { origin } = await startDemo({ cors })
  const headers = { origin: ALLOWED, 'access-control-request-method': 'POST' }
  const answer = await exchange(origin, { method: 'OPTIONS', path: SAY_HELLO, headers })
  expect(answer.status).toBe(204)
  expect(answer.headers).toMatchObject({ 'access-control-allow-origin': ALLOWED, vary: 'origin' })
})

test.each(exchanges)('rejects a preflight of another origin over %s', async (_version, exchange) => {
  const { origin } = await startDemo({ cors })
  const headers = { origin: 'https://a.example.evil.example', 'access-control-request-method': 'POST' }
  const answer = await exchange(origin, { method: 'OPTIONS', path: SAY_HELLO, headers })
  expect(answer.status).toBe(403)
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
})

test.each(exchanges)(
  'marks a response for an allowed origin, and for no other, over %s',
  async (_version, exchange) => {
    const { origin } = await startDemo({ cors })
    const call = sayHello('grpc-web')
    const allowed = await exchange(origin, { ...call, headers: { ...call.headers, origin: ALLOWED } })
    expect(allowed.headers).toMatchObject({ 'access-control-allow-origin': ALLOWED, vary: 'origin' })
    const other = await exchange(origin, { ...call, headers: { ...call.headers, origin: 'null' } })
    expect(other.headers).not.toHaveProperty('access-control-allow-origin')
    expect(other.headers.vary).toBe('origin')
  },
)

/** Origins that no start-up can know, on both lanes. */
const OPEN: readonly (readonly [name: string, cors: CorsOptions, allowed: string | undefined])[] = [
  ['all', { origins: true }, '*'],
  ['all, with credentials', { origins: true, allowsCredentials: true }, ALLOWED],
  ['subdomains', { origins: ['https://*.example'] }, ALLOWED],
  ['a regular expression', { origins: [/^https:\/\/\w+\.example$/] }, ALLOWED],
  ['a function', { origins: (origin) => origin === ALLOWED }, ALLOWED],
  ['a function that says no', { origins: () => false, allowsCredentials: true }, undefined],
]
const OPEN_ROWS = LANES.flatMap((lane) =>
  exchanges.flatMap(([version, exchange]) =>
    OPEN.map(([name, options, allowed]) => ({ lane, version, exchange, name, options, allowed })),
  ),
)

test.each(OPEN_ROWS)('$name may call on the $lane lane over $version', async ({ lane, exchange, options, allowed }) => {
  const { origin } = await startDemo({ lane, cors: options, servesPage: false })
  const call = sayHello('grpc-web')
  const preflight = { origin: ALLOWED, 'access-control-request-method': 'POST' }
  const answers = [
    await exchange(origin, { ...call, headers: { ...call.headers, origin: ALLOWED } }),
    await exchange(origin, { method: 'OPTIONS', path: SAY_HELLO, headers: preflight }),
  ]
  const credentials = allowed !== undefined && options.allowsCredentials ? 'true' : undefined
  for (const { headers } of answers) {
    expect(headers['access-control-allow-origin']).toBe(allowed)
    expect(headers['access-control-allow-credentials']).toBe(credentials)
    expect(headers.vary).toBe('origin')
  }
  expect(answers.map(({ status }) => status)).toEqual([200, allowed === undefined ? 403 : 204])
})

test('each call on a connection is answered for its own origin', async () => {
  const mayCall = vi.fn(() => true)
  const { origin } = await startDemo({ lane: 'native', cors: { origins: mayCall }, servesPage: false })
  const session = await openSession(origin)
  for (const name of ['a', 'b', 'a']) {
    const headers = { ...callHeaders('connect'), origin: `https://${name}.test` }
    const stream = session.request({ ':method': 'POST', ':path': SAY_HELLO, ...headers })
    stream.end()
    const [head] = await once(stream, 'response')
    stream.resume()
    expect(head['access-control-allow-origin']).toBe(`https://${name}.test`)
  }
  expect(mayCall.mock.calls.length).toBeGreaterThanOrEqual(3)
})

const UNSERVED = '/greeter.v1.GreeterService/Nothing'
const PROTO = { 'content-type': 'application/proto', 'connect-protocol-version': '1' }

/** Requests that are no calls, and the HTTP status that each gets. */
const REFUSED: readonly (readonly [name: string, status: number, init: ExchangeInit])[] = [
  ['a wrong verb', 405, { method: 'PUT', path: SAY_HELLO, headers: PROTO }],
  ['a wrong content type', 415, { path: SAY_HELLO, headers: { 'content-type': 'text/plain' }, body: 'x' }],
  ['a method that is not served', 404, { path: UNSERVED, headers: PROTO, body: '' }],
  ['a head that is too large', 431, { path: SAY_HELLO, headers: { ...PROTO, ...manyFields() }, body: '' }],
  ['a message that is too large', 429, { path: SAY_HELLO, headers: PROTO, body: Buffer.alloc(5 * 1024 * 1024) }],
]

function manyFields(): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`x-${at}`, 'v']))
}

const REFUSED_BY_FRONT = exchanges.flatMap(([version, exchange]) =>
  REFUSED.map(([name, status, init]) => [`${name}, over ${version}`, { status, init, exchange }] as const),
)

test.each(REFUSED_BY_FRONT)('a page can read the reason of a rejection: %s', async (_, { status, init, exchange }) => {
  const { origin } = await startDemo({ cors })
  const answer = await exchange(origin, { ...init, headers: { origin: ALLOWED, ...init.headers } })
  expect(answer.status).toBe(status)
  expect(answer.headers).toMatchObject({
    'access-control-allow-origin': ALLOWED,
    vary: expect.stringMatching(/origin/i),
  })
})

test.each(exchanges)('grants a preflight for an unknown method over %s', async (_version, exchange) => {
  const { origin } = await startDemo({ cors })
  const headers = {
    origin: ALLOWED,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'connect-protocol-version,content-type',
  }
  const answer = await exchange(origin, { method: 'OPTIONS', path: UNSERVED, headers })
  expect(answer.status).toBe(204)
  expect(answer.headers).toMatchObject({ 'access-control-allow-origin': ALLOWED })
  const other = await exchange(origin, { method: 'OPTIONS', path: '/elsewhere', headers: { origin: ALLOWED } })
  expect(other.status).toBe(404)
})
