/** Who may call is decided after the headers of a call and before its body, in every protocol, on both lanes. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Code, ConnectError, type ConnectRouter, createClient } from '@connectrpc/connect'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js'
import { Health } from '../../gen/health/v1/health_pb.js'
import { authenticate } from '../../server/auth/authenticate.ts'
import type { AuthenticateOptions } from '../../server/auth/authenticate-options.ts'
import { jwt } from '../../server/auth/schemes/jwt/jwt.ts'
import { type NodeMiddleware, nodeHandler } from '../../server/node-handler.ts'
import { principalKey } from '../../server/rpc/context-keys.ts'
import type { Middleware } from '../../server/rpc/middleware.ts'
import { callHeaders, endOf, SAY_HELLO, sayHello, UNARY_PROTOCOLS } from '../support/calls.ts'
import { testCertificates } from '../support/certificates.ts'
import { startRoutes } from '../support/demo-server.ts'
import { exchangeHttp1, exchanges } from '../support/exchange.ts'
import { LogCapture } from '../support/log-capture.ts'
import { MATRIX, type MatrixRow, openTransport } from '../support/matrix.ts'
import { plantedSecret } from '../support/planted-secrets.ts'
import { AUDIENCE, createIssuerKey, forgeToken, ISSUER, signToken } from '../support/tokens.ts'

const KEY = createIssuerKey('one', 'RS256')
const OTHER_KEY = createIssuerKey('two', 'RS256')
const OPTIONS = { algorithms: ['RS256'], publicKey: KEY.pem, issuer: ISSUER, audience: AUDIENCE } as const

const REFUSED = { code: Code.Unauthenticated, rawMessage: 'valid credentials are required' }

/** The principals of the calls that reached a handler. */
const handled: (string | undefined)[] = []

afterEach(() => {
  handled.length = 0
})

function routes(router: ConnectRouter): void {
  router.service(GreeterService, {
    sayHello(_request, { values }) {
      handled.push(values.get(principalKey)?.name)
      return { message: 'Hello' }
    },
    async *getStream(_request, { values }) {
      handled.push(values.get(principalKey)?.name)
      yield { data: 'one' }
    },
  })
}

/** Makes calls go through the hooks of Fastify. */
const hooked: Middleware = { name: 'hooked', prepare: ({ app }) => void app?.addHook('onRequest', async () => {}) }

const WAYS = [
  ['directly', 'native', []],
  ['through hooks', 'native', [hooked]],
  ['on the reference lane', 'reference', []],
] as const

const ROWS = MATRIX.filter(({ format }) => format === 'proto')
const CASES = WAYS.flatMap(([way, lane, more]) =>
  ROWS.filter(({ isSecure }) => way === 'directly' || !isSecure).map((row) => ({ way, lane, more, row, by: row.name })),
)
const [GRPC] = ROWS.filter(({ protocol, isSecure }) => protocol === 'gRPC' && !isSecure) as [MatrixRow]

interface StartInit extends Partial<AuthenticateOptions> {
  readonly lane?: 'native' | 'reference'
  readonly more?: readonly Middleware[]
  readonly row?: MatrixRow
  readonly log?: LogCapture
}

async function start({ lane = 'native', more = [], row = GRPC, log, ...options }: StartInit = {}) {
  const { ca, server } = await testCertificates()
  const started = await startRoutes({
    lane,
    routes,
    middleware: [...more, authenticate({ schemes: [jwt(OPTIONS)], ...options })],
    logger: log?.logger ?? false,
    listen: { maxHeaderListBytes: 262_144, ...(row.isSecure && { tls: server }) },
  })
  const { transport, close } = openTransport(row, { port: started.port, ca })
  onTestFinished(close)
  return { ...started, transport, greeter: createClient(GreeterService, transport) }
}

type Greeter = Awaited<ReturnType<typeof start>>['greeter']

/** Calls both kinds of method. Returns the two outcomes. */
async function callBoth(greeter: Greeter, authorization: string | undefined) {
  const options = authorization === undefined ? {} : { headers: { authorization } }
  const unary = greeter.sayHello({}, options).catch(ConnectError.from)
  const stream = (async () => {
    for await (const _ of greeter.getStream({}, options)) void _
  })().catch(ConnectError.from)
  return Promise.all([unary, stream])
}

describe('AU-1', () => {
  test.each(CASES)('only valid credentials reach a handler $way, by $by', async ({ lane, more, row }) => {
    const { greeter } = await start({ lane, more, row })
    const expired = { exp: Math.floor(Date.now() / 1_000) - 3_600 }
    const credentials = {
      none: undefined,
      'another scheme': `Basic ${Buffer.from(`ada:${plantedSecret('password')}`).toString('base64')}`,
      'no token': 'Bearer',
      'no JWT': `Bearer ${plantedSecret('token')}`,
      expired: `Bearer ${await signToken(KEY, { claims: expired })}`,
      'another algorithm': `Bearer ${await signToken(KEY, { header: { alg: 'PS256' } })}`,
      'another key': `Bearer ${await signToken(OTHER_KEY)}`,
    }
    for (const [name, authorization] of Object.entries(credentials)) {
      const refusals = await callBoth(greeter, authorization)
      expect(refusals, name).toMatchObject([REFUSED, REFUSED])
    }
    expect(handled).toEqual([])
    await callBoth(greeter, `bearer ${await signToken(KEY)}`)
    expect(handled).toEqual(['ada', 'ada'])
  })

  test.each(
    exchanges.flatMap(([version, exchange]) =>
      UNARY_PROTOCOLS.filter((protocol) => protocol !== 'grpc' || version === 'HTTP/2').map(
        (protocol) => [protocol, version, exchange] as const,
      ),
    ),
  )('a body of %s over %s that cannot be decoded is not decoded', async (protocol, _version, exchange) => {
    const { origin } = await start()
    const body = Buffer.from(protocol.startsWith('connect') ? 'ffff' : '0000000002ffff', 'hex')
    const call = (headers: Record<string, string>) =>
      exchange(origin, { path: SAY_HELLO, headers: { ...callHeaders(protocol), ...headers }, body })
    const code = (grpc: number, connect: string) => (protocol.startsWith('grpc') ? `grpc-status ${grpc}` : connect)
    const refused = await call({})
    expect(endOf(protocol, refused)).toEqual({ code: code(16, 'unauthenticated'), message: REFUSED.rawMessage })
    expect(refused.status).toBe(protocol.startsWith('grpc') ? 200 : 401)
    if (!protocol.startsWith('grpc')) expect(refused.headers['www-authenticate']).toBe('Bearer')
    const accepted = await call({ authorization: `Bearer ${await signToken(KEY)}` })
    expect(endOf(protocol, accepted).code).toBe(protocol === 'connect-json' ? 'invalid_argument' : code(13, 'internal'))
  })

  test('two tokens in one call are refused', async () => {
    const { origin } = await start()
    const authorization = `Bearer ${await signToken(KEY)}, Bearer ${await signToken(KEY)}`
    for (const [, exchange] of exchanges) {
      const headers = { ...callHeaders('connect'), authorization }
      expect(endOf('connect', await exchange(origin, { path: SAY_HELLO, headers, body: '' })).code).toBe(
        'unauthenticated',
      )
    }
    expect(handled).toEqual([])
  })
})

describe('threats of tokens', () => {
  const nowSeconds = Math.floor(Date.now() / 1_000)
  const valid = { sub: 'eve', iss: ISSUER, aud: AUDIENCE, exp: nowSeconds + 600 }
  const claims = (more: object) => signToken(KEY, { claims: { ...more } })

  test.each<[string, string, () => string | Promise<string>]>([
    ['HS256 with the public key in PEM as the secret', 'algorithm', () => forgeToken({ alg: 'HS256' }, valid, KEY.pem)],
    ['no algorithm', 'algorithm', () => forgeToken({ alg: 'none' }, valid)],
    ['no algorithm, in other letters', 'algorithm', () => forgeToken({ alg: 'nOnE' }, valid)],
    ['no header field alg', 'malformed', () => forgeToken({}, valid)],
    ['a signature cut off', 'signature', async () => (await signToken(KEY)).replace(/[^.]*$/, '')],
    [
      'another claim than signed',
      'signature',
      async () => {
        const [header, , signature] = (await signToken(KEY)).split('.')
        return `${header}.${Buffer.from(JSON.stringify(valid)).toString('base64url')}.${signature}`
      },
    ],
    ['a key id that is a path', 'signature', () => signToken(OTHER_KEY, { header: { kid: '../../../../dev/null' } })],
    [
      'an own key in the header',
      'signature',
      async () => signToken(OTHER_KEY, { header: { jwk: OTHER_KEY.publicKey.export({ format: 'jwk' }) } }),
    ],
    ['a critical header field', 'malformed', () => forgeToken({ alg: 'RS256', crit: ['own'], own: 1 }, valid)],
    ['another audience', 'audience', () => claims({ aud: 'bank' })],
    ['no audience', 'audience', () => claims({ aud: undefined })],
    ['another issuer', 'issuer', () => claims({ iss: 'https://evil.test' })],
    ['a time that has passed', 'expired', () => claims({ exp: nowSeconds - 60 })],
    ['a time that has not come', 'not yet valid', () => claims({ nbf: nowSeconds + 60 })],
    ['no expiry', 'claim exp', () => claims({ exp: undefined })],
    ['an expiry that is text', 'claim exp', () => claims({ exp: 'never' as unknown as number })],
    ['16 KB', 'too long', () => claims({ padding: 'x'.repeat(12_000) })],
  ])('%s is refused, and only the log says why', async (_what, reason, createToken) => {
    const log = new LogCapture()
    const { greeter } = await start({ log })
    const token = await createToken()
    expect(await callBoth(greeter, `Bearer ${token}`)).toMatchObject([REFUSED, REFUSED])
    expect(handled).toEqual([])
    const lines = log.withMessage('call not authenticated')
    expect(lines).toMatchObject([{ reason, scheme: 'jwt', peer: '127.0.0.1' }, { reason }])
    expect(lines.map(({ method }) => method).sort()).toEqual([
      'greeter.v1.GreeterService/GetStream',
      'greeter.v1.GreeterService/SayHello',
    ])
    const parts = token.split('.').filter((part) => part.length > 8)
    expect(parts.filter((part) => log.text.includes(part))).toEqual([])
  })

  test('100 KB are refused as well', async () => {
    const { origin } = await start()
    const authorization = `Bearer ${await claims({ padding: 'x'.repeat(75_000) })}`
    for (const protocol of ['connect', 'grpc-web'] as const) {
      const headers = { ...callHeaders(protocol), authorization }
      const { code } = endOf(protocol, await exchangeHttp1(origin, { path: SAY_HELLO, headers, body: '' }))
      expect(code).toBe(protocol === 'connect' ? 'unauthenticated' : 'grpc-status 16')
    }
  })

  test('clocks may differ by the tolerance', async () => {
    const { greeter } = await start({ schemes: [jwt({ ...OPTIONS, clockToleranceMs: 120_000 })] })
    await callBoth(greeter, `Bearer ${await claims({ exp: nowSeconds - 60, nbf: nowSeconds + 60 })}`)
    expect(handled).toEqual(['ada', 'ada'])
  })
})

describe('rules', () => {
  test('AU-8 health needs no credentials, and reflection needs them', async () => {
    const { transport } = await start()
    await expect(createClient(Health, transport).check({})).resolves.toMatchObject({ status: 1 })
    await expect(reflect(transport)).rejects.toMatchObject(REFUSED)
  })

  test('AU-8 a rule demands credentials of health, and exempts reflection', async () => {
    const { transport } = await start({
      rules: { 'grpc.health.v1.Health': 'required' },
      exempt: ['grpc.reflection.v1.ServerReflection'],
    })
    await expect(createClient(Health, transport).check({})).rejects.toMatchObject(REFUSED)
    await expect(reflect(transport)).resolves.toBeUndefined()
  })

  async function reflect(transport: Parameters<typeof createClient>[1]) {
    async function* requests() {
      yield { messageRequest: { case: 'listServices', value: '' } } as const
    }
    for await (const _ of createClient(ServerReflection, transport).serverReflectionInfo(requests())) void _
  }

  test('a rule for a method comes before that for its service', async () => {
    const { greeter } = await start({
      rules: { 'greeter.v1.GreeterService': 'none', 'greeter.v1.GreeterService/GetStream': 'required' },
    })
    expect(await callBoth(greeter, undefined)).toMatchObject([{ message: 'Hello' }, REFUSED])
    expect(handled).toEqual([undefined])
  })

  test('where authentication is optional, calls without credentials pass and those with invalid ones do not', async () => {
    const { greeter } = await start({ default: 'optional' })
    expect(await callBoth(greeter, 'Bearer x')).toMatchObject([REFUSED, REFUSED])
    await callBoth(greeter, undefined)
    await callBoth(greeter, `Bearer ${await signToken(KEY)}`)
    expect(handled).toEqual([undefined, undefined, 'ada', 'ada'])
  })

  test('a call without a scope is PERMISSION_DENIED, and names it', async () => {
    const { greeter } = await start({
      rules: {
        'greeter.v1.GreeterService/SayHello': { requirement: 'required', scopes: ['hello:say', 'hello:loud'] },
      },
    })
    const token = async (more: object) => `Bearer ${await signToken(KEY, { claims: { ...more } })}`
    const refused = { code: Code.PermissionDenied, rawMessage: 'the scope hello:loud is missing' }
    expect(await callBoth(greeter, await token({ scope: 'hello:say' }))).toMatchObject([refused, undefined])
    expect(await callBoth(greeter, await token({}))).toMatchObject([{ code: Code.PermissionDenied }, undefined])
    handled.length = 0
    await callBoth(greeter, await token({ scope: 'a hello:say hello:loud' }))
    await callBoth(greeter, await token({ scp: ['hello:loud', 'hello:say'] }))
    expect(handled).toHaveLength(4)
  })

  test('the default and the rules are logged at start-up', async () => {
    const log = new LogCapture()
    await start({ log, default: 'optional', exempt: ['greeter.v1.GreeterService/SayHello'] })
    const [line] = log.withMessage('authentication is on')
    expect(line).toMatchObject({ default: 'optional', schemes: ['jwt'], methods: { none: 1, 'none by default': 3 } })
  })

  test.each<[string, Partial<AuthenticateOptions>, string]>([
    ['a service', { exempt: ['greeter.v1.Greeter'] }, '"greeter.v1.Greeter" is no service and no method'],
    ['a method', { rules: { 'greeter.v1.GreeterService/Hi': 'none' } }, '"greeter.v1.GreeterService/Hi" is no service'],
    [
      'a scheme',
      { rules: { 'greeter.v1.GreeterService': { requirement: 'required', schemes: ['oauth'] } } },
      'greeter.v1.GreeterService/SayHello accepts "oauth", which is not among the schemes',
    ],
    [
      'no caller for a scope',
      { rules: { 'greeter.v1.GreeterService': { requirement: 'optional', scopes: ['a'] } } },
      'greeter.v1.GreeterService/SayHello demands scopes, so its requirement must be "required"',
    ],
  ])('a rule that names %s that is not there ends the start', async (_what, options, text) => {
    await expect(start(options)).rejects.toThrow(text)
  })
})

test('a preflight needs no credentials', async () => {
  const { port } = await startRoutes({
    routes,
    cors: { origins: ['https://shop.test'] },
    middleware: [authenticate({ schemes: [jwt(OPTIONS)] })],
  })
  const headers = {
    origin: 'https://shop.test',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  }
  for (const [, exchange] of exchanges) {
    const response = await exchange(`http://127.0.0.1:${port}`, { method: 'OPTIONS', path: SAY_HELLO, headers })
    expect(response.status).toBe(204)
    expect(response.headers['access-control-allow-origin']).toBe('https://shop.test')
  }
})

/** Returns the origin of a server of node:http. */
async function listen(handler: NodeMiddleware): Promise<string> {
  const server = createServer((request, response) => handler(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('calls that reach a node handler while keys are loaded wait for them', async () => {
  const handler = nodeHandler({ routes, middleware: [authenticate({ schemes: [jwt(OPTIONS)] })] })
  const origin = await listen(handler)
  const call = async (headers: Record<string, string>) => {
    const init = sayHello('connect')
    return (await exchangeHttp1(origin, { ...init, headers: { ...init.headers, ...headers } })).status
  }
  expect(await Promise.all([call({}), call({ authorization: `Bearer ${await signToken(KEY)}` })])).toEqual([401, 200])
})

test('no call passes a node handler whose keys cannot be loaded', async () => {
  const failing = { name: 'own', authenticate: () => null, prepare: () => Promise.reject(new Error('a secret')) }
  const lines: unknown[] = []
  const log = { ...console, error: (...line: unknown[]) => lines.push(line) } as unknown as Console
  const handler = nodeHandler({ routes, log, middleware: [authenticate({ schemes: [failing], default: 'optional' })] })
  const origin = await listen(handler)
  const { status, body } = await exchangeHttp1(origin, sayHello('connect'))
  expect(status).toBe(500)
  expect(body.toString()).not.toContain('secret')
  expect(handled).toEqual([])
})

test('AU-3 credentials without TLS are refused where TLS is required', async () => {
  const log = new LogCapture()
  const { greeter } = await start({ requiresTls: true, log })
  expect(await callBoth(greeter, `Bearer ${await signToken(KEY)}`)).toMatchObject([REFUSED, REFUSED])
  expect(log.withMessage('call not authenticated')).toMatchObject([{ reason: 'not over TLS' }, {}])
  const [row] = ROWS.filter(({ isSecure }) => isSecure) as [MatrixRow]
  await callBoth((await start({ requiresTls: true, row })).greeter, `Bearer ${await signToken(KEY)}`)
  expect(handled).toEqual(['ada', 'ada'])
})
