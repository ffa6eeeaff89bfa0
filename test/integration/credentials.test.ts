/** API keys, passwords, certificates and the keys of token issuers as credentials, over real sockets. */
import { scryptSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { connect, type SecureClientSessionOptions } from 'node:http2'
import { Code, ConnectError, type ConnectRouter, createClient } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { authenticate } from '../../server/auth/authenticate.ts'
import { clientCertificate } from '../../server/auth/client-certificate.ts'
import { apiKeys, hashApiKey } from '../../server/auth/schemes/api-keys.ts'
import type { AuthScheme } from '../../server/auth/schemes/auth-scheme.ts'
import { basic } from '../../server/auth/schemes/basic.ts'
import { jwt } from '../../server/auth/schemes/jwt/jwt.ts'
import { hashPassword } from '../../server/auth/schemes/password-hash.ts'
import { reloadsOf } from '../../server/lifecycle/reloads.ts'
import type { TlsOptions } from '../../server/listen/tls/tls-options.ts'
import { portico } from '../../server/plugin.ts'
import { type Principal, principalKey } from '../../server/rpc/context-keys.ts'
import { LANES } from '../../server/rpc/lane.ts'
import { callHeaders, endOf, SAY_HELLO, sayHello } from '../support/calls.ts'
import { testCertificates } from '../support/certificates.ts'
import { startFastify, startRoutes } from '../support/demo-server.ts'
import { exchangeHttp1, exchangeOn, exchanges } from '../support/exchange.ts'
import { LogCapture } from '../support/log-capture.ts'
import { MATRIX, type MatrixRow, openTransport } from '../support/matrix.ts'
import { temporaryFile } from '../support/temporary-file.ts'
import { AUDIENCE, createIssuerKey, ISSUER, publicJwk, signToken, startKeySet } from '../support/tokens.ts'

const ROWS = MATRIX.filter(({ format, isSecure }) => format === 'proto' && !isSecure)
const CASES = LANES.flatMap((lane) => ROWS.map((row) => ({ lane, row, by: row.name })))
const [ROW] = ROWS as [MatrixRow]

const REFUSED = { code: Code.Unauthenticated, rawMessage: 'valid credentials are required' }

/** The callers of the handler. */
const seen: (Principal | undefined)[] = []

afterEach(() => {
  seen.length = 0
})

function routes(router: ConnectRouter): void {
  router.service(GreeterService, {
    sayHello(_request, { values }) {
      seen.push(values.get(principalKey))
      return {}
    },
  })
}

interface StartInit {
  readonly schemes: readonly AuthScheme[]
  readonly lane?: 'native' | 'reference'
  readonly row?: MatrixRow
  readonly tls?: TlsOptions
}

async function start({ schemes, lane = 'native', row = ROW, tls }: StartInit) {
  const log = new LogCapture()
  const middleware = [authenticate({ schemes })]
  const started = await startRoutes({ lane, routes, middleware, logger: log.logger, ...(tls && { listen: { tls } }) })
  const { transport, close } = openTransport(row, { port: started.port, ca: '' })
  onTestFinished(close)
  const greeter = createClient(GreeterService, transport)
  const call = (headers: Record<string, string>) =>
    greeter.sayHello({}, { headers }).then(() => 'ok', ConnectError.from)
  const reasons = () => log.withMessage('call not authenticated').map(({ reason }) => reason)
  return { ...started, log, call, reasons }
}

describe('API keys', () => {
  const KEY = 'k-3f7b2c9e51d84a60'
  const keys = [
    { name: 'billing', hash: hashApiKey('another'), scopes: ['orders:read'] },
    { name: 'shop', hash: hashApiKey(KEY) },
  ]

  test.each(CASES)('name their owner on the $lane lane, by $by', async ({ lane, row }) => {
    const { call, reasons } = await start({ schemes: [apiKeys({ keys })], lane, row })
    for (const key of ['', 'k', `${KEY}x`, KEY.slice(1), hashApiKey(KEY), 'x'.repeat(2_000)]) {
      expect(await call({ 'x-api-key': key }), key).toMatchObject(REFUSED)
    }
    expect(await call({ authorization: `Bearer ${KEY}` })).toMatchObject(REFUSED)
    expect(reasons()).toEqual([...Array(5).fill('unknown key'), 'too long', 'missing'])
    expect(await call({ 'x-api-key': KEY })).toBe('ok')
    expect(await call({ 'x-api-key': 'another' })).toBe('ok')
    expect(seen).toEqual([
      { name: 'shop', scheme: 'apiKey', scopes: [], claims: {} },
      { name: 'billing', scheme: 'apiKey', scopes: ['orders:read'], claims: {} },
    ])
  })

  test('come from a file that is reloaded; an invalid one changes nothing', async () => {
    const file = await temporaryFile('keys.json', JSON.stringify(keys))
    const { call, fastify: app, log } = await start({ schemes: [apiKeys({ file, header: 'X-Key' })] })
    expect(await call({ 'x-key': KEY })).toBe('ok')
    await writeFile(file, `[{ "name": "shop", "hash": "${hashApiKey(KEY).slice(0, -2)}" }`)
    expect(await reloadsOf(app).run()).toContainEqual({ name: file, isReloaded: false })
    expect(await call({ 'x-key': KEY })).toBe('ok')
    expect(log.text).not.toContain(hashApiKey(KEY).slice(8, 40))
    await writeFile(file, JSON.stringify([{ name: 'shop', hash: hashApiKey('planted-secret-rotated') }]))
    expect(await reloadsOf(app).run()).toContainEqual({ name: file, isReloaded: true })
    expect(await call({ 'x-key': KEY })).toMatchObject(REFUSED)
    expect(await call({ 'x-key': 'planted-secret-rotated' })).toBe('ok')
  })
})

describe('passwords', () => {
  const authorization = (user: string, password: string) =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

  /** As `hashPassword`, with settings that take a millisecond. */
  function quickHash(password: string): string {
    const salt = Buffer.from('salt of the test')
    const [saltText, digest] = [salt, scryptSync(password, salt, 32, { N: 1_024, r: 8, p: 1 })].map((bytes) =>
      bytes.toString('base64').replace(/=+$/, ''),
    )
    return `$scrypt$ln=10,r=8,p=1$${saltText}$${digest}`
  }

  test.each(CASES)('name their user on the $lane lane, by $by', async ({ lane, row }) => {
    const users = [
      { name: 'ada', hash: quickHash('planted-secret-lové:lace'), scopes: ['admin'] },
      { name: 'unset', hash: quickHash('') },
    ]
    const { call, reasons } = await start({ schemes: [basic({ users })], lane, row })
    const wrong = [
      authorization('ada', 'lovelace'),
      authorization('ada', ''),
      authorization('unset', ''),
      authorization('eve', 'planted-secret-lové:lace'),
      'Basic YWRh',
      'Basic',
      `Basic ${'x'.repeat(2_000)}`,
    ]
    for (const each of wrong) expect(await call({ authorization: each }), each).toMatchObject(REFUSED)
    expect(reasons()).toEqual([...Array(3).fill('password'), 'unknown user', 'malformed', 'malformed', 'too long'])
    expect(await call({ authorization: authorization('ada', 'planted-secret-lové:lace') })).toBe('ok')
    expect(seen).toEqual([{ name: 'ada', scheme: 'basic', scopes: ['admin'], claims: {} }])
  })

  test('the caller is asked for one', async () => {
    const users = [{ name: 'ada', hash: quickHash('x') }]
    const { origin } = await start({ schemes: [basic({ users, realm: 'the shop' })] })
    for (const [, exchange] of exchanges) {
      const { status, headers } = await exchange(origin, sayHello('connect'))
      expect(status).toBe(401)
      expect(headers['www-authenticate']).toBe('Basic realm="the shop", charset="UTF-8"')
    }
  })

  test('the browser does not ask for one in place of a page whose script calls', async () => {
    const users = [{ name: 'ada', hash: quickHash('x') }]
    const bearer = { name: 'own', challenge: 'Bearer', authenticate: () => null }
    for (const [schemes, challenge] of [
      [[basic({ users })], undefined],
      [[basic({ users }), bearer], 'Bearer'],
    ] as const) {
      const { origin } = await start({ schemes })
      for (const [, exchange] of exchanges) {
        const call = sayHello('connect')
        const { status, headers } = await exchange(origin, {
          ...call,
          headers: { ...call.headers, 'sec-fetch-dest': 'empty' },
        })
        expect([status, headers['www-authenticate']]).toEqual([401, challenge])
      }
    }
  })

  test('the loop stays free while they are verified, and calls share a verification', async () => {
    const users = [{ name: 'ada', hash: await hashPassword('x') }]
    const { call } = await start({ schemes: [basic({ users, maxConcurrent: 1, maxWaiting: 0 })] })
    const headers = { authorization: authorization('ada', 'x') }
    const calls = Promise.all(Array.from({ length: 50 }, () => call(headers)))
    let turns = 0
    const timer = setInterval(() => turns++, 5)
    expect(await calls).toEqual(Array(50).fill('ok'))
    clearInterval(timer)
    expect(turns).toBeGreaterThan(3)
  })

  test('too many at once are RESOURCE_EXHAUSTED, and leave remembered ones alone', async () => {
    const users = [{ name: 'ada', hash: await hashPassword('x') }]
    const { call } = await start({ schemes: [basic({ users, maxConcurrent: 1, maxWaiting: 0 })] })
    expect(await call({ authorization: authorization('ada', 'x') })).toBe('ok')
    const guesses = Array.from({ length: 20 }, (_, index) => call({ authorization: authorization('ada', `${index}`) }))
    const [remembered, ...refusals] = await Promise.all([
      call({ authorization: authorization('ada', 'x') }),
      ...guesses,
    ])
    expect(remembered).toBe('ok')
    const codes = refusals.map((error) => (error as ConnectError).code)
    expect(new Set(codes)).toEqual(new Set([Code.Unauthenticated, Code.ResourceExhausted]))
  })
})

describe('client certificates', () => {
  const SHOP = 'spiffe://example.org/shop'

  async function callWith(origin: string, options: SecureClientSessionOptions) {
    const session = connect(origin, { ...options, servername: 'localhost' })
    onTestFinished(() => session.destroy())
    for (const protocol of ['grpc', 'grpc-web', 'connect'] as const) {
      expect(endOf(protocol, await exchangeOn(session, sayHello(protocol))).code).toBe('ok')
    }
  }

  test.each(LANES)('name their owner on the %s lane', async (lane) => {
    const { ca, server, client, signClient } = await testCertificates()
    const { origin } = await start({ schemes: [clientCertificate()], lane, tls: { ...server, ca } })
    await callWith(origin, { ca, ...(await signClient({ type: 2, value: 'a.test' }, { type: 6, value: SHOP })) })
    expect(seen.splice(0)).toEqual(
      Array(3).fill({
        name: SHOP,
        scheme: 'mtls',
        scopes: [],
        claims: { kind: 'uri', names: [SHOP], fingerprint256: expect.stringMatching(/^[0-9A-F:]{95}$/) },
      }),
    )
    await callWith(origin, { ca, ...client })
    expect(seen.map((principal) => principal?.name)).toEqual(Array(3).fill('CN=test client'))
  })

  test('a certificate that is not verified names nobody', async () => {
    const { ca, server, client } = await testCertificates()
    // Another authority than that of the client: its own certificate.
    const app = fastify({ https: { ...server, ca: server.cert, requestCert: true, rejectUnauthorized: false } })
    const middleware = [authenticate({ schemes: [clientCertificate()] })]
    await app.register(portico, { routes: (router) => void routes(router), middleware })
    const { port } = await startFastify(app, 'https')
    const { Agent, request } = await import('node:https')
    const agent = new Agent({ ca, ...client, servername: 'localhost' })
    onTestFinished(() => agent.destroy())
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const call = request(
        { port, path: SAY_HELLO, method: 'POST', headers: callHeaders('connect'), agent },
        (response) => {
          response.resume()
          resolve(response.statusCode)
        },
      )
      call.on('error', reject).end()
    })
    expect(status).toBe(401)
    expect(seen).toEqual([])
  })
})

describe('keys of an issuer', () => {
  const common = { algorithms: ['ES256', 'RS256'], issuer: ISSUER, audience: AUDIENCE, jwksCooldownMs: 100 } as const
  const [one, two] = [createIssuerKey('one'), createIssuerKey('two')]
  const bearer = async (...init: Parameters<typeof signToken>) => ({
    authorization: `Bearer ${await signToken(...init)}`,
  })

  test('are read once for a hundred calls at once, and again after a rotation', async () => {
    const issuer = await startKeySet(one)
    const { call } = await start({ schemes: [jwt({ ...common, jwksUri: issuer.url })] })
    const before = await bearer(one)
    expect(await Promise.all(Array.from({ length: 100 }, () => call(before)))).toEqual(Array(100).fill('ok'))
    expect(issuer.requests).toEqual(['/keys'])
    issuer.keys = [await publicJwk(two)]
    await new Promise((resolve) => setTimeout(resolve, 150))
    const after = await bearer(two)
    expect(await Promise.all(Array.from({ length: 100 }, () => call(after)))).toEqual(Array(100).fill('ok'))
    expect(issuer.requests).toEqual(['/keys', '/keys'])
    expect(await call(before)).toMatchObject(REFUSED)
  })

  test('stay in use while the issuer is down; without any, calls are UNAVAILABLE', async () => {
    const issuer = await startKeySet(one)
    const keys = issuer.keys
    issuer.keys = null
    const { call, log } = await start({ schemes: [jwt({ ...common, jwksUri: issuer.url })] })
    expect(await call(await bearer(one))).toMatchObject({
      code: Code.Unavailable,
      rawMessage: 'the keys of the token issuer are not available',
    })
    expect(log.withMessage('the keys of the token issuer cannot be read').length).toBeGreaterThan(0)
    issuer.keys = keys
    await expect.poll(async () => call(await bearer(one)), { interval: 50, timeout: 5_000 }).toBe('ok')
    issuer.keys = null
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(await call(await bearer(two))).toMatchObject(REFUSED)
    expect(await call(await bearer(one))).toBe('ok')
  })

  test('come from no address that a token names', async () => {
    const issuer = await startKeySet(one)
    const evil = await startKeySet(two)
    const { call } = await start({ schemes: [jwt({ ...common, jwksUri: issuer.url })] })
    for (const header of [{ jku: evil.url }, { x5u: evil.url }, { jku: evil.url, kid: 'one' }, { kid: evil.url }]) {
      expect(await call(await bearer(two, { header }))).toMatchObject(REFUSED)
    }
    expect(evil.requests).toEqual([])
    expect(new Set(issuer.requests)).toEqual(new Set(['/keys']))
  })

  test('are tried in turn for a token without a key id', async () => {
    const keys = [await publicJwk(two), await publicJwk(one)]
    const { call } = await start({ schemes: [jwt({ ...common, keys })] })
    expect(await call(await bearer(one, { header: { kid: undefined } }))).toBe('ok')
    const stranger = createIssuerKey('three')
    expect(await call(await bearer(stranger, { header: { kid: undefined } }))).toMatchObject(REFUSED)
  })
})

test('the first scheme for which a call has credentials decides', async () => {
  const key = createIssuerKey('one')
  const token = jwt({ algorithms: ['ES256'], publicKey: key.pem, issuer: ISSUER, audience: AUDIENCE })
  const { call, origin } = await start({
    schemes: [token, apiKeys({ keys: [{ name: 'shop', hash: hashApiKey('k') }] })],
  })
  expect(await call({ 'x-api-key': 'k' })).toBe('ok')
  expect(await call({ 'x-api-key': 'k', authorization: `Bearer ${await signToken(key)}` })).toBe('ok')
  expect(seen.map((principal) => principal?.scheme)).toEqual(['apiKey', 'jwt'])
  expect(await call({ 'x-api-key': 'k', authorization: 'Bearer wrong' })).toMatchObject(REFUSED)
  expect((await exchangeHttp1(origin, sayHello('connect'))).headers['www-authenticate']).toBe('Bearer')
})
