/** Secrets of callers and of the configuration appear in nothing that a server with all its functions shows. */
import { createPrivateKey } from 'node:crypto'
import { toJsonString } from '@bufbuild/protobuf'
import { Code, ConnectError, type ConnectRouter, createClient, type Transport } from '@connectrpc/connect'
import { Redis } from 'ioredis'
import { SignJWT } from 'jose'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import * as channelzSchemas from '../../gen/channelz_pb.js'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { Admin, GetConfigResponseSchema, GetServerResponseSchema } from '../../gen/portico/admin/v1/admin_pb.js'
import { authenticate } from '../../server/auth/authenticate.ts'
import { authorize } from '../../server/auth/authorize.ts'
import { apiKeys, hashApiKey } from '../../server/auth/schemes/api-keys.ts'
import { basic } from '../../server/auth/schemes/basic.ts'
import { jwt } from '../../server/auth/schemes/jwt/jwt.ts'
import { hashPassword } from '../../server/auth/schemes/password-hash.ts'
import { rateLimit } from '../../server/limits/rate-limit.ts'
import { redisStore } from '../../server/limits/redis-store.ts'
import { LANES, type Lane } from '../../server/rpc/lane.ts'
import type { Middleware } from '../../server/rpc/middleware.ts'
import { serve } from '../../server/serve.ts'
import { type CallProtocol, SAY_HELLO, sayHello } from '../support/calls.ts'
import { testCertificates } from '../support/certificates.ts'
import { runProgram } from '../support/client-program.ts'
import { startRoutes } from '../support/demo-server.ts'
import { type ExchangeInit, exchangeHttp1, exchangeHttp2 } from '../support/exchange.ts'
import { LogCapture } from '../support/log-capture.ts'
import { startOtlpSink } from '../support/otlp-sink.ts'
import { assertNoSecrets, plantedSecret, scanForSecrets, takeFoundSecrets } from '../support/planted-secrets.ts'
import { freePort } from '../support/ports.ts'
import { ServerProcess } from '../support/server-process.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const OWN_RESPONSE = ['fields of a response', 'body of a response']

/** Where secrets are allowed, and why. All others are allowed nowhere. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  // The log says what failed, so that it can be mended; callers get an id that is in the same line.
  error: ['log'],
  cause: ['log'],
  interceptor: ['log'],
  gate: ['log'],
  check: ['log'],
  // Vendors of tracing write it for the collector of traces (W3C Trace Context, section 3.3).
  tracestate: ['export to /v1/traces'],
  // The name of a method that does not exist is in the log and, as rpc.method_original, in spans: never in metrics.
  method: ['log', 'export to /v1/traces', ...OWN_RESPONSE],
  // Errors quote to the sender what is invalid in its own request.
  timeout: OWN_RESPONSE,
  // The log and spans have the messages of refusals, which name an unknown compression.
  encoding: ['log', 'export to /v1/traces', ...OWN_RESPONSE],
  url: OWN_RESPONSE,
}

const JWT_KEY = plantedSecret('jwt-key-of-32-bytes-and-more')
const API_KEY = plantedSecret('api-key')
const PASSWORD = plantedSecret('password')
const passwordHash = await hashPassword(PASSWORD)

/** The value of each field may stand in a call, accepted or not. */
const PRIVATE_FIELDS = {
  cookie: `session=${plantedSecret('cookie')}`,
  'proxy-authorization': `Basic ${base64(`ada:${plantedSecret('proxy')}`)}`,
  'x-session-bin': base64(plantedSecret('binary')),
  'x-tenant': plantedSecret('metadata'),
  'x-policy': plantedSecret('policy'),
  baggage: `user=${plantedSecret('baggage')}`,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: `vendor=${plantedSecret('tracestate')}`,
}

const OPTIONS = {
  'database-url': { kind: 'string', help: 'the database' },
  'bank-token': { kind: 'string', help: 'of the bank' },
  licence: { kind: 'string', secret: true, help: 'of the shop' },
  pin: { kind: 'string', secret: true, default: plantedSecret('default'), help: 'of the safe' },
} as const

const failing: Middleware = {
  name: 'failing',
  requestGate({ requestHeader }) {
    if (requestHeader.get('x-fail') === 'gate') throw new Error(plantedSecret('gate'))
  },
  interceptor: (next) => async (request) => {
    if (request.header.get('x-fail') === 'interceptor') throw new Error(plantedSecret('interceptor'))
    return next(request)
  },
}

const FAILURES: Readonly<Record<string, () => Error>> = {
  error: () => new Error(plantedSecret('error'), { cause: new Error(plantedSecret('cause')) }),
  refusal: () => new ConnectError('later', Code.Unavailable, {}, [], new Error(plantedSecret('cause'))),
}

function routes(router: ConnectRouter): void {
  router.service(GreeterService, {
    sayHello({ name }) {
      const failure = FAILURES[name]
      if (failure !== undefined) throw failure()
      return { message: 'Hello' }
    },
  })
}

afterEach(() => {
  vi.unstubAllEnvs()
})

/** A store that cannot be reached. */
async function brokenStore() {
  const url = `redis://shop:${plantedSecret('redis')}@127.0.0.1:${await freePort()}`
  const client = new Redis(url, { enableOfflineQueue: false, retryStrategy: () => null })
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  return redisStore({ client })
}

async function middleware(): Promise<Middleware[]> {
  const schemes = [
    jwt({ algorithms: ['HS256'], secret: JWT_KEY }),
    apiKeys({ keys: [{ name: 'billing', hash: hashApiKey(API_KEY) }] }),
    basic({ users: [{ name: 'ada', hash: passwordHash }] }),
  ]
  const headers = [{ key: 'x-policy', values: [plantedSecret('policy')] }]
  const policy = {
    name: 'shop',
    allow_rules: [
      { name: 'greeter', request: { headers } },
      { name: 'others', request: { paths: ['/portico.*', '/grpc.*'] } },
    ],
    audit_logging_options: {
      audit_condition: 'ON_DENY_AND_ALLOW',
      audit_loggers: [{ name: 'stdout_logger', config: {} }],
    },
  }
  return [
    authenticate({ schemes, exempt: ['portico.admin.v1.Admin', 'grpc.channelz.v1.Channelz'] }),
    authorize({ policyFile: await temporaryFile('policy.json', JSON.stringify(policy)) }),
    rateLimit({ by: 'principal', name: 'shared', capacity: 1_000, refillPerSecond: 1, store: await brokenStore() }),
    rateLimit({ by: ({ requestHeader }) => requestHeader.get('cookie') ?? '', capacity: 200, refillPerSecond: 0.001 }),
    failing,
  ]
}

async function start(lane: Lane) {
  const [log, sink] = [new LogCapture(), await startOtlpSink()]
  log.logger.level = 'trace'
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', sink.origin)
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', `x-collector-token=${plantedSecret('collector')}`)
  const server = await serve({
    name: 'shop',
    lane,
    routes,
    middleware,
    options: OPTIONS,
    telemetry: { traces: { messageEvents: true } },
    metrics: true,
    admin: true,
    cors: { origins: ['https://shop.test'] },
    healthChecks: {
      database: {
        weight: 'minor',
        check: () => {
          throw new Error(plantedSecret('check'))
        },
      },
    },
    logger: log.logger,
    argv: ['--port=0', '--drain-timeout=0s', `--licence=${plantedSecret('licence')}`],
    env: {
      PORTICO_DATABASE_URL: `postgres://shop:${plantedSecret('database')}@db/shop?password=${plantedSecret('parameter')}`,
      PORTICO_BANK_TOKEN: plantedSecret('environment'),
    },
    ownsProcess: false,
  })
  onTestFinished(async () => void (await server.drain()))
  return { server, origin: server.address, log, sink }
}

/** Good and bad credentials of each scheme. */
async function credentials(): Promise<Record<string, string>[]> {
  const token = await new SignJWT({ sub: 'ada', note: plantedSecret('claim') })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('5m')
    .sign(Buffer.from(JWT_KEY))
  return [
    {},
    { authorization: `Bearer ${token}` },
    { authorization: `Bearer ${token}x` },
    { authorization: `Bearer ${plantedSecret('bearer')}` },
    { authorization: `Basic ${base64(`ada:${PASSWORD}`)}` },
    { authorization: `Basic ${base64(`ada:${plantedSecret('wrong')}`)}` },
    { authorization: plantedSecret('scheme') },
    { 'x-api-key': API_KEY },
    { 'x-api-key': plantedSecret('unknown-key') },
  ]
}

const VALID = { 'x-api-key': API_KEY }

/** Calls with each of the credentials, and calls that fail at each stage. */
async function callsBy(protocol: CallProtocol): Promise<ExchangeInit[]> {
  const call = (more: Record<string, string>, name = plantedSecret('message')): ExchangeInit => {
    const { headers, ...rest } = sayHello(protocol, name)
    return { ...rest, headers: { ...headers, ...PRIVATE_FIELDS, ...more } }
  }
  const valid = call(VALID)
  return [
    ...(await credentials()).map((each) => call(each)),
    call({ ...VALID, 'x-policy': 'another' }),
    call({ ...VALID, 'x-fail': 'gate' }),
    call({ ...VALID, 'x-fail': 'interceptor' }),
    ...Object.keys(FAILURES).map((name) => call(VALID, name)),
    { ...valid, path: `/greeter.v1.GreeterService/${plantedSecret('method')}` },
    { ...valid, body: plantedSecret('undecodable') },
    call({ ...VALID, 'grpc-timeout': plantedSecret('timeout'), 'connect-timeout-ms': plantedSecret('timeout') }),
    call({ ...VALID, 'x-session-bin': `!${plantedSecret('invalid-binary')}` }),
    call({ ...VALID, 'content-encoding': plantedSecret('encoding'), 'grpc-encoding': plantedSecret('encoding') }),
  ]
}

/** A call whose message is in the query, and requests that are no calls. */
function ordinaryRequests(): ExchangeInit[] {
  const message = encodeURIComponent(JSON.stringify({ name: plantedSecret('query') }))
  const encoded = base64(JSON.stringify({ name: plantedSecret('query') }))
  const get = (path: string, more = {}) => ({ path, method: 'GET', headers: { ...PRIVATE_FIELDS, ...VALID, ...more } })
  return [
    get(`${SAY_HELLO}?connect=v1&encoding=json&message=${message}`),
    get(`${SAY_HELLO}?connect=v1&encoding=json&base64=1&message=${encoded}`),
    get(`${SAY_HELLO}?connect=v1&encoding=json&message=${plantedSecret('broken-query')}`),
    get(`/none?token=${plantedSecret('url')}`),
    get('/readyz?verbose', { authorization: `Bearer ${plantedSecret('probe')}` }),
    get('/metrics'),
    { ...get(SAY_HELLO, { origin: 'https://shop.test', 'access-control-request-method': 'POST' }), method: 'OPTIONS' },
  ]
}

/** What the admin services show, channelz of the server and of its sockets included. */
async function readAdmin(transport: Transport): Promise<string> {
  const [admin, channelz] = [createClient(Admin, transport), createClient(channelzSchemas.Channelz, transport)]
  const servers = await channelz.getServers({})
  const serverId = servers.server[0]?.ref?.serverId ?? 0n
  const sockets = await channelz.getServerSockets({ serverId })
  return [
    toJsonString(GetServerResponseSchema, await admin.getServer({})),
    toJsonString(GetConfigResponseSchema, await admin.getConfig({})),
    toJsonString(channelzSchemas.GetServersResponseSchema, servers),
    toJsonString(channelzSchemas.GetServerSocketsResponseSchema, sockets),
    toJsonString(channelzSchemas.GetTopChannelsResponseSchema, await channelz.getTopChannels({})),
  ].join('\n')
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

/** What was found where it is not allowed: `cookie in log`. */
function strayed(): string[] {
  const wrong = takeFoundSecrets().filter(({ source, secret }) => ALLOWED[secret]?.includes(source) !== true)
  return [...new Set(wrong.map(({ source, secret }) => `${secret} in ${source}`))]
}

const PROTOCOLS = [
  ['grpc', exchangeHttp2],
  ['grpc-web', exchangeHttp1],
  ['grpc-web', exchangeHttp2],
  ['connect', exchangeHttp1],
  ['connect-json', exchangeHttp2],
] as const

test.each(LANES)('a server with everything on shows none, on the %s lane', async (lane) => {
  const { server, origin, log, sink } = await start(lane)
  for (const [protocol, exchange] of PROTOCOLS) {
    for (const call of await callsBy(protocol)) await exchange(origin, call)
  }
  for (const request of ordinaryRequests()) {
    await exchangeHttp1(origin, request)
    await exchangeHttp2(origin, request)
  }
  const transport = createTransport({ baseUrl: origin })
  onTestFinished(() => transport.close())
  const shown = await readAdmin(transport)
  scanForSecrets('admin services', shown)
  for (const view of ['server', 'config', 'channels', 'sockets']) {
    expect((await runProgram(['admin', origin, view])).code).toBe(0)
  }
  await transport.close()
  await server.drain()

  // The calls went where they should, so that the scan has seen each stage.
  expect(shown).toContain('database-url')
  expect(log.text).toContain(plantedSecret('error'))
  for (const stage of ['interceptor', 'gate', 'check', 'cause']) expect(log.text).toContain(plantedSecret(stage))
  expect(new Set(sink.exports.map(({ path }) => path))).toEqual(new Set(['/v1/traces', '/v1/metrics']))
  expect(sink.exports[0]?.headers['x-collector-token']).toBe(plantedSecret('collector'))
  expect(strayed()).toEqual([])
})

describe('at the start', () => {
  const key = plantedSecret('fault')
  test.each([
    [
      'an option that is secret',
      { argv: [`--pin=${key}`], options: { pin: { ...OPTIONS.pin, kind: 'integer', default: 1 } } },
    ],
    ['an unknown flag', { argv: [`--licens=${key}`], options: OPTIONS }],
    ['a misspelled variable', { env: { PORTICO_LICENS: key }, options: OPTIONS }],
    [
      'a hash that is a key',
      { middleware: () => [authenticate({ schemes: [apiKeys({ keys: [{ name: 'a', hash: key }] })] })] },
    ],
    [
      'a hash that is a password',
      { middleware: () => [authenticate({ schemes: [basic({ users: [{ name: 'a', hash: key }] })] })] },
    ],
    ['a short secret of tokens', { middleware: () => [jwt({ algorithms: ['HS512'], secret: key })] }],
    ['a policy', { middleware: () => [authorize({ policy: `{"name": ${key}}` })] }],
  ])('a fault shows no secret: %s', async (_what, options) => {
    const given = { routes, logger: false, argv: [], env: {}, ownsProcess: false, ...options } as const
    const failure: unknown = await serve(given as Parameters<typeof serve>[0]).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Error)
    scanForSecrets('error', `${(failure as Error).message}\n${(failure as Error).stack}`)
  })
})

test.each([
  ['the passphrase', plantedSecret('passphrase'), null],
  ['a wrong passphrase', plantedSecret('wrong-passphrase'), 1],
])(
  'a process that is given %s of its key, and secrets in its environment, prints none',
  async (_what, passphrase, code) => {
    const { ca, server: certificate } = await testCertificates()
    const cipher = {
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: plantedSecret('passphrase'),
    } as const
    const key = createPrivateKey(certificate.key).export(cipher)
    const flags = [
      ...['--port', '0', '--log-format', 'json', '--log-level', 'trace', '--telemetry', '--admin'],
      ...[
        '--tls-cert',
        await temporaryFile('cert.pem', certificate.cert),
        '--tls-key',
        await temporaryFile('key.pem', key),
      ],
      ...['--tls-passphrase-file', await temporaryFile('passphrase', passphrase)],
    ]
    const server = new ServerProcess(flags, {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://ada:${plantedSecret('collector')}@127.0.0.1:${await freePort()}`,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${plantedSecret('collector')}`,
      SHOP_TOKEN: plantedSecret('environment'),
    })
    if (code === null) {
      const port = /:(\d+)$/.exec(await server.untilLine((text) => text.includes('listening at')))?.[1]
      const origin = `https://127.0.0.1:${port}`
      const { status } = await exchangeHttp2(
        origin,
        { ...sayHello('grpc'), headers: { ...sayHello('grpc').headers, ...PRIVATE_FIELDS } },
        ca,
      )
      expect(status).toBe(200)
      server.kill('SIGTERM')
      expect(await server.exited).toBe(0)
    } else {
      expect(await server.exited).toBe(code)
      expect(server.stdout + server.stderr).toContain('passphrase')
    }
    expect(strayed()).toEqual([])
  },
)

describe('the scan', () => {
  test.each([
    ['plain', (secret: string) => secret],
    ['base64', (secret: string) => base64(`ada:${secret}`)],
    ['base64 one byte later', (secret: string) => base64(`lisa:${secret}`)],
    ['base64url', (secret: string) => Buffer.from(`eva00:${secret}`).toString('base64url')],
    ['hexadecimal', (secret: string) => Buffer.from(secret).toString('hex')],
  ])('finds a secret in a log line: %s', (_form, encode) => {
    new LogCapture().logger.info({ note: encode(plantedSecret('self-test')) }, 'a line')
    expect(assertNoSecrets).toThrow('planted secrets were found:\nlog: ')
    expect(assertNoSecrets).not.toThrow()
  })

  test('finds a secret in a response and in the output of a program', async () => {
    const { origin } = await startRoutes({ routes })
    await exchangeHttp1(origin, { path: `/${plantedSecret('path')}` })
    await exchangeHttp2(origin, { path: SAY_HELLO, headers: { 'content-type': plantedSecret('type') } })
    expect(takeFoundSecrets()).toMatchObject([{ secret: 'path', source: 'body of a response' }])
    const { stderr } = await runProgram(['call', origin, plantedSecret('argument')])
    expect(stderr).toContain(plantedSecret('argument'))
    expect(takeFoundSecrets().map(({ source }) => source)).toContain('output of a program')
  })
})
