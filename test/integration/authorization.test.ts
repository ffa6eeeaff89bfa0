/** AU-4 to AU-7: policies decide on calls over every protocol, before the body is read, on both lanes. */
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { Code, type ConnectRouter, createClient } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { Health } from '../../gen/health/v1/health_pb.js'
import { createApp } from '../../server/app.ts'
import { type AuthorizeOptions, authorize } from '../../server/auth/authorize.ts'
import type { AuditEvent } from '../../server/auth/policy/audit-trail.ts'
import type { AuthorizationPolicy, PolicyRule } from '../../server/auth/policy/authorization-policy.ts'
import { onePort } from '../../server/listen/one-port.ts'
import { select } from '../../server/middleware/select.ts'
import { nodeHandler } from '../../server/node-handler.ts'
import { portico } from '../../server/plugin.ts'
import { principalKey } from '../../server/rpc/context-keys.ts'
import { LANES, type Lane } from '../../server/rpc/lane.ts'
import type { Middleware } from '../../server/rpc/middleware.ts'
import { FrameFlag as F, FrameType as T } from '../../wire/http2/frame.ts'
import { callHeaders, endOf, SAY_HELLO, sayHello } from '../support/calls.ts'
import { type KeyedCertificate, testCertificates } from '../support/certificates.ts'
import { collect } from '../support/collect.ts'
import { startFastify, startRoutes } from '../support/demo-server.ts'
import { exchangeHttp1, exchangeHttp2 } from '../support/exchange.ts'
import { listenRaw } from '../support/listen-raw.ts'
import { LogCapture } from '../support/log-capture.ts'
import { LOOK_ALIKES } from '../support/look-alike-paths.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MATRIX, type MatrixRow, openTransport } from '../support/matrix.ts'
import { callFields, HELLO_BODY, openCall, openRawCaller } from '../support/raw-caller.ts'
import { frame, headers } from '../support/raw-http2.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const PROTO = MATRIX.filter(({ format }) => format === 'proto')
const SECURE = PROTO.filter(({ isSecure }) => isSecure)
const CLEARTEXT = PROTO.filter(({ isSecure }) => !isSecure)
const [ROW] = CLEARTEXT as [MatrixRow]

const { ca, server, client: subjectOnly, signClient } = await testCertificates()
const shop = await signClient({ type: 6, value: 'spiffe://example.org/ns/shop/sa/web' })
const other = await signClient({ type: 6, value: 'spiffe://example.org/ns/other/sa/web' })

const ALLOW_ALL = { name: 'all' }
const DENIED = { code: Code.PermissionDenied, rawMessage: 'the caller may not call this method' }

function allowing(...allow_rules: readonly PolicyRule[]): AuthorizationPolicy {
  return { name: 'authz', allow_rules }
}

function temporaryPolicy(policy: AuthorizationPolicy): Promise<string> {
  return temporaryFile('policy.json', JSON.stringify(policy))
}

interface StartInit extends Partial<AuthorizeOptions> {
  readonly lane?: Lane
  readonly isSecure?: boolean
  /** Stand before `authorize`. */
  readonly before?: readonly Middleware[]
}

/** A server that notes which handlers ran. */
async function start({ lane = 'native', isSecure = false, before = [], ...options }: StartInit) {
  const ran: string[] = []
  const log = new LogCapture()
  const routes = (router: ConnectRouter) =>
    router.service(GreeterService, {
      sayHello() {
        ran.push('sayHello')
        return { message: 'Hello' }
      },
      async *getStream() {
        ran.push('getStream')
        yield { data: 'one' }
      },
    })
  const app = await startRoutes({
    lane,
    routes: (router) => void routes(router),
    middleware: [...before, authorize(options)],
    logger: log.logger,
    ...(isSecure && { listen: { tls: { ...server, ca } } }),
  })
  return { ...app, ran, log }
}

function clientOf(row: MatrixRow, port: number, client?: KeyedCertificate) {
  const { transport, close } = openTransport(row, { port, ca, ...(client && { client }) })
  onTestFinished(close)
  const greeter = createClient(GreeterService, transport)
  return {
    hello: (init: Record<string, string> = {}) => greeter.sayHello({}, { headers: init }),
    stream: (init: Record<string, string> = {}) => collect(greeter.getStream({}, { headers: init })),
    check: createClient(Health, transport).check,
  }
}

describe.each(LANES.flatMap((lane) => SECURE.map((row) => [lane, row.name, row] as const)))(
  'AU-4, on the %s lane, by %s',
  (lane, _name, row) => {
    const policy = allowing({ name: 'shop', source: { principals: ['spiffe://example.org/ns/shop/*'] } })

    test('the principal in a client certificate is allowed, another is denied', async () => {
      const { port, ran } = await start({ lane, isSecure: true, policy })
      const allowed = clientOf(row, port, shop)
      await allowed.hello()
      expect(await allowed.stream()).toHaveLength(1)
      expect(ran.splice(0)).toEqual(['sayHello', 'getStream'])
      for (const certificate of [other, subjectOnly]) {
        const denied = clientOf(row, port, certificate)
        await expect(denied.hello()).rejects.toMatchObject(DENIED)
        await expect(denied.stream()).rejects.toMatchObject(DENIED)
      }
      expect(ran).toEqual([])
    })
  },
)

describe.each(LANES.flatMap((lane) => CLEARTEXT.map((row) => [lane, row.name, row] as const)))(
  'on the %s lane, by %s',
  (lane, _name, row) => {
    test('deny rules come first, and what no rule allows is denied', async () => {
      const { port, ran } = await start({
        lane,
        policy: {
          name: 'authz',
          deny_rules: [{ name: 'blocked', request: { headers: [{ key: 'X-Tenant', values: ['evil*', 'a,b'] }] } }],
          allow_rules: [{ name: 'hello', request: { paths: ['*/SayHello'] } }],
        },
      })
      const { hello, stream } = clientOf(row, port)
      await hello()
      await hello({ 'x-tenant': 'good' })
      await expect(hello({ 'x-tenant': 'evil-1' })).rejects.toMatchObject(DENIED)
      await expect(hello({ 'x-tenant': 'a, b' })).rejects.toMatchObject(DENIED)
      await expect(stream()).rejects.toMatchObject(DENIED)
      expect(ran).toEqual(['sayHello', 'sayHello'])
    })

    test('without TLS no principal matches', async () => {
      const { port, ran } = await start({
        lane,
        policy: allowing({ name: 'any', source: { principals: ['*', ''] } }),
      })
      await expect(clientOf(row, port).hello()).rejects.toMatchObject(DENIED)
      expect(ran).toEqual([])
    })
  },
)

describe.each(LANES)('on the %s lane', (lane) => {
  test('TLS without a client certificate is the empty principal', async () => {
    const policy = allowing({ name: 'anonymous', source: { principals: [''] } })
    const app = await startRoutes({
      lane,
      routes: (router) => void router.service(GreeterService, { sayHello: () => ({}) }),
      middleware: [authorize({ policy })],
      listen: { tls: server },
    })
    const [row] = SECURE as [MatrixRow]
    await clientOf(row, app.port).hello()
  })

  test('principals may be callers that other middleware has authenticated', async () => {
    const authenticate: Middleware = {
      name: 'authenticate',
      requestGate({ requestHeader, values }) {
        const name = requestHeader.get('x-user')
        if (name !== null) values.set(principalKey, { name, scheme: 'test', scopes: [], claims: {} })
      },
    }
    const policy = allowing(
      { name: 'admins', source: { principals: ['admin-*'] } },
      { name: 'anonymous', source: { principals: [''] }, request: { paths: ['*/GetStream'] } },
    )
    const { port } = await start({ lane, before: [authenticate], principals: 'caller', policy })
    const { hello, stream } = clientOf(ROW, port)
    await hello({ 'x-user': 'admin-1' })
    await expect(hello({ 'x-user': 'alice' })).rejects.toMatchObject(DENIED)
    await expect(hello()).rejects.toMatchObject(DENIED)
    await stream()
    await expect(stream({ 'x-user': 'alice' })).rejects.toMatchObject(DENIED)
  })

  test('a policy for callers that stands before authentication ends the start', async () => {
    const authorization = authorize({ principals: 'caller', policy: allowing(ALLOW_ALL) })
    const authentication: Middleware = { name: 'authenticate', requestGate() {} }
    for (const inner of [authentication, select({ method: 'SayHello' }, authentication)]) {
      const routes = (router: ConnectRouter) => void router.service(GreeterService, {})
      await expect(startRoutes({ lane, routes, middleware: [authorization, inner] })).rejects.toThrow(
        'authorize by caller stands before authenticate: list it after',
      )
    }
  })

  test('a policy decides on health too', async () => {
    const hello = { name: 'hello', request: { paths: ['/greeter.v1.GreeterService/*'] } }
    const health = { name: 'health', request: { paths: ['/grpc.health.v1.Health/*'] } }
    const { check } = clientOf(ROW, (await start({ lane, policy: allowing(hello) })).port)
    await expect(check({})).rejects.toMatchObject(DENIED)
    const exempt = clientOf(ROW, (await start({ lane, policy: allowing(hello, health) })).port)
    await exempt.check({})
  })

  test('AU-6: a changed policy file is used on reload, and a bad one is not', async () => {
    const policyFile = await temporaryPolicy(allowing(ALLOW_ALL))
    const { port, reload, log } = await start({ lane, policyFile })
    const { hello } = clientOf(ROW, port)
    await hello()
    await writeFile(policyFile, JSON.stringify(allowing({ name: 'none', request: { paths: ['/a.B/C'] } })))
    expect(await reload()).toBe(true)
    await expect(hello()).rejects.toMatchObject(DENIED)
    await writeFile(policyFile, '{"name": "planted-secret-policy"}')
    expect(await reload()).toBe(false)
    expect(await reload()).toBe(false)
    await expect(hello()).rejects.toMatchObject(DENIED)
    const errors = log.withMessage('authorization policy not read: keeping the last one')
    expect(errors).toMatchObject([
      { file: policyFile, err: { message: 'invalid authorization policy: allow_rules is missing' } },
    ])
    await writeFile(policyFile, JSON.stringify(allowing(ALLOW_ALL)))
    expect(await reload()).toBe(true)
    await hello()
    expect(log.text).not.toContain('planted-secret-policy')
  })

  test('AU-7: the log of the server has audit events, and loggers that throw harm no call', async () => {
    const events: AuditEvent[] = []
    const audit_loggers = ['broken', 'memory', 'stdout_logger'].map((name) => ({ name }))
    const { port, log } = await start({
      lane,
      policy: {
        ...allowing({ name: 'hello', request: { paths: [SAY_HELLO] } }),
        audit_logging_options: { audit_condition: 'ON_DENY_AND_ALLOW', audit_loggers },
      },
      auditLoggers: {
        broken: () => () => {
          throw new Error('the audit store is down')
        },
        memory: () => (event) => void events.push(event),
      },
    })
    const { hello, stream } = clientOf(ROW, port)
    await hello()
    await expect(stream()).rejects.toMatchObject(DENIED)
    const common = { principal: '', policy_name: 'authz' }
    const expected = [
      { ...common, rpc_method: SAY_HELLO, matched_rule: 'authz_hello', authorized: true },
      { ...common, rpc_method: '/greeter.v1.GreeterService/GetStream', matched_rule: '', authorized: false },
    ]
    expect(events).toEqual(expected)
    expect(log.withMessage('authorization decision')).toMatchObject(
      expected.map((grpc_audit_log) => ({ grpc_audit_log })),
    )
    expect(log.withMessage('audit logger failed')).toMatchObject([{ logger: 'broken' }, { logger: 'broken' }])
  })

  test('look-alike paths of a denied method reach no handler', async () => {
    const { port, ran } = await start({
      lane,
      policy: { ...allowing(ALLOW_ALL), deny_rules: [{ name: 'hello', request: { paths: [SAY_HELLO] } }] },
    })
    const peer = await openRawCaller(port)
    const paths = [SAY_HELLO, `${SAY_HELLO}?a=b`, 'greeter.v1.GreeterService/SayHello', ...LOOK_ALIKES]
    for (const [n, path] of paths.entries()) {
      const id = 2 * n + 1
      peer.raw(headers(id, callFields(path)), frame(T.DATA, F.END_STREAM, id, HELLO_BODY))
      await peer.frame(({ type, streamId }) => streamId === id && (type === T.HEADERS || type === T.RST_STREAM))
    }
    for (const path of [SAY_HELLO, `${SAY_HELLO}?a=b`, `http://localhost${SAY_HELLO}`]) {
      const raw = await RawSocket.open({ port })
      const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`
      raw.write(Buffer.from(`${head}Connection: close\r\nContent-Length: 2\r\n\r\n{}`, 'latin1'))
      await raw.closed
      expect(raw.text).toMatch(/^HTTP\/1.1 40[034] /)
    }
    expect(ran).toEqual([])
  })

  test('a call is denied before its body arrives', async () => {
    const { port } = await start({ lane, policy: allowing({ name: 'none', request: { paths: ['/a.B/C'] } }) })
    const peer = await openRawCaller(port)
    peer.raw(openCall(1))
    const { flags } = await peer.frame(({ type, streamId }) => type === T.HEADERS && streamId === 1)
    if (lane === 'native') expect(flags & F.END_STREAM).toBe(F.END_STREAM)
  })
})

test('calls whose routes have hooks of Fastify are decided on too', async () => {
  const app = fastify(onePort({ drainTimeoutMs: 0 }))
  app.addHook('onRequest', async () => {})
  const ran: string[] = []
  await app.register(portico, {
    routes: (router) =>
      void router.service(GreeterService, {
        sayHello() {
          ran.push('sayHello')
          return {}
        },
      }),
    middleware: [authorize({ policy: allowing({ name: 'ada', request: { headers: [{ key: 'x', values: ['1'] }] } }) })],
  })
  const { origin } = await startFastify(app)
  for (const [exchange, protocol] of [
    [exchangeHttp2, 'grpc'],
    [exchangeHttp1, 'grpc-web'],
    [exchangeHttp1, 'connect'],
  ] as const) {
    const call = sayHello(protocol)
    expect(endOf(protocol, await exchange(origin, call)).code).toMatch(/^(permission_denied|grpc-status 7)$/)
    const allowed = { ...call, headers: { ...callHeaders(protocol), x: '1' } }
    expect(endOf(protocol, await exchange(origin, allowed)).code).toBe('ok')
  }
  expect(ran).toHaveLength(3)
})

test('a handler for Node decides by policy too', async () => {
  const policyFile = await temporaryPolicy(allowing({ name: 'none', request: { paths: ['/a.B/C'] } }))
  const handler = nodeHandler({
    routes: (router) => void router.service(GreeterService, { sayHello: () => ({}) }),
    middleware: [authorize({ policyFile, refreshMs: 0 })],
  })
  const port = await listenRaw(createServer(handler))
  const codes = new Set<string>()
  const call = async () => {
    const { code } = endOf('connect', await exchangeHttp1(`http://127.0.0.1:${port}`, sayHello('connect')))
    codes.add(code)
    return code
  }
  await expect.poll(call).toBe('permission_denied')
  // The file is loaded while the handler is in use already; until then nothing is allowed.
  codes.delete('unavailable')
  expect([...codes]).toEqual(['permission_denied'])
})

test('AU-6: a policy file is read at intervals', async () => {
  const policyFile = await temporaryPolicy(allowing(ALLOW_ALL))
  const clock = new ManualClock()
  const { port } = await startRoutes({
    routes: (router) => void router.service(GreeterService, { sayHello: () => ({}) }),
    middleware: [authorize({ policyFile }, clock)],
  })
  const { hello } = clientOf(ROW, port)
  await hello()
  await writeFile(policyFile, JSON.stringify(allowing({ name: 'none', request: { paths: ['/a.B/C'] } })))
  clock.advance(9_999)
  await hello()
  clock.advance(1)
  await vi.waitFor(() => expect(hello()).rejects.toMatchObject(DENIED))
})

test('the start fails if the policy file is not valid', async () => {
  const policyFile = await temporaryPolicy({ name: 'authz', allow_rules: [] })
  const started = createApp({ routes: () => {}, middleware: [authorize({ policyFile })], logger: false })
  await expect(started).rejects.toThrow(`${policyFile}: invalid authorization policy: allow_rules is empty`)
})

test('the log names the policy, and the rules that match no method', async () => {
  const policy = allowing(ALLOW_ALL, { name: 'typo', request: { paths: ['/greeter.v1.Greeter/SayHello'] } })
  const { log } = await start({ policy })
  expect(log.withMessage('authorization policy in use')).toMatchObject([
    { policy: 'authz', denyRules: 0, allowRules: 2, default: 'deny' },
  ])
  expect(log.withMessage('authorization rules match no method of this server')).toMatchObject([
    { rules: ['authz_typo'] },
  ])
})

test.each<[AuthorizeOptions, string]>([
  [{}, 'authorize: give either policy or policyFile'],
  [{ policy: allowing(ALLOW_ALL), policyFile: 'a' }, 'authorize: give either policy or policyFile'],
  [{ policyFile: 'a', refreshMs: 50 }, 'authorize: refreshMs is 50: it must be 0, or from 100 to 86400000'],
  [{ policyFile: 'a', refreshMs: Number.NaN }, 'authorize: refreshMs is NaN'],
  [{ policy: allowing() }, 'invalid authorization policy: allow_rules is empty'],
  [{ policyFile: 'a', principals: 'subject' as 'caller' }, 'authorize: principals is "subject"'],
  [{ polcy: {} } as AuthorizeOptions, 'authorize: polcy is unknown: did you mean policy?'],
])('options %j are not valid', (options, fault) => {
  expect(() => authorize(options)).toThrow(fault)
})
