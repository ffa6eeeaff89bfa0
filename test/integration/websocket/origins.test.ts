/** Which pages may open a WebSocket, and what their handshake may say: there is no CORS for WebSockets. */
import { expect, test } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import type { CorsOptions } from '../../../server/rpc/cors.ts'
import { startRoutes } from '../../support/demo-server.ts'
import { callByWebSocket, handshakeStatus } from '../../support/websocket/websocket-client.ts'

const { sayHello } = GreeterService.method
const PATH = '/greeter.v1.GreeterService/SayHello'
const LISTED: CorsOptions = { origins: ['https://app.example', 'https://*.sub.example'] }

/** Echoes the credentials of the caller. */
async function start(
  cors?: CorsOptions,
  trustProxy = false,
): Promise<{ origin: string; host: string; seen: string[] }> {
  const seen: string[] = []
  const { host } = await startRoutes({
    lane: 'native',
    ...(cors && { cors }),
    ...(trustProxy && { fastifyOptions: { trustProxy: true } }),
    listen: { allowedHosts: true },
    routes: (router) =>
      router.service(GreeterService, {
        sayHello({ name }, { requestHeader }) {
          seen.push(...['cookie', 'authorization', 'origin'].map((field) => requestHeader.get(field) ?? '-'))
          return { message: name }
        },
      }),
  })
  return { origin: `ws://${host}`, host, seen }
}

test.each<[string, CorsOptions | undefined, string | undefined, number]>([
  ['no origin, so no page', undefined, undefined, 101],
  ['another origin without CORS', undefined, 'https://app.example', 403],
  ['an opaque origin', undefined, 'null', 403],
  ['an opaque origin, with any allowed', { origins: true }, 'null', 101],
  ['an origin of the list', LISTED, 'https://app.example', 101],
  ['a subdomain of the list', LISTED, 'https://a.sub.example', 101],
  ['an origin with another scheme', LISTED, 'http://app.example', 403],
  ['an origin with a port', LISTED, 'https://app.example:8443', 403],
  ['an origin that begins like one of the list', LISTED, 'https://app.example.evil', 403],
  ['any origin', { origins: true }, 'https://any.example', 101],
  ['a function that lets it in', { origins: (text) => text === 'https://f.example' }, 'https://f.example', 101],
  ['a function that does not', { origins: (text) => text === 'https://f.example' }, 'https://g.example', 403],
  ['an expression', { origins: [/^https:\/\/x\d\.example$/] }, 'https://x7.example', 101],
])('%s', async (_what, cors, origin, status) => {
  const { origin: url } = await start(cors)
  expect(await handshakeStatus(url + PATH, origin === undefined ? {} : { headers: { origin } })).toBe(status)
})

test('the own origin may call, on either scheme, as TLS may end at a proxy', async () => {
  const { origin, host } = await start()
  for (const scheme of ['http', 'https'])
    expect(await handshakeStatus(origin + PATH, { headers: { origin: `${scheme}://${host}` } })).toBe(101)
  expect(await handshakeStatus(origin + PATH, { headers: { origin: `http://127.0.0.1:1` } })).toBe(403)
})

test('a trusted proxy says which scheme and host the page used', async () => {
  const { origin, host } = await start(undefined, true)
  const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' }
  for (const [page, status] of [
    ['https://shop.example', 101],
    ['http://shop.example', 403],
    [`https://${host}`, 403],
  ] as const)
    expect(await handshakeStatus(origin + PATH, { headers: { ...forwarded, origin: page } })).toBe(status)
})

test('a proxy that is not trusted says nothing', async () => {
  const { origin } = await start()
  const headers = { 'x-forwarded-host': 'shop.example', origin: 'https://shop.example' }
  expect(await handshakeStatus(origin + PATH, { headers })).toBe(403)
})

test.each<[string, CorsOptions | undefined, string | undefined, readonly string[]]>([
  ['no page', undefined, undefined, ['a=1', 'Basic eDp5', '-']],
  ['an allowed page', LISTED, 'https://app.example', ['-', '-', 'https://app.example']],
  [
    'an allowed page with credentials',
    { ...LISTED, allowsCredentials: true },
    'https://app.example',
    ['a=1', 'Basic eDp5', 'https://app.example'],
  ],
])('the cookies and credentials of the handshake count for %s', async (_what, cors, page, seen) => {
  const { origin, seen: calls } = await start(cors)
  const headers = { cookie: 'a=1', authorization: 'Basic eDp5', ...(page && { origin: page }) }
  await callByWebSocket({ origin, method: sayHello, options: { headers } }, [{ name: 'a' }])
  expect(calls).toEqual(seen)
})

test('the header block replaces the credentials of the handshake, but not its cookies and its origin', async () => {
  const { origin, seen } = await start(LISTED)
  const block = { authorization: 'Bearer b', cookie: 'forged=1', origin: 'https://forged.example' }
  const options = { headers: { origin: 'https://app.example', cookie: 'a=1', authorization: 'Basic eDp5' } }
  await callByWebSocket({ origin, method: sayHello, block, options }, [{ name: 'a' }])
  expect(seen).toEqual(['-', 'Bearer b', 'https://app.example'])
})

test('a foreign host is refused, as in any request', async () => {
  const { port } = await startRoutes({ lane: 'native', routes: () => {} })
  const url = `ws://127.0.0.1:${port}${PATH}`
  const status = await handshakeStatus(url, { headers: { host: 'rebound.example', origin: 'http://rebound.example' } })
  expect(status).toBe(403)
})
