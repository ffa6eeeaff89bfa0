/** DNS rebinding: requests of a page under a name rebound to this machine are rejected, over every transport. */
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createApp } from '../../server/app.ts'
import type { OnePortOptions } from '../../server/listen/one-port-options.ts'
import { endOf, SAY_HELLO, sayHello, UNARY_PROTOCOLS } from '../support/calls.ts'
import { testCertificates } from '../support/certificates.ts'
import { type StartedApp, startRoutes, testLane } from '../support/demo-server.ts'
import { echoRoutes } from '../support/echo-greeter.ts'
import { type Exchanged, exchangeHttp1, exchangeHttp2, exchangeOn } from '../support/exchange.ts'
import { LogCapture } from '../support/log-capture.ts'
import { openSession } from '../support/native-fastify.ts'
import { RawSocket } from '../support/raw-socket.ts'

const { ca, server } = await testCertificates()

const REBOUND = 'rebound.example'
const REFUSAL = /allowedHosts .*--allowed-host/

interface Started extends StartedApp {
  readonly log: LogCapture
  /** The paths of the requests that reached a handler. */
  readonly reached: string[]
}

async function start(listen: OnePortOptions = {}): Promise<Started> {
  const log = new LogCapture()
  const reached: string[] = []
  const app = await startRoutes({
    listen,
    logger: log.logger,
    cors: { origins: [`http://${REBOUND}`] },
    requestGate: ({ url }) => void reached.push(url),
    routes: echoRoutes,
  })
  return { ...app, log, reached }
}

/** Each transport, as a browser or a proxy uses it, with the Host and fields of the test. */
const FRONTS: readonly (readonly [name: string, OnePortOptions, isHttp2: boolean])[] = [
  ['HTTP/1.1', {}, false],
  ['HTTP/1.1 over TLS', { tls: server }, false],
  ['HTTP/2', {}, true],
  ['HTTP/2 over TLS', { tls: server }, true],
]

interface Asked {
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

async function ask(
  { port }: StartedApp,
  front: (typeof FRONTS)[number],
  host: string,
  asked: Asked,
): Promise<Exchanged> {
  const [, { tls }, isHttp2] = front
  const scheme = tls === undefined ? 'http' : 'https'
  const headers = { ...asked.headers, [isHttp2 ? ':authority' : 'host']: host }
  const exchange = isHttp2 ? exchangeHttp2 : exchangeHttp1
  return exchange(`${scheme}://127.0.0.1:${port}`, { ...asked, headers }, tls && ca)
}

describe.each(FRONTS)('over %s', (...front) => {
  test('rejects a call of a DNS-rebinding page in its protocol, before any handler', async () => {
    const app = await start(front[1])
    for (const protocol of UNARY_PROTOCOLS) {
      const call = sayHello(protocol)
      const headers = { ...call.headers, origin: `http://${REBOUND}` }
      const answer = await ask(app, front, `${REBOUND}:${app.port}`, { ...call, headers })
      const { code, message } = endOf(protocol, answer)
      expect([protocol, code]).toEqual([protocol, protocol.startsWith('grpc') ? 'grpc-status 7' : 'permission_denied'])
      expect(message).toMatch(REFUSAL)
      expect(answer.status).toBe(403)
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    }
    expect(app.reached).toEqual([])
  })

  test.each<[string, Asked]>([
    ['a preflight', { method: 'OPTIONS', path: SAY_HELLO, headers: { 'access-control-request-method': 'POST' } }],
    ['a Connect GET', { method: 'GET', path: `${SAY_HELLO}?connect=v1&encoding=json&message=%7B%7D` }],
    ['an ordinary route', { method: 'GET', path: '/livez' }],
    ['a path that is not served', { method: 'POST', path: '/nothing' }],
    ['a call that is not served', { ...sayHello('connect-json'), path: '/a.B/C' }],
  ])('%s of such a page is 403', async (_what, asked) => {
    const app = await start(front[1])
    const headers = { ...asked.headers, origin: `http://${REBOUND}` }
    const answer = await ask(app, front, REBOUND, { ...asked, headers })
    expect(answer.status).toBe(403)
    expect(answer.body.toString()).toMatch(REFUSAL)
    expect(app.reached).toEqual([])
  })

  test.each(['localhost', 'LOCALHOST:1', 'localhost.', 'a.b.localhost', '127.0.0.1:80', '127.9.9.9', '[::1]:8080'])(
    '%s is allowed',
    async (host) => {
      const app = await start(front[1])
      const call = sayHello('connect-json')
      const headers = { ...call.headers, origin: 'https://elsewhere.example' }
      expect((await ask(app, front, host, { ...call, headers })).status).toBe(200)
      expect((await ask(app, front, host, { method: 'GET', path: '/livez' })).status).toBe(200)
    },
  )

  test.each(['localhost.rebound.example', 'notlocalhost', 'localhost.evil', '128.0.0.1', '127.0.0.1.evil', '[::2]'])(
    '%s is rejected',
    async (host) => {
      const app = await start(front[1])
      const headers = { origin: 'https://elsewhere.example' }
      expect((await ask(app, front, host, { method: 'GET', path: '/livez', headers })).status).toBe(403)
    },
  )

  test('matches host names, and with a leading dot all their subdomains', async () => {
    const app = await start({ ...front[1], allowedHosts: ['One.example', '.two.example'] })
    const statusOf = async (host: string) => {
      const headers = { origin: 'https://elsewhere.example' }
      return (await ask(app, front, host, { method: 'GET', path: '/livez', headers })).status
    }
    for (const host of ['one.example', 'one.example:99', 'two.example', 'a.b.two.example.', 'localhost']) {
      expect([host, await statusOf(host)]).toEqual([host, 200])
    }
    for (const host of ['a.one.example', 'xtwo.example', 'two.example.evil', REBOUND]) {
      expect([host, await statusOf(host)]).toEqual([host, 403])
    }
  })

  test('true allows every host', async () => {
    const app = await start({ ...front[1], allowedHosts: true })
    const headers = { origin: `http://${REBOUND}` }
    expect((await ask(app, front, REBOUND, { method: 'GET', path: '/livez', headers })).status).toBe(200)
  })
})

test.each([false, true])(
  'over HTTP/1.1 a foreign Host is rejected, also after an allowed one on the same connection; TLS: %s',
  async (isTls) => {
    const { port, log } = await start(isTls ? { tls: server } : {})
    const raw = await RawSocket.open({ port, ...(isTls ? { tls: { ca } } : {}) })
    raw.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await raw.untilText('{"status":"ok"}')
    raw.write(`GET /livez HTTP/1.1\r\nHost: ${REBOUND}\r\n\r\n`)
    await raw.untilText('HTTP/1.1 403 ')
    const absolute = await RawSocket.open({ port, ...(isTls ? { tls: { ca } } : {}) })
    absolute.write(`GET http://${REBOUND}/livez HTTP/1.1\r\nHost: ${REBOUND}\r\n\r\n`)
    await absolute.untilText('HTTP/1.1 403 ')
    expect(log.withMessage('refused request: host not in allowedHosts')).toMatchObject([{ host: REBOUND }])
  },
)

test('an upgrade with a foreign Host does not reach its listener', async () => {
  const { fastify, port } = await start()
  const upgrades: unknown[] = []
  fastify.server.on('upgrade', (request) => upgrades.push(request))
  const raw = await RawSocket.open({ port })
  const wish = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
  raw.write(`GET /socket HTTP/1.1\r\nHost: ${REBOUND}\r\nOrigin: http://${REBOUND}\r\n${wish}\r\n`)
  await raw.closed
  expect(raw.text).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
  expect(raw.text).toMatch(REFUSAL)
  expect(upgrades).toEqual([])
})

test.each(['%2Ftmp%2Fs.sock', 'my_backend', 'outbound.50051.svc', REBOUND])(
  'a gRPC client may use the authority %s, as no page can send its call',
  async (authority) => {
    const app = await start()
    const session = await openSession(app.origin)
    const call = sayHello('grpc')
    const answer = await exchangeOn(session, { ...call, headers: { ...call.headers, ':authority': authority } })
    expect(endOf('grpc', answer).code).toBe('ok')
  },
)

test('over cleartext HTTP/2, which no browser speaks, a request without Origin may use any authority', async () => {
  const app = await start()
  const headers = { ':authority': 'my_backend' }
  expect((await exchangeHttp2(app.origin, { method: 'GET', path: '/livez', headers })).status).toBe(200)
})

test.each(['GET', 'HEAD'])('over TLS a %s without Origin may come from a page', async (method) => {
  const app = await start({ tls: server })
  const headers = { ':authority': REBOUND }
  const answer = await exchangeHttp2(`https://localhost:${app.port}`, { method, path: '/livez', headers }, ca)
  expect(answer.status).toBe(403)
})

test('all hosts are allowed on a non-loopback address unless there is a list', async () => {
  for (const [listen, status] of [
    [{}, 200],
    [{ allowedHosts: ['a.example'] }, 403],
  ] as const) {
    const app = await createApp({ lane: testLane, listen: { drainTimeoutMs: 0, ...listen }, routes: echoRoutes })
    await app.fastify.listen({ port: 0, host: '0.0.0.0' })
    onTestFinished(() => app.fastify.close())
    const { port } = app.fastify.server.address() as AddressInfo
    const statusOf = async (host: string) =>
      (await exchangeHttp1(`http://127.0.0.1:${port}`, { method: 'GET', path: '/livez', headers: { host } })).status
    expect(await statusOf(REBOUND)).toBe(status)
    expect(await statusOf(`127.0.0.1:${port}`)).toBe(200)
  }
})

test('each rejected host is logged once', async () => {
  const { port, log } = await start()
  for (const host of [REBOUND, `${REBOUND}:80`, 'other.example', REBOUND]) {
    const raw = await RawSocket.open({ port })
    raw.write(`GET /livez HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    await raw.closed
  }
  const lines = log.withMessage('refused request: host not in allowedHosts')
  expect(lines.map(({ host }) => host)).toEqual([REBOUND, 'other.example'])
})
