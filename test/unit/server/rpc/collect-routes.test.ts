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
import { collectRoutes, joinRoutes } from '../../../../server/rpc/collect-routes.ts'

const pass: Interceptor = (next) => next
const others: Interceptor = (next) => (request) => next(request)

function mountedOptions(routes: (router: ConnectRouter) => void, defaults: object): unknown[] {
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

test('services and methods are those that were registered, each service once', () => {
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

test("a service's own interceptors come behind those of the router, and replace none", () => {
  const routes = (router: ConnectRouter) => router.service(GreeterService, {}, { interceptors: [others] })
  expect(mountedOptions((router) => void routes(router), { interceptors: [pass] })).toMatchObject([
    { interceptors: [pass, others] },
  ])
})

test('a protocol that the router disables stays disabled for a service with options of its own', () => {
  const routes = (router: ConnectRouter) => router.service(GreeterService, {}, { interceptors: [others] })
  const [merged] = mountedOptions((router) => void routes(router), {
    switches: { grpc: false, grpcWeb: true, connect: true },
  })
  expect(merged).toMatchObject({ grpc: false, grpcWeb: true, connect: true })
})

test("a service's own gate runs behind that of the router, and replaces none", async () => {
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
])("a service's own gate does not run where that of the router %s", async (_how, requestGate) => {
  const own = () => expect.fail('was asked')
  const routes = (router: ConnectRouter) => router.service(GreeterService, {}, { requestGate: own })
  const [merged] = mountedOptions((router) => void routes(router), { requestGate }) as [Partial<ConnectRouterOptions>]
  await expect(merged.requestGate?.({} as HandlerContext)).rejects.toThrow('refused')
})

test('a routes function that reads the handlers of its router finds those that it registered', () => {
  const seen: number[] = []
  collectRoutes((router) => {
    seen.push(router.handlers.length)
    router.rpc(GreeterService.method.sayHello, () => ({}))
    seen.push(router.handlers.length)
    router.service(GreeterService, {})
    seen.push(router.handlers.length)
  })
  expect(seen).toEqual([0, 1, 1 + GreeterService.methods.length])
})

test.each<[string, ConnectRouterOptions, string]>([
  ['every protocol off', { grpc: false, grpcWeb: false, connect: false }, 'all protocols are disabled'],
  ['a limit out of its range', { readMaxBytes: -1 }, 'readMaxBytes -1'],
])('options of a service that Connect refuses are refused at once: %s', (_name, options, message) => {
  expect(() => collectRoutes((router) => router.service(GreeterService, {}, options))).toThrow(message)
  expect(() => collectRoutes((router) => router.rpc(GreeterService.method.sayHello, () => ({}), options))).toThrow(
    message,
  )
})

test('joined routes are those of all, in their order', () => {
  const joined = joinRoutes(
    collectRoutes((router) => router.rpc(GreeterService.method.publish, () => ({ sequence: 1n }))),
    collectRoutes((router) => router.service(Health, {})),
  )
  expect(joined.services).toEqual([GreeterService, Health])
  const router = createConnectRouter()
  joined.mount(router, {})
  expect(router.handlers.map(({ requestPath }) => requestPath)).toEqual([...joined.methods.keys()])
})

test('an app reads each implementation once, for the handlers that serve it', async () => {
  const read: string[] = []
  const implementation = new Proxy({}, { get: (_target, name) => void read.push(String(name)) })
  const { fastify } = await createApp({ routes: (router) => router.service(GreeterService, implementation) })
  await fastify.close()
  expect(read).toEqual(GreeterService.methods.map(({ localName }) => localName))
})
