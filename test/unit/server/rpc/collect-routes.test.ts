import { setImmediate } from 'node:timers/promises'
import {
  type ConnectRouter,
  type ConnectRouterOptions,
  createConnectRouter,
  type HandlerContext,
  type Interceptor,
} from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { Health } from '../../../../gen/health/v1/health_pb.js'
import { createApp } from '../../../../server/app.ts'
import { collectRoutes, joinRoutes, typeRegistryOf } from '../../../../server/rpc/collect-routes.ts'
import type { PorticoRouter, ServiceOptions } from '../../../../server/rpc/service-options.ts'
import { brotli } from '../../../../wire/compression/compression.ts'

const pass: Interceptor = (next) => next
const others: Interceptor = (next) => (request) => next(request)

const outer: Interceptor = (next) => (request) => next(request)

function mountedOptions(routes: (router: PorticoRouter) => void, defaults: object): unknown[] {
  const seen: unknown[] = []
  const router = createConnectRouter()
  const spy: ConnectRouter = {
    ...router,
    service(_service, _implementation, options) {
      seen.push(options)
      return spy
    },
  }
  collectRoutes(routes).mount(spy, defaults)
  return seen
}

test('services and methods are those registered, each service once', () => {
  const { services, methods } = collectRoutes((router) => {
    router.rpc(GreeterService.method.sayHello, () => ({}))
    router.rpc(GreeterService.method.publish, () => ({}))
  })
  expect(services).toEqual([GreeterService])
  const { sayHello, publish } = GreeterService.method
  expect([...methods]).toEqual([
    ['/greeter.v1.GreeterService/SayHello', sayHello],
    ['/greeter.v1.GreeterService/Publish', publish],
  ])
})

test("a service's own interceptors run after those of the router, and replace none", () => {
  const routes = (router: ConnectRouter) => router.service(GreeterService, {}, { interceptors: [others] })
  expect(mountedOptions((router) => void routes(router), { interceptors: [pass] })).toMatchObject([
    { interceptors: [pass, others] },
  ])
})

test('a protocol disabled by the router stays disabled for a service with its own options', () => {
  const routes = (router: ConnectRouter) => router.service(GreeterService, {}, { interceptors: [others] })
  const [merged] = mountedOptions((router) => void routes(router), {
    switches: { grpc: false, grpcWeb: true, connect: true },
  })
  expect(merged).toMatchObject({ grpc: false, grpcWeb: true, connect: true })
})

test("a service's own gate runs after that of the router, and replaces none", async () => {
  const passed: string[] = []
  const routes = (router: ConnectRouter) =>
    router.service(GreeterService, {}, { requestGate: () => void passed.push('service') })
  const defaults = {
    requestGate: async () => {
      await setImmediate()
      passed.push('router')
    },
  }
  const [merged] = mountedOptions((router) => void routes(router), defaults) as [Partial<ConnectRouterOptions>]
  await merged.requestGate?.({} as HandlerContext)
  expect(passed).toEqual(['router', 'service'])
})

test.each([
  ['throws', () => expect.fail('refused')],
  ['rejects', async () => expect.fail('refused')],
])("a service's own gate does not run if that of the router %s", async (_how, requestGate) => {
  const own = () => expect.fail('was asked')
  const routes = (router: ConnectRouter) => router.service(GreeterService, {}, { requestGate: own })
  const [merged] = mountedOptions((router) => void routes(router), { requestGate }) as [Partial<ConnectRouterOptions>]
  await expect(async () => merged.requestGate?.({} as HandlerContext)).rejects.toThrow('refused')
})

test('a routes function that reads router.handlers finds those it registered', () => {
  const seen: number[] = []
  collectRoutes((router) => {
    seen.push(router.handlers.length)
    router.rpc(GreeterService.method.sayHello, () => ({}))
    seen.push(router.handlers.length)
    router.service(Health, {})
    seen.push(router.handlers.length)
  })
  expect(seen).toEqual([0, 1, 1 + Health.methods.length])
})

test.each<[string, ConnectRouterOptions, string]>([
  ['every protocol off', { grpc: false, grpcWeb: false, connect: false }, 'all protocols are disabled'],
  ['a limit out of its range', { readMaxBytes: -1 }, 'readMaxBytes -1'],
])('service options that Connect rejects are rejected at startup: %s', (_name, options, message) => {
  expect(() => collectRoutes((router) => router.service(GreeterService, {}, options))).toThrow(message)
  expect(() => collectRoutes((router) => router.rpc(GreeterService.method.sayHello, () => ({}), options))).toThrow(
    message,
  )
})

test('joined routes contain all, in order', () => {
  const joined = joinRoutes(
    collectRoutes((router) => router.rpc(GreeterService.method.publish, () => ({ sequence: 1n }))),
    collectRoutes((router) => router.service(Health, {})),
  )
  expect(joined.services).toEqual([GreeterService, Health])
  const router = createConnectRouter()
  joined.mount(router, {})
  expect(router.handlers.map(({ requestPath }) => requestPath)).toEqual([...joined.methods.keys()])
})

test('an app reads each implementation once', async () => {
  const read: string[] = []
  const implementation = new Proxy({}, { get: (_target, name) => void read.push(String(name)) })
  const { fastify } = await createApp({ routes: (router) => router.service(GreeterService, implementation) })
  await fastify.close()
  expect(read).toEqual(GreeterService.methods.map(({ localName }) => localName))
})

test("a service's own interceptors replace those of the router on request, but not those of the lane", () => {
  const routes = (router: PorticoRouter) =>
    void router.service(GreeterService, {}, { interceptors: [others], replaceInterceptors: true })
  const [merged] = mountedOptions(routes, { interceptors: [pass], outerInterceptors: [outer] })
  expect(merged).toEqual({ interceptors: [outer, others] })
  const none = (router: PorticoRouter) =>
    void router.service(GreeterService, {}, { interceptors: [], replaceInterceptors: true })
  expect(mountedOptions(none, { interceptors: [pass] })).toEqual([{ interceptors: [] }])
})

test.each<[object, string]>([
  [{ interceptor: [] }, 'interceptor is unknown: did you mean interceptors?'],
  [{ maxReceiveBytes: 1 }, 'maxReceiveBytes is unknown: use readMaxBytes'],
  [{ contextValues: () => {} }, 'contextValues is unknown: an option of portico'],
  [{ jsonOptions: { registri: 1 } }, 'jsonOptions.registri is unknown: did you mean jsonOptions.registry?'],
  [{ grpc: 'off' }, 'grpc is a string, and must be a boolean'],
  [{ replaceInterceptors: true }, 'replaceInterceptors needs interceptors, [] for none'],
])('rejects an unknown service option: %j', (options, fault) => {
  const switches = { grpc: true, ownRpc: true }
  const error = new RangeError(`the options of greeter.v1.GreeterService: ${fault}`)
  expect(() => mountedOptions((router) => void router.service(GreeterService, {}, options), { switches })).toThrow(
    error,
  )
})

test('a service option can disable a custom protocol', () => {
  const routes = (router: PorticoRouter) => void router.service(GreeterService, {}, { ownRpc: false } as ServiceOptions)
  expect(mountedOptions(routes, { switches: { ownRpc: true } })).toMatchObject([{ ownRpc: false }])
})

test('a service may name its compressions', () => {
  const routes = (router: PorticoRouter) => void router.service(GreeterService, {}, { acceptCompression: ['br'] })
  expect(mountedOptions(routes, {})).toMatchObject([{ acceptCompression: [brotli] }])
})

test.each<[string, (router: PorticoRouter) => void, string]>([
  ['a service', (router) => router.service(Health, {}).service(Health, {}), 'grpc.health.v1.Health'],
  [
    'a method',
    (router) => router.rpc(Health.method.check, () => ({})).rpc(Health.method.check, () => ({})),
    'grpc.health.v1.Health',
  ],
  [
    'a service and one of its methods',
    (router) => router.service(GreeterService, {}).rpc(GreeterService.method.publish, () => ({})),
    'greeter.v1.GreeterService is registered twice (its method Publish)',
  ],
])('rejects %s registered twice, by name', (_what, routes, name) => {
  expect(() => collectRoutes(routes)).toThrow(RangeError)
  expect(() => collectRoutes(routes)).toThrow(`portico: ${name}`)
})

test('knows the types of the services, of their files and of imported files', () => {
  const registry = typeRegistryOf([GreeterService, Health])
  const names = [
    'greeter.v1.SayHelloRequest',
    'greeter.v1.GetStreamResponse',
    'google.protobuf.Timestamp',
    'grpc.health.v1.HealthCheckResponse',
  ]
  for (const name of names) expect(registry.getMessage(name)?.typeName).toBe(name)
  expect(registry.getEnum('grpc.health.v1.HealthCheckResponse.ServingStatus')).toBeDefined()
})

test('knows no other types', () => {
  const registry = typeRegistryOf([Health])
  expect(registry.getMessage('greeter.v1.SayHelloRequest')).toBeUndefined()
  expect(registry.getMessage('google.protobuf.Timestamp')).toBeUndefined()
  expect([...typeRegistryOf([])]).toEqual([])
})
