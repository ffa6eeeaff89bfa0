/** Requirements that protos state with portico/options/v1/options.proto hold without any rule in code. */
import {
  clone,
  create,
  createFileRegistry,
  type DescFile,
  type DescService,
  fromBinary,
  type MessageInitShape,
  setExtension,
  toBinary,
} from '@bufbuild/protobuf'
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  MethodOptionsSchema,
  ServiceOptionsSchema,
} from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import {
  Auth_Requirement,
  type AuthSchema,
  MethodRulesSchema,
  method as methodOption,
  ServiceRulesSchema,
  service as serviceOption,
} from '../../gen/portico/options/v1/options_pb.js'
import { authenticate } from '../../server/auth/authenticate.ts'
import type { AuthenticateOptions } from '../../server/auth/authenticate-options.ts'
import { apiKeys, hashApiKey } from '../../server/auth/schemes/api-keys.ts'
import { LANES } from '../../server/rpc/lane.ts'
import type { Middleware } from '../../server/rpc/middleware.ts'
import { startRoutes } from '../support/demo-server.ts'
import { LogCapture } from '../support/log-capture.ts'
import { MATRIX, openTransport } from '../support/matrix.ts'

type Auth = MessageInitShape<typeof AuthSchema>

interface Stated {
  readonly service?: Auth
  readonly methods?: Readonly<Record<string, Auth>>
}

const { REQUIRED, OPTIONAL, NONE } = Auth_Requirement

const ROWS = MATRIX.filter(({ format, isSecure }) => format === 'proto' && !isSecure)
const CASES = LANES.flatMap((lane) => ROWS.map((row) => ({ lane, row, by: row.name })))

/** Returns the greeter as if its proto stated these options. They pass through the wire format, as those of generated code do. */
function greeterWith({ service, methods = {} }: Stated): typeof GreeterService {
  const file = clone(FileDescriptorProtoSchema, GreeterService.file.proto)
  const [greeter] = file.service
  if (greeter === undefined) throw new Error('the file has no service')
  if (service !== undefined) {
    greeter.options ??= create(ServiceOptionsSchema)
    setExtension(greeter.options, serviceOption, create(ServiceRulesSchema, { auth: service }))
  }
  for (const method of greeter.method.filter(({ name }) => methods[name] !== undefined)) {
    method.options ??= create(MethodOptionsSchema)
    setExtension(method.options, methodOption, create(MethodRulesSchema, { auth: methods[method.name] as Auth }))
  }
  return serviceOf(fromBinary(FileDescriptorProtoSchema, toBinary(FileDescriptorProtoSchema, file)))
}

function serviceOf(file: FileDescriptorProto): typeof GreeterService {
  const known = new Map<string, FileDescriptorProto>()
  const add = ({ proto, dependencies }: DescFile) => {
    known.set(proto.name, proto)
    for (const each of dependencies) add(each)
  }
  for (const each of GreeterService.file.dependencies) add(each)
  const registry = createFileRegistry(file, (name) => known.get(name))
  return registry.getService(GreeterService.typeName) as DescService as typeof GreeterService
}

interface StartInit extends Partial<AuthenticateOptions> {
  readonly lane?: 'native' | 'reference'
  readonly row?: (typeof ROWS)[number]
}

/** Returns what a call of each method ends with: without a key, with that of a reader, with that of a writer. */
async function outcomes(stated: Stated, { lane = 'native', row = ROWS[0], ...options }: StartInit = {}) {
  const greeter = greeterWith(stated)
  const keys = [
    { name: 'reader', hash: hashApiKey('reader') },
    { name: 'writer', hash: hashApiKey('writer'), scopes: ['hello:write', 'hello:read'] },
  ]
  const log = new LogCapture()
  const { port } = await startRoutes({
    lane,
    logger: log.logger,
    routes: (router) => router.service(greeter, { sayHello: () => ({}), publish: () => ({}) }),
    middleware: [authenticate({ schemes: [apiKeys({ keys }), { name: 'own', authenticate: () => null }], ...options })],
  })
  const { transport, close } = openTransport(row as (typeof ROWS)[number], { port, ca: '' })
  onTestFinished(close)
  const client = createClient(GreeterService, transport)
  const end = (call: Promise<unknown>) =>
    call.then(
      () => 'ok',
      (error) => Code[ConnectError.from(error).code],
    )
  const found: Record<string, unknown[]> = { sayHello: [], publish: [] }
  for (const key of ['', 'reader', 'writer']) {
    const headers: Record<string, string> = key === '' ? {} : { 'x-api-key': key }
    found.sayHello?.push(await end(client.sayHello({}, { headers })))
    found.publish?.push(await end(client.publish({}, { headers })))
  }
  const [line] = log.withMessage('authentication is on')
  return { ...found, counts: line?.methods }
}

const PASSES_ALL = ['ok', 'ok', 'ok']
const NEEDS_KEY = ['Unauthenticated', 'ok', 'ok']
const NEEDS_SCOPE = ['Unauthenticated', 'PermissionDenied', 'ok']

test.each(CASES)('a method states its own on the $lane lane, by $by', async ({ lane, row }) => {
  const stated = { service: { requirement: NONE }, methods: { Publish: { scopes: ['hello:read', 'hello:write'] } } }
  expect(await outcomes(stated, { lane, row })).toMatchObject({ sayHello: PASSES_ALL, publish: NEEDS_SCOPE })
})

describe('what protos state', () => {
  test('for a service holds for its methods, over the default', async () => {
    const found = await outcomes({ service: { requirement: REQUIRED } }, { default: 'none' })
    expect(found).toMatchObject({ sayHello: NEEDS_KEY, publish: NEEDS_KEY, counts: { required: 5 } })
  })

  test('for a method replaces what the service states', async () => {
    const stated = { service: { scopes: ['hello:write'] }, methods: { SayHello: { requirement: OPTIONAL } } }
    expect(await outcomes(stated)).toMatchObject({ sayHello: PASSES_ALL, publish: NEEDS_SCOPE })
  })

  test('names the schemes', async () => {
    const stated = { methods: { SayHello: { schemes: ['own'] }, Publish: { schemes: ['own', 'apiKey'] } } }
    expect(await outcomes(stated)).toMatchObject({ sayHello: Array(3).fill('Unauthenticated'), publish: NEEDS_KEY })
  })

  test('gives way to a rule in code that is as specific, and not to one for the service', async () => {
    const methods = { SayHello: { requirement: NONE }, Publish: { requirement: REQUIRED } }
    const rules = { 'greeter.v1.GreeterService': 'none', 'greeter.v1.GreeterService/SayHello': 'required' } as const
    expect(await outcomes({ methods }, { rules })).toMatchObject({ sayHello: NEEDS_KEY, publish: NEEDS_KEY })
  })

  test('with a number of a later version is as strict as required', async () => {
    const methods = { SayHello: { requirement: 99 as Auth_Requirement } }
    expect(await outcomes({ methods }, { default: 'none' })).toMatchObject({ sayHello: NEEDS_KEY, publish: PASSES_ALL })
  })

  test.each<[string, Auth, string]>([
    ['a scheme that the server lacks', { schemes: ['oauth'] }, 'accepts "oauth", which is not among the schemes'],
    ['scopes of nobody', { requirement: NONE, scopes: ['a'] }, 'demands scopes, so its requirement must be "required"'],
    ['a scope of two words', { scopes: ['a b'] }, 'demands the scope "a b": scopes are words of printable ASCII'],
  ])('ends the start if it names %s', async (_what, auth, text) => {
    await expect(outcomes({ methods: { SayHello: auth } })).rejects.toThrow(
      `greeter.v1.GreeterService/SayHello ${text}`,
    )
  })
})

test.each<[string, Stated, readonly Middleware[], readonly string[]]>([
  ['a method', { methods: { SayHello: { requirement: REQUIRED } } }, [], ['greeter.v1.GreeterService/SayHello']],
  ['nothing', {}, [], []],
  [
    'a method, with authentication',
    { methods: { SayHello: {} } },
    [authenticate({ schemes: [apiKeys({ keys: [] })] })],
    [],
  ],
])('a server warns if nothing enforces what its protos state for %s', async (_what, stated, middleware, methods) => {
  const log = new LogCapture()
  const greeter = greeterWith(stated)
  await startRoutes({ logger: log.logger, middleware, routes: (router) => router.service(greeter, {}) })
  const warnings = log.lines.filter(({ msg }) => String(msg).startsWith('protos state who may call'))
  expect(warnings.flatMap((line) => line.methods)).toEqual(methods)
})
