/** The admin services: who may use and see them, and what they show and change, in every protocol and on both lanes. */
import path from 'node:path'
import { durationFromMs, timestampDate } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, type ConnectRouter, createClient, type Transport } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import { Channelz } from '../../gen/channelz_pb.js'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js'
import { Admin, ConfigSource } from '../../gen/portico/admin/v1/admin_pb.js'
import { type AdminOptions, admin } from '../../server/admin/admin.ts'
import type { AppOptions } from '../../server/app.ts'
import { onePort } from '../../server/listen/one-port.ts'
import { portico } from '../../server/plugin.ts'
import { type Principal, principalKey } from '../../server/rpc/context-keys.ts'
import { LANES } from '../../server/rpc/lane.ts'
import type { Middleware } from '../../server/rpc/middleware.ts'
import { serve } from '../../server/serve.ts'
import { testCertificates } from '../support/certificates.ts'
import { startFastify, startRoutes } from '../support/demo-server.ts'
import { LogCapture } from '../support/log-capture.ts'
import { MATRIX, type MatrixRow, openTransport } from '../support/matrix.ts'
import { ServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const ROWS = MATRIX.filter(({ format, isSecure }) => format === 'proto' && !isSecure)
const CASES = LANES.flatMap((lane) => ROWS.map((row) => [lane, row.name, row] as const))
const GRPC = ROWS.find(({ protocol }) => protocol === 'gRPC') as MatrixRow

function routes(router: ConnectRouter): void {
  router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) })
}

/** Reads the principal from a header, as an authentication would from a token. */
const authenticate: Middleware = {
  name: 'authenticate',
  requestGate({ requestHeader, values }) {
    const name = requestHeader.get('who')
    const principal: Principal | undefined =
      name === null ? undefined : { name, scheme: 'test', scopes: [], claims: {} }
    values.set(principalKey, principal)
  },
}

const operatorOnly: AdminOptions = { authorize: async ({ values }) => values.get(principalKey)?.name === 'operator' }
const OPERATOR = { headers: { who: 'operator' } }

async function open(
  options: Partial<AppOptions>,
  row: MatrixRow = GRPC,
): Promise<{ transport: Transport; port: number }> {
  const { port } = await startRoutes({ routes, logger: new LogCapture().logger, ...options })
  const { transport, close } = openTransport(row, { port, ca: '' })
  onTestFinished(close)
  return { transport, port }
}

describe.each(CASES)('on the %s lane, by %s', (lane, _name, row) => {
  test('authorize decides with what the middleware knows, and refuses before the body is read', async () => {
    const { transport } = await open({ lane, middleware: [authenticate], admin: operatorOnly }, row)
    for (const call of callsOf(transport, {})) await expect(call).rejects.toMatchObject(DENIED)
    for (const call of callsOf(transport, { headers: { who: 'somebody' } })) {
      await expect(call).rejects.toMatchObject(DENIED)
    }
    await Promise.all(callsOf(transport, OPERATOR))
    expect(await createClient(GreeterService, transport).sayHello({ name: 'Ada' })).toMatchObject({
      message: 'Hello Ada',
    })
  })

  test('without an option they are not served', async () => {
    const { transport } = await open({ lane }, row)
    for (const call of callsOf(transport, OPERATOR))
      await expect(call).rejects.toMatchObject({ code: Code.Unimplemented })
  })

  test.each([
    ['x-forwarded-for', '127.0.0.1'],
    ['forwarded', 'for=127.0.0.1'],
    ['via', '1.1 proxy'],
    ['origin', 'http://localhost:8080'],
    ['sec-fetch-site', 'same-origin'],
  ])('admin: true allows callers on this machine, but no request with %s', async (field, value) => {
    const { transport } = await open({ lane, admin: true }, row)
    await Promise.all(callsOf(transport, {}))
    for (const call of callsOf(transport, { headers: { [field]: value } })) {
      await expect(call).rejects.toMatchObject(DENIED)
    }
  })
})

const DENIED = { code: Code.PermissionDenied, rawMessage: 'not allowed to manage this server' }

/** Reads only, so that they may run in any order. */
function callsOf(transport: Transport, options: { headers?: Record<string, string> }): Promise<unknown>[] {
  const client = createClient(Admin, transport)
  const channelz = createClient(Channelz, transport)
  return [
    client.getServer({}, options),
    client.getConfig({}, options),
    client.getLogLevel({}, options),
    channelz.getServers({}, options),
    channelz.getTopChannels({}, options),
  ]
}

test.each(LANES)('on the %s lane a refused caller changes nothing', async (lane) => {
  const logged = new LogCapture()
  const { transport } = await open({ lane, logger: logged.logger, admin: { authorize: () => false } })
  const client = createClient(Admin, transport)
  await expect(client.setLogLevel({ level: 'error' })).rejects.toMatchObject(DENIED)
  await expect(client.reload({})).rejects.toMatchObject(DENIED)
  expect(logged.logger.level).toBe('debug')
  expect(logged.withMessage('reloaded')).toEqual([])
})

test('an authorization may throw its own error, and one that fails refuses without its text', async () => {
  const { transport } = await open({
    admin: {
      authorize({ requestHeader }) {
        if (requestHeader.has('fault')) throw new Error('the secret store is at vault.internal')
        throw new ConnectError('who are you?', Code.Unauthenticated)
      },
    },
  })
  const client = createClient(Admin, transport)
  await expect(client.getServer({})).rejects.toMatchObject({ code: Code.Unauthenticated, rawMessage: 'who are you?' })
  const failure: unknown = await client.getServer({}, { headers: { fault: '1' } }).catch((error: unknown) => error)
  expect(String(failure)).not.toContain('vault')
})

test.each(LANES)('on the %s lane reflection shows them to authorized callers only', async (lane) => {
  const { transport } = await open({ lane, middleware: [authenticate], admin: operatorOnly })
  expect(await listServices(transport, {})).not.toContain('portico.admin.v1.Admin')
  expect(await findFile(transport, 'grpc.channelz.v1.Channelz', {})).toBe('errorResponse')
  expect(await listServices(transport, OPERATOR)).toEqual(
    expect.arrayContaining(['greeter.v1.GreeterService', 'grpc.channelz.v1.Channelz', 'portico.admin.v1.Admin']),
  )
  expect(await findFile(transport, 'grpc.channelz.v1.Channelz', OPERATOR)).toBe('fileDescriptorResponse')
  expect(await listServices(transport, {})).not.toContain('grpc.channelz.v1.Channelz')
})

test('a Unix socket is a local caller', async () => {
  const socketPath = path.join(await temporaryFolder(), 'admin.sock')
  const { createApp } = await import('../../server/app.ts')
  const app = await createApp({ routes, admin: true, logger: false })
  onTestFinished(async () => void (await app.drain()))
  await app.fastify.listen({ path: socketPath })
  const transport = createTransport({ target: `unix:${socketPath}` })
  onTestFinished(() => transport.close())
  expect(await createClient(Admin, transport).getServer({})).toMatchObject({ addresses: [socketPath] })
  const { server } = await createClient(Channelz, transport).getServers({})
  const own = server.find(({ ref }) => ref?.name === `unix:${socketPath}`)
  const { socketRef } = await createClient(Channelz, transport).getServerSockets({ serverId: own?.ref?.serverId ?? 0n })
  expect(socketRef.map(({ name }) => name)).toEqual(['unix'])
})

test.each(ROWS)('calls that run through hooks of Fastify count, by $name', async (row) => {
  const app = fastify(onePort())
  app.addHook('onRequest', async () => {})
  await app.register(portico, { routes, middleware: [admin()] })
  const { host, port } = await startFastify(app)
  const { transport, close } = openTransport(row, { port, ca: '' })
  onTestFinished(close)
  await createClient(GreeterService, transport).sayHello({ name: 'Ada' })
  const channelz = createClient(Channelz, transport)
  const server = (await channelz.getServers({})).server.find(({ ref }) => ref?.name === host)
  const { socketRef } = await channelz.getServerSockets({ serverId: server?.ref?.serverId ?? 0n })
  const { socket } = await channelz.getSocket({ socketId: socketRef[0]?.socketId ?? 0n })
  expect(socketRef).toHaveLength(1)
  expect(socket?.data?.messagesReceived).toBeGreaterThanOrEqual(3n)
  expect(socket?.data?.messagesSent).toBeGreaterThanOrEqual(3n)
  expect(server?.data?.callsStarted).toBe(2n)
})

test('GetServer says what runs', async () => {
  const { transport, port } = await open({ middleware: [authenticate], admin: true })
  const server = await createClient(Admin, transport).getServer({})
  expect(server).toMatchObject({
    processId: process.pid,
    nodeVersion: process.versions.node,
    addresses: [`127.0.0.1:${port}`],
    lanes: ['native'],
    middleware: ['authenticate', 'admin'],
  })
  expect(server.startedAt && Date.now() - timestampDate(server.startedAt).getTime()).toBeLessThan(60_000)
  expect(server.methods.map((method) => method.path)).toEqual(
    expect.arrayContaining(['/greeter.v1.GreeterService/SayHello', '/portico.admin.v1.Admin/Reload']),
  )
  const stream = server.methods.find((method) => method.path === '/greeter.v1.GreeterService/AllStream')
  expect(stream).toMatchObject({ isClientStreaming: true, isServerStreaming: true })
})

describe('GetConfig', () => {
  test('of serve: each option, its value, and who set it; secrets are hidden', async () => {
    const server = await serve({
      name: 'shop',
      version: '3.2.1',
      routes,
      admin: true,
      readMaxBytes: 1_024,
      defaults: { 'idle-timeout': '7s' },
      options: {
        'database-url': { kind: 'string', help: 'the database' },
        'api-token': { kind: 'string', help: 'for the other side' },
        licence: { kind: 'string', secret: true, help: 'a secret by declaration' },
      },
      logger: false,
      argv: ['--port=0', '--max-send=2MiB', '--licence=planted-secret-licence'],
      env: {
        PORTICO_DATABASE_URL: 'postgres://shop:planted-secret-database@2@db/shop?sslkey=a',
        PORTICO_API_TOKEN: 'planted-secret-token',
      },
      ownsProcess: false,
    })
    onTestFinished(async () => void (await server.drain()))
    const transport = createTransport({ baseUrl: server.address })
    onTestFinished(() => transport.close())
    const client = createClient(Admin, transport)
    expect(await client.getServer({})).toMatchObject({ name: 'shop', version: '3.2.1' })
    const { options } = await client.getConfig({})
    const shown = new Map(options.map(({ name, value, source }) => [name, [value, ConfigSource[source]]]))
    expect(shown.get('port')).toEqual(['0', 'OPERATOR'])
    expect(shown.get('max-send')).toEqual(['2MiB', 'OPERATOR'])
    expect(shown.get('max-receive')).toEqual(['1KiB', 'CODE'])
    expect(shown.get('idle-timeout')).toEqual(['7s', 'CODE'])
    expect(shown.get('drain-timeout')).toEqual(['25s', 'DEFAULT'])
    expect(shown.get('tls-key')).toEqual(['none', 'DEFAULT'])
    expect(shown.get('tls-ca')).toEqual(['none', 'DEFAULT'])
    expect(shown.get('licence')).toEqual(['***', 'OPERATOR'])
    expect(shown.get('api-token')).toEqual(['***', 'OPERATOR'])
    expect(shown.get('database-url')).toEqual(['postgres://***@db/shop?sslkey=a', 'OPERATOR'])
    expect(options.find(({ name }) => name === 'max-send')?.env).toBe('PORTICO_MAX_SEND')
    expect(JSON.stringify(options)).not.toContain('planted-secret')
  })

  test('of createApp: each option by its path; secrets are hidden', async () => {
    const { transport } = await open({
      admin: true,
      lane: 'native',
      observers: [{ onStart: () => null }],
      listen: { idleTimeoutMs: 7_000, drainTimeoutMs: 0 },
      fastifyOptions: { trustProxy: '127.0.0.1' },
    })
    const { options } = await createClient(Admin, transport).getConfig({})
    const shown = new Map(options.map(({ name, value, source }) => [name, [value, ConfigSource[source]]]))
    expect(shown.get('listen.idleTimeoutMs')).toEqual(['7000', 'CODE'])
    expect(shown.get('readMaxBytes')).toEqual(['4MiB', 'DEFAULT'])
    expect(shown.get('observers')).toEqual(['set by the program', 'CODE'])
    expect(shown.get('fastifyOptions.trustProxy')).toEqual(['127.0.0.1', 'CODE'])
  })
})

test.each(LANES)('on the %s lane no answer and no log line has a planted secret', async (lane) => {
  const { ca, server: certificate } = await testCertificates()
  const logged = new LogCapture()
  const { port } = await startRoutes({
    lane,
    routes,
    logger: logged.logger,
    middleware: [authenticate],
    listen: { tls: { ...certificate, passphrase: 'PLANTED-passphrase' } },
    admin: {
      authorize({ requestHeader }) {
        if (requestHeader.get('authorization') === 'Bearer PLANTED-token') return true
        throw new Error('PLANTED-reason')
      },
    },
  })
  const { transport, close } = openTransport({ ...GRPC, isSecure: true }, { port, ca })
  onTestFinished(close)
  const options = { headers: { authorization: 'Bearer PLANTED-token' } }
  const answers = await Promise.all([
    ...callsOf(transport, options),
    ...callsOf(transport, {}).map((call) => call.catch((error: unknown) => String(error))),
    createClient(Admin, transport).reload({}, options),
    createClient(Admin, transport).setLogLevel({ level: 'debug' }, options),
  ])
  const shown = JSON.stringify(answers, (_, value) => (typeof value === 'bigint' ? String(value) : value))
  expect(shown).toContain('listen.tls.passphrase')
  expect(shown).not.toContain('planted-secret')
  expect(shown).not.toContain('PRIVATE KEY')
  // The reason why the authorization failed is for the operator.
  expect(logged.text.replaceAll('PLANTED-reason', '')).not.toContain('planted-secret')
  expect(logged.text).not.toContain('PRIVATE KEY')
})

describe('the log level', () => {
  test('changes for the server and for the logger of the program, and Reload resets it', async () => {
    const logged = new LogCapture()
    logged.logger.level = 'warn'
    const { transport } = await open({ admin: true, logger: logged.logger })
    const client = createClient(Admin, transport)
    expect((await client.getLogLevel({})).logLevel).toMatchObject({ level: 'warn', configuredLevel: 'warn' })
    const set = await client.setLogLevel({ level: 'debug', revertAfter: durationFromMs(60_000) })
    expect(set.logLevel).toMatchObject({ level: 'debug', configuredLevel: 'warn' })
    expect(set.logLevel?.revertsAt && timestampDate(set.logLevel.revertsAt).getTime()).toBeGreaterThan(Date.now())
    logged.logger.debug('from the program')
    expect(logged.withMessage('from the program')).toHaveLength(1)
    expect((await client.reload({})).parts).toEqual([expect.objectContaining({ name: 'log level', isReloaded: true })])
    expect((await client.getLogLevel({})).logLevel?.level).toBe('warn')
    expect(logged.logger.level).toBe('warn')
  })

  test.each([
    ['an unknown level', { level: 'loud' }, 'level "loud": must be trace, debug, info, warn, error, fatal, silent'],
    ['no level', { level: '' }, 'level "": must be'],
    ['a short time', { level: 'debug', revertAfter: durationFromMs(10) }, 'revert_after must be from 1 s to 24 h'],
    [
      'a negative time',
      { level: 'debug', revertAfter: durationFromMs(-1_000) },
      'revert_after must be from 1 s to 24 h',
    ],
  ])('%s is INVALID_ARGUMENT and changes nothing', async (_, request, text) => {
    const logged = new LogCapture()
    const { transport } = await open({ admin: true, logger: logged.logger })
    const client = createClient(Admin, transport)
    const failure = await client.setLogLevel(request).catch((error: unknown) => ConnectError.from(error))
    expect(failure).toMatchObject({ code: Code.InvalidArgument })
    expect((failure as ConnectError).rawMessage).toContain(text)
    expect((await client.getLogLevel({})).logLevel?.level).toBe('debug')
  })

  test('a log line says who changed it', async () => {
    const logged = new LogCapture()
    const { transport } = await open({ admin: true, logger: logged.logger, middleware: [authenticate] })
    await createClient(Admin, transport).setLogLevel({ level: 'error' }, OPERATOR)
    expect(logged.withMessage('log level changes')).toEqual([
      expect.objectContaining({ level: 30, logLevel: 'error', caller: 'operator' }),
    ])
  })
})

test('Reload runs what SIGHUP runs, and reports each part', async () => {
  const app = await startRoutes({ routes, admin: true })
  const ran: string[] = []
  app.onReload('policy', () => void ran.push('policy'))
  app.onReload('broken', () => {
    throw new Error('not JSON')
  })
  const transport = createTransport({ baseUrl: app.origin })
  onTestFinished(() => transport.close())
  const { parts } = await createClient(Admin, transport).reload({})
  expect(parts.map(({ name, isReloaded }) => [name, isReloaded])).toEqual([
    ['log level', true],
    ['policy', true],
    ['broken', false],
  ])
  expect(ran).toEqual(['policy'])
  expect(await app.reload()).toBe(false)
})

test('node server --admin says so at start, and serves them', async () => {
  const { server, port } = await ServerProcess.listen(['--admin'])
  const line = server.lines.find(({ msg }) => msg === 'admin services are on')
  expect(line).toMatchObject({ callers: 'processes on this machine only' })
  const transport = createTransport({ target: `ipv4:127.0.0.1:${port}` })
  onTestFinished(() => transport.close())
  expect((await createClient(Admin, transport).getServer({})).processId).toBe(server.child.pid)
})

async function listServices(transport: Transport, options: object): Promise<string[]> {
  const answer = await ask(transport, { case: 'listServices', value: '' }, options)
  return answer.case === 'listServicesResponse' ? answer.value.service.map(({ name }) => name) : []
}

async function findFile(transport: Transport, symbol: string, options: object): Promise<string | undefined> {
  return (await ask(transport, { case: 'fileContainingSymbol', value: symbol }, options)).case
}

async function ask(
  transport: Transport,
  messageRequest: { case: 'listServices' | 'fileContainingSymbol'; value: string },
  options: object,
) {
  const requests = (async function* () {
    yield { messageRequest }
  })()
  for await (const answer of createClient(ServerReflection, transport).serverReflectionInfo(requests, options)) {
    return answer.messageResponse
  }
  throw new Error('no answer')
}
