/** Who may read the descriptors of an API: whoever may call its reflection, which says the same. */
import { connect } from 'node:http2'
import { Agent, request } from 'node:https'
import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createClient,
  createContextKey,
  createContextValues,
  type Interceptor,
} from '@connectrpc/connect'
import { createGrpcTransport } from '@connectrpc/connect-node'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js'
import type { AppOptions } from '../../server/app.ts'
import { authenticate } from '../../server/auth/authenticate.ts'
import { authorize } from '../../server/auth/authorize.ts'
import { clientCertificate } from '../../server/auth/client-certificate.ts'
import { apiKeys, hashApiKey } from '../../server/auth/schemes/api-keys.ts'
import { basic } from '../../server/auth/schemes/basic.ts'
import { hashPassword } from '../../server/auth/schemes/password-hash.ts'
import { rateLimit } from '../../server/limits/rate-limit.ts'
import { commentOf, commentsOf } from '../../server/openapi/comments/comments-of.ts'
import { peerKey } from '../../server/rpc/context-keys.ts'
import type { ConsoleFacts } from '../../wire/console/console-facts.ts'
import { testCertificates } from '../support/certificates.ts'
import { builtConsole } from '../support/console-app.ts'
import { type StartedApp, startRoutes } from '../support/demo-server.ts'
import { exchangeOn, exchanges } from '../support/exchange.ts'
import { LogCapture } from '../support/log-capture.ts'
import { plantedSecret } from '../support/planted-secrets.ts'

const DESCRIPTORS = '/console/descriptors.binpb'
const LANES = ['native', 'reference'] as const
const KEY = plantedSecret('a key of the API')

let folder: string

beforeAll(async () => {
  folder = await builtConsole()
}, 60_000)

function routes(router: ConnectRouter): void {
  router.service(GreeterService, { sayHello: () => ({ message: 'Hello' }) })
}

function start(options: Partial<AppOptions> = {}): Promise<StartedApp> {
  return startRoutes({ routes, console: { folder }, ...options })
}

/** Requires a key in `x-api-key`. */
function keys(rules = {}) {
  return authenticate({ schemes: [apiKeys({ keys: [{ name: 'reader', hash: hashApiKey(KEY) }] })], rules })
}

async function statusOf({ origin }: StartedApp, headers: Record<string, string> = {}): Promise<number> {
  return (await fetch(`${origin}${DESCRIPTORS}`, { headers })).status
}

async function filesOf({ origin }: StartedApp, headers: Record<string, string> = {}) {
  const response = await fetch(`${origin}${DESCRIPTORS}`, { headers })
  return fromBinary(FileDescriptorSetSchema, new Uint8Array(await response.arrayBuffer())).file
}

async function servicesOf(app: StartedApp, headers: Record<string, string> = {}): Promise<string[]> {
  const registry = createFileRegistry({
    ...fromBinary(FileDescriptorSetSchema, new Uint8Array()),
    file: await filesOf(app, headers),
  })
  return [...registry].filter(({ kind }) => kind === 'service').map(({ typeName }) => typeName)
}

/** What reflection shows: the names of its services, and all of their files with their imports. */
async function reflect({ origin }: StartedApp) {
  const client = createClient(ServerReflection, createGrpcTransport({ baseUrl: origin }))
  const ask = async (messageRequest: Parameters<typeof requestOf>[0]) => {
    for await (const { messageResponse } of client.serverReflectionInfo(requestOf(messageRequest)))
      return messageResponse
    throw new Error('reflection did not answer')
  }
  const list = await ask({ case: 'listServices', value: '' })
  const names = list.case === 'listServicesResponse' ? list.value.service.map(({ name }) => name) : []
  const files = new Map<string, FileDescriptorProto>()
  for (const value of names) {
    const answer = await ask({ case: 'fileContainingSymbol', value })
    if (answer.case !== 'fileDescriptorResponse') throw new Error(`no file for ${value}`)
    for (const octets of answer.value.fileDescriptorProto) {
      const file = fromBinary(FileDescriptorProtoSchema, octets)
      files.set(file.name, file)
    }
  }
  return { names, files }
}

async function* requestOf(messageRequest: { case: 'listServices' | 'fileContainingSymbol'; value: string }) {
  yield { messageRequest }
}

/** Without comments, which reflection does not have. */
function octetsOf(file: FileDescriptorProto | undefined): Uint8Array | undefined {
  if (file === undefined) return undefined
  const { sourceCodeInfo: _, ...others } = file
  return toBinary(FileDescriptorProtoSchema, Object.assign(create(FileDescriptorProtoSchema), others))
}

describe('the descriptors', () => {
  test.each(LANES)('are those of reflection, with comments, on the %s lane', async (lane) => {
    const server = await start({ lane, console: { folder, image: 'gen/descriptors.binpb' } })
    const { names, files } = await reflect(server)
    expect((await servicesOf(server)).sort()).toEqual(names)
    const shown = await filesOf(server)
    expect(shown.map(({ name }) => name).sort()).toEqual([...files.keys()].sort())
    const commented = shown.filter(({ sourceCodeInfo }) => sourceCodeInfo !== undefined).map(({ name }) => name)
    expect(commented).toContain('greeter/v1/greeter.proto')
    for (const file of shown) expect(octetsOf(file)).toEqual(octetsOf(files.get(file.name)))
    expect(commentOf(GreeterService.method.sayHello, commentsOf(shown))).toMatch(/greets by name/i)
  })

  test('are made once for all that see the same', async () => {
    const server = await start()
    const tagOf = async () => (await fetch(`${server.origin}${DESCRIPTORS}`)).headers.get('etag')
    expect(new Set(await Promise.all(Array.from({ length: 10 }, tagOf))).size).toBe(1)
  })

  test('leave out what reflection leaves out', async () => {
    expect(await servicesOf(await start({ servesReflection: ['grpc.health.v1.Health'] }))).not.toContain(
      GreeterService.typeName,
    )
  })

  test('have all services where there is no reflection', async () => {
    expect(await servicesOf(await start({ servesReflection: false }))).toContain(GreeterService.typeName)
  })

  test('have types that the program adds for Any', async () => {
    const registry = createFileRegistry(GreeterService.file.proto, (name) =>
      GreeterService.file.dependencies.find(({ proto }) => proto.name === name),
    )
    const server = await startRoutes({ routes() {}, registry, console: { folder } })
    expect((await filesOf(server)).map(({ name }) => name)).toContain('greeter/v1/greeter.proto')
    expect(await servicesOf(server)).not.toContain(GreeterService.typeName)
  })

  test('have services for some callers only where those see them', async () => {
    const server = await start({ admin: { authorize: ({ requestHeader }) => requestHeader.get('x-role') === 'admin' } })
    const admin = ['grpc.channelz.v1.Channelz', 'portico.admin.v1.Admin']
    const seen = await servicesOf(server, { 'x-role': 'admin' })
    expect(seen).toEqual(expect.arrayContaining(admin))
    const unseen = await servicesOf(server)
    expect(unseen.filter((name) => admin.includes(name))).toEqual([])
    expect(unseen).toContain(GreeterService.typeName)
    const { headers } = await fetch(`${server.origin}${DESCRIPTORS}`)
    expect(headers.get('cache-control')).toBe('private, no-cache')
  })
})

describe.each(exchanges)('authentication over %s', (_version, exchange) => {
  test.each(LANES)('refuses requests without valid credentials, and answers others, on the %s lane', async (lane) => {
    const { origin } = await start({ lane, middleware: [keys()] })
    const read = (headers = {}) => exchange(origin, { path: DESCRIPTORS, method: 'GET', headers })
    const refused = await read()
    expect([refused.status, refused.headers['cache-control']]).toEqual([401, 'no-store'])
    expect(JSON.parse(refused.body.toString())).toEqual({
      code: 'unauthenticated',
      message: 'valid credentials are required',
    })
    expect((await read({ 'x-api-key': 'wrong' })).status).toBe(401)
    expect((await read({ 'x-api-key': KEY })).status).toBe(200)
    // What a reader has is no secret, but whether it is current is not for others.
    const { headers } = await read({ 'x-api-key': KEY })
    expect((await read({ 'if-none-match': headers.etag })).status).toBe(401)
  })

  test('leaves the page and the facts open, which tell what is needed and name no service', async () => {
    const { origin } = await start({ middleware: [keys()] })
    expect((await exchange(origin, { path: '/console/', method: 'GET' })).status).toBe(200)
    const { body } = await exchange(origin, { path: '/console/facts.json', method: 'GET' })
    const facts = JSON.parse(body.toString()) as ConsoleFacts
    expect(facts.needsCredentials).toBe(true)
    expect(facts.schemes).toEqual({ apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' } })
    expect(body.toString()).not.toMatch(/greeter|grpc\.health/i)
  })
})

describe('who may call reflection may read them', () => {
  test('a rule that opens reflection opens them', async () => {
    const server = await start({ middleware: [keys({ 'grpc.reflection.v1.ServerReflection': 'none' })] })
    expect(await statusOf(server)).toBe(200)
    expect(((await (await fetch(`${server.origin}/console/facts.json`)).json()) as ConsoleFacts).needsCredentials).toBe(
      false,
    )
  })

  test('a scheme with a challenge sends it', async () => {
    const users = [{ name: 'ada', hash: await hashPassword('swordfish') }]
    const { origin } = await start({ middleware: [authenticate({ schemes: [basic({ users, realm: 'Shop' })] })] })
    const { status, headers } = await fetch(`${origin}${DESCRIPTORS}`)
    expect([status, headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('Basic realm="Shop"')])
    const authorization = `Basic ${Buffer.from('ada:swordfish').toString('base64')}`
    expect((await fetch(`${origin}${DESCRIPTORS}`, { headers: { authorization } })).status).toBe(200)
  })

  test('a client certificate proves who reads, over both versions of HTTP', async () => {
    const { ca, server, client } = await testCertificates()
    const middleware = [authenticate({ schemes: [clientCertificate()] })]
    for (const [tls, expected] of [
      [{ ...server, ca }, 200],
      // Asks clients for no certificate.
      [server, 401],
    ] as const) {
      const { origin } = await start({ listen: { tls }, middleware })
      const session = connect(origin, { ca, ...client })
      onTestFinished(() => session.destroy())
      expect((await exchangeOn(session, { path: DESCRIPTORS, method: 'GET' })).status).toBe(expected)
      expect(await statusOverHttp1(origin, new Agent({ ca, ...client, servername: 'localhost' }))).toBe(expected)
    }
  })

  test('a policy decides on them as on reflection', async () => {
    const paths = ['/grpc.reflection.v1.ServerReflection/*']
    const rule = { name: 'x', request: { paths } }
    const open = { name: 'policy', allow_rules: [rule] }
    expect(await statusOf(await start({ middleware: [authorize({ policy: open })] }))).toBe(200)
    const closed = { name: 'policy', deny_rules: [rule], allow_rules: [{ name: 'all' }] }
    expect(await statusOf(await start({ middleware: [authorize({ policy: closed })] }))).toBe(403)
  })

  test('a limit counts them', async () => {
    const limit = rateLimit({ by: 'peer', capacity: 2, refillPerSecond: 0.001, standardServices: true })
    const server = await start({ middleware: [limit] })
    expect([await statusOf(server), await statusOf(server), await statusOf(server)]).toEqual([200, 200, 429])
  })

  test.each<[string, Partial<AppOptions>]>([
    ['a gate', { requestGate: ({ requestHeader }) => refuseUnless(requestHeader.get('x-pass')) }],
    ['a gate that waits', { requestGate: async ({ requestHeader }) => refuseUnless(requestHeader.get('x-pass')) }],
    ['an interceptor', { interceptors: [refuseEarly] }],
    ['an interceptor that refuses while messages are sent', { interceptors: [refuseLate] }],
    ['an interceptor of a middleware', { middleware: [{ name: 'own', interceptor: refuseLate }] }],
  ])('%s refuses, before the descriptors are sent', async (_what, options) => {
    for (const lane of LANES) {
      const server = await start({ lane, ...options })
      expect([await statusOf(server), await statusOf(server, { 'x-pass': 'yes' })]).toEqual([403, 200])
    }
  })

  test('gates see the caller, the method and the values of the request', async () => {
    const userKey = createContextKey('nobody')
    const seen: unknown[] = []
    const server = await start({
      contextValues: ({ headers }) => createContextValues().set(userKey, String(headers['x-user'])),
      requestGate: ({ values, method, service, requestMethod, url, timeoutMs }) => {
        seen.push(values.get(userKey), values.get(peerKey).address, method.name, service.typeName, requestMethod)
        seen.push(new URL(url).pathname, timeoutMs())
      },
    })
    expect(await statusOf(server, { 'x-user': 'ada' })).toBe(200)
    expect(seen).toEqual([
      'ada',
      '127.0.0.1',
      'ServerReflectionInfo',
      'grpc.reflection.v1.ServerReflection',
      'GET',
      DESCRIPTORS,
      undefined,
    ])
  })

  test('an error has the metadata that it may have, and none of HTTP or of another server', async () => {
    const metadata = {
      'content-encoding': 'gzip',
      'transfer-encoding': 'chunked',
      'content-length': '3',
      'x-hint': 'a',
    }
    for (const isWireError of [false, true]) {
      const error = new ConnectError('no', Code.PermissionDenied, metadata)
      error.isWireError = isWireError
      const { origin } = await start({ requestGate: () => Promise.reject(error) })
      const response = await fetch(`${origin}${DESCRIPTORS}`)
      expect([response.status, await response.json()]).toEqual([403, { code: 'permission_denied', message: 'no' }])
      expect(response.headers.get('x-hint')).toBe(isWireError ? null : 'a')
      for (const name of ['content-encoding', 'transfer-encoding']) expect(response.headers.get(name)).toBeNull()
    }
  })

  test('metadata that cannot be sent does not replace the error', async () => {
    const log = new LogCapture()
    const error = new ConnectError('no', Code.PermissionDenied, { 'x-hint': 'caf\u00e9' })
    const { origin } = await start({ logger: log.logger, requestGate: () => Promise.reject(error) })
    const response = await fetch(`${origin}${DESCRIPTORS}`)
    expect([response.status, response.headers.get('x-hint')]).toEqual([403, null])
    expect(JSON.stringify(log.lines)).toContain('response metadata cannot be sent')
  })

  test('an unexpected error is logged, and its text stays here', async () => {
    const log = new LogCapture()
    const gate = () => {
      throw new Error('the database of secrets is away')
    }
    const { origin } = await start({ logger: log.logger, requestGate: gate })
    const response = await fetch(`${origin}${DESCRIPTORS}`)
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secrets')
    expect(JSON.stringify(log.lines)).toContain('the database of secrets is away')
  })
})

describe('authorize', () => {
  test('decides about all files by address and headers; what it throws refuses', async () => {
    const log = new LogCapture()
    const { origin } = await start({
      logger: log.logger,
      console: {
        folder,
        authorize: async ({ address, headers }) => {
          if (headers['x-gate'] === 'broken') throw new Error('a secret')
          return address === '127.0.0.1' && headers['x-gate'] === 'open'
        },
      },
    })
    for (const name of ['', 'facts.json', 'descriptors.binpb', 'licenses.txt']) {
      const read = (gate: string) => fetch(`${origin}/console/${name}`, { headers: { 'x-gate': gate } })
      const answers = await Promise.all(['closed', 'broken', 'open'].map(read))
      expect([name, ...answers.map(({ status }) => status)]).toEqual([name, 403, 500, 200])
      expect(await answers[1]?.text()).not.toContain('secret')
      expect(answers[2]?.headers.get('cache-control')).toMatch(/^private/)
    }
    expect(JSON.stringify(log.lines)).toContain('a secret')
  })

  test('keeps the scripts out of shared caches', async () => {
    const { origin } = await start({ console: { folder, authorize: () => true } })
    const [script] = /assets\/[^"]+\.js/.exec(await (await fetch(`${origin}/console/`)).text()) ?? []
    const { headers } = await fetch(`${origin}/console/${script}`)
    expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
  })

  test('stands before what calls must pass', async () => {
    const server = await start({ middleware: [keys()], console: { folder, authorize: () => true } })
    expect(await statusOf(server)).toBe(401)
  })
})

function refuseUnless(pass: string | null): void {
  if (pass !== 'yes') throw new ConnectError('no pass', Code.PermissionDenied)
}

function refuseEarly(next: Parameters<Interceptor>[0]): ReturnType<Interceptor> {
  return async (request) => {
    refuseUnless(request.header.get('x-pass'))
    return next(request)
  }
}

function refuseLate(next: Parameters<Interceptor>[0]): ReturnType<Interceptor> {
  return async (request) => {
    const response = await next(request)
    if (!response.stream) return response
    async function* message() {
      refuseUnless(request.header.get('x-pass'))
      if (response.stream) yield* response.message
    }
    return { ...response, message: message() }
  }
}

async function statusOverHttp1(origin: string, agent: Agent): Promise<number | undefined> {
  onTestFinished(() => agent.destroy())
  return new Promise((resolve, reject) => {
    request(`${origin}${DESCRIPTORS}`, { agent }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
}
