/** Several plugins on one server: what they share, and what is rejected. */
import { create, createRegistry, type DescService, fromBinary } from '@bufbuild/protobuf'
import { anyPack, anyUnpack, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { createClient, type Interceptor } from '@connectrpc/connect'
import { type FastifyInstance, fastify } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { Greeter } from '../../gen/compat/greeter_pb.js'
import { GreeterService, SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js'
import { Health } from '../../gen/health/v1/health_pb.js'
import { createApp } from '../../server/app.ts'
import { onePort } from '../../server/listen/one-port.ts'
import { nodeHandler } from '../../server/node-handler.ts'
import { portico } from '../../server/plugin.ts'
import type { PorticoOptions } from '../../server/plugin-options.ts'
import type { PorticoRouter } from '../../server/rpc/service-options.ts'
import { HealthStatus } from '../../server/services/health/health-status.ts'
import { ConformanceService } from '../gen/connectrpc/conformance/v1/service_pb.js'
import { collect } from '../support/collect.ts'
import { startFastify } from '../support/demo-server.ts'

const LANES = ['native', 'reference'] as const
const greeter = (router: PorticoRouter) =>
  void router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) })
const compat = (router: PorticoRouter) => void router.service(Greeter, {})

describe.each(LANES)('plugins of one port, on the %s lane', (lane) => {
  test('share one reflection service that covers all of them', async () => {
    const app = fastify(onePort())
    await app.register(portico, { routes: greeter, reflection: true, lane })
    await app.register(portico, { routes: compat, reflection: true, lane })
    await app.register(portico, { routes: () => {}, health: new HealthStatus(), lane })
    const { origin } = await startFastify(app)
    expect(await listServices(origin)).toEqual([
      'Greeter',
      'greeter.v1.GreeterService',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ])
    expect(await fileOf(origin, 'Greeter')).toBe('compat/greeter.proto')
  })

  test('share one health service', async () => {
    const health = new HealthStatus()
    health.setStatus('greeter.v1.GreeterService', 'SERVING')
    const app = fastify(onePort())
    await app.register(portico, { routes: greeter, health, lane })
    await app.register(portico, { routes: compat, health, lane })
    const { origin } = await startFastify(app)
    const client = clientOf(Health, origin)
    expect(await client.check({ service: 'greeter.v1.GreeterService' })).toMatchObject({ status: 1 })
  })

  test('reflection includes registry types outside of the services, and does not list its services', async () => {
    const registry = createRegistry(...GreeterService.file.messages, Greeter)
    const app = fastify(onePort())
    await app.register(portico, {
      routes: (router) => void router.service(Health, {}),
      reflection: true,
      registry,
      lane,
    })
    const { origin } = await startFastify(app)
    expect(await fileOf(origin, SayHelloResponseSchema.typeName)).toBe('greeter/v1/greeter.proto')
    expect(await listServices(origin)).not.toContain('Greeter')
  })

  test('interceptors of a service add to those of the plugin, or replace them on request', async () => {
    const seen: string[] = []
    const note = (name: string): Interceptor => {
      return (next) => (request) => {
        seen.push(name)
        return next(request)
      }
    }
    const options = { interceptors: [note('service')] }
    const routes = (router: PorticoRouter) => {
      router.rpc(GreeterService.method.sayHello, () => ({}), options)
      router.rpc(GreeterService.method.publish, () => ({}), { ...options, replaceInterceptors: true })
    }
    const app = fastify(onePort())
    await app.register(portico, { routes, interceptors: [note('plugin')], lane })
    const { origin } = await startFastify(app)
    const client = clientOf(GreeterService, origin)
    await client.sayHello({})
    await client.publish({})
    expect(seen).toEqual(['plugin', 'service', 'service'])
  })
})

describe('registering a service twice is one error at startup, with its name', () => {
  const TWICE = /^portico: greeter\.v1\.GreeterService is registered twice/
  const twice = (router: PorticoRouter) => {
    greeter(router)
    greeter(router)
  }

  test.each(LANES)('by one plugin, on the %s lane', async (lane) => {
    await expect(appOf().register(portico, { routes: twice, lane }).after()).rejects.toThrow(TWICE)
  })

  test.each(LANES)('by two plugins, on the %s lane', async (lane) => {
    for (const app of [appOf(), appOf(fastify())]) {
      app.register(portico, { routes: greeter, lane })
      app.register(portico, { routes: greeter, lane })
      await expect(app.ready()).rejects.toThrow(TWICE)
    }
  })

  test('by plugins in scopes with one prefix', async () => {
    const app = appOf()
    const scope = async (inner: FastifyInstance) => void inner.register(portico, { routes: greeter })
    app.register(scope, { prefix: '/api' })
    app.register(portico, { routes: greeter, prefix: '/api' })
    await expect(app.ready()).rejects.toThrow(TWICE)
  })

  test('by a Fastify route', async () => {
    const app = appOf()
    app.post('/greeter.v1.GreeterService/SayHello', () => 'mine')
    await expect(app.register(portico, { routes: greeter }).after()).rejects.toThrow(TWICE)
  })

  test('by createApp, and next to it', async () => {
    await expect(createApp({ routes: twice })).rejects.toThrow(TWICE)
    const app = await createApp({ routes: greeter })
    onTestFinished(() => app.fastify.close())
    await expect(app.fastify.register(portico, { routes: greeter }).after()).rejects.toThrow(TWICE)
  })

  test('by nodeHandler', () => {
    expect(() => nodeHandler({ routes: twice })).toThrow(TWICE)
  })

  test('health, by routes and by the option', async () => {
    const routes = (router: PorticoRouter) => void router.service(Health, {})
    const message = /^portico: grpc\.health\.v1\.Health is registered twice.*turn off health/
    await expect(createApp({ routes })).rejects.toThrow(message)
    await expect(register({ routes, health: new HealthStatus() })).rejects.toThrow(message)
    const app = await createApp({ routes, servesHealth: false })
    await app.fastify.close()
  })

  function register(options: PorticoOptions): Promise<unknown> {
    return Promise.resolve(appOf().register(portico, options).after())
  }
})

describe.each(LANES)('an Any of a type outside of the services, in JSON, on the %s lane', (lane) => {
  const service: (router: PorticoRouter) => void = (router) =>
    void router.service(ConformanceService, {
      unary: () => {
        const requests = [anyPack(SayHelloResponseSchema, create(SayHelloResponseSchema, { message: 'in an Any' }))]
        return { payload: { requestInfo: { requests } } }
      },
    })
  const registry = createRegistry(SayHelloResponseSchema)

  test.each(['grpc', 'grpc-web', 'connect'] as const)(
    'works over %s with the registry at both ends',
    async (protocol) => {
      const app = fastify(onePort())
      await app.register(portico, { routes: service, registry, lane })
      const { origin } = await startFastify(app)
      const { payload } = await clientOf(ConformanceService, origin, {
        protocol,
        useBinaryFormat: false,
        registry,
      }).unary({})
      const [any] = payload?.requestInfo?.requests ?? []
      expect(any && anyUnpack(any, registry)).toMatchObject({ message: 'in an Any' })
      const unknowing = clientOf(ConformanceService, origin, { protocol, useBinaryFormat: false })
      await expect(unknowing.unary({})).rejects.toThrow('greeter.v1.SayHelloResponse')
    },
  )
})

function appOf(app: FastifyInstance = fastify(onePort())): FastifyInstance {
  onTestFinished(() => app.close())
  return app
}

function clientOf<S extends DescService>(service: S, origin: string, options: Partial<TransportOptions> = {}) {
  const transport = createTransport({ baseUrl: origin, ...options })
  onTestFinished(() => transport.close())
  return createClient(service, transport)
}

async function listServices(origin: string): Promise<string[]> {
  const [answer] = await ask(origin, { case: 'listServices', value: '*' })
  const { messageResponse } = answer ?? {}
  return messageResponse?.case === 'listServicesResponse' ? messageResponse.value.service.map(({ name }) => name) : []
}

/** The name of the file that declares a symbol. */
async function fileOf(origin: string, symbol: string): Promise<string | undefined> {
  const [answer] = await ask(origin, { case: 'fileContainingSymbol', value: symbol })
  const { messageResponse } = answer ?? {}
  if (messageResponse?.case !== 'fileDescriptorResponse') return undefined
  const [file] = messageResponse.value.fileDescriptorProto
  return file && fromBinary(FileDescriptorProtoSchema, file).name
}

function ask(origin: string, messageRequest: { case: 'listServices' | 'fileContainingSymbol'; value: string }) {
  async function* requests() {
    yield { messageRequest }
  }
  return collect(clientOf(ServerReflection, origin).serverReflectionInfo(requests()))
}
