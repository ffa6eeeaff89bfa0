/** A server is registered while it listens and serves. */
import { createClient } from '@connectrpc/connect'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { Registrar } from '../../registry/contracts/registrar.ts'
import { createApp } from '../../server/app.ts'
import { startRoutes } from '../support/demo-server.ts'
import { LogCapture } from '../support/log-capture.ts'
import { accepts } from '../support/ports.ts'
import { MemoryRegistry } from '../support/registry/memory-registry.ts'

function registered(registry: MemoryRegistry) {
  return { registrar: registry.connect(), service: 'greeter', id: 'one' }
}

const NO_ROUTES = () => {}
const found = (registry: MemoryRegistry) => registry.find('greeter').map(({ host, port }) => `${host}:${port}`)

test('SD-1: a server registers with its actual port once it listens, and is removed when it closes', async () => {
  const registry = new MemoryRegistry()
  const app = await createApp({ routes: NO_ROUTES, logger: false, registration: registered(registry) })
  onTestFinished(() => app.fastify.close())
  await app.fastify.ready()
  expect(registry.log).toEqual([])
  const address = await app.fastify.listen({ port: 0, host: '127.0.0.1' })
  await vi.waitFor(() => expect(found(registry)).toEqual([address.replace('http://', '')]))
  expect(registry.find('greeter')[0]).toMatchObject({ id: 'one', isSecure: false, metadata: {} })
  await app.fastify.close()
  expect(registry.log).toEqual(['register one', 'remove one'])
})

test('registers in several registries, with the address that is set, and warns of a loopback address', async () => {
  const [here, there] = [new MemoryRegistry(), new MemoryRegistry()]
  const { logger, lines } = new LogCapture()
  const { port } = await startRoutes({
    routes: NO_ROUTES,
    logger,
    registration: [registered(here), { ...registered(there), host: 'a.example', port: 443, metadata: { zone: 'z' } }],
  })
  await vi.waitFor(() => expect([found(here), found(there)]).toEqual([[`127.0.0.1:${port}`], ['a.example:443']]))
  expect(there.find('greeter')[0]?.metadata).toEqual({ zone: 'z' })
  const about = lines
    .filter((line) => line.registry === 'memory')
    .map(({ msg, host, address }) => [msg, host ?? address])
  expect(about).toEqual([
    ['registered by a loopback address, which only this machine reaches', '127.0.0.1'],
    ['registered', `127.0.0.1:${port}`],
    ['registered', 'a.example:443'],
  ])
})

test('follows the health of the whole server', async () => {
  const registry = new MemoryRegistry()
  const { health } = await startRoutes({ routes: NO_ROUTES, registration: registered(registry) })
  await vi.waitFor(() => expect(found(registry)).toHaveLength(1))
  health.setStatus('', 'NOT_SERVING')
  await vi.waitFor(() => expect(found(registry)).toEqual([]))
  health.setStatus('', 'SERVING')
  await vi.waitFor(() => expect(found(registry)).toHaveLength(1))
  health.setStatus('some.Service', 'NOT_SERVING')
  expect(found(registry)).toHaveLength(1)
})

test('a server that is not ready when it listens registers once it is', async () => {
  const registry = new MemoryRegistry()
  let isUp = false
  const { health } = await startRoutes({
    routes: NO_ROUTES,
    registration: registered(registry),
    healthChecks: {
      database: {
        check: async () => {
          if (!isUp) throw new Error('down')
        },
      },
    },
  })
  await health.runChecks()
  expect(registry.log).toEqual([])
  isUp = true
  await health.runChecks()
  await vi.waitFor(() => expect(found(registry)).toHaveLength(1))
})

test('SD-6: a drain deregisters, then says NOT_SERVING, then waits, then closes the port, and calls end', async () => {
  const registry = new MemoryRegistry()
  const order: string[] = []
  const reached = Promise.withResolvers<void>()
  const goesOn = Promise.withResolvers<void>()
  const app = await startRoutes({
    routes: (router) =>
      router.service(GreeterService, {
        async sayHello() {
          reached.resolve()
          await goesOn.promise
          return { message: 'late' }
        },
      }),
    registration: { ...registered(registry), registrar: tracing(registry.connect(), order) },
    listen: { drainTimeoutMs: 10_000 },
  })
  await vi.waitFor(() => expect(found(registry)).toHaveLength(1))
  const transport = createTransport({ target: app.host })
  onTestFinished(() => transport.close())
  const call = createClient(GreeterService, transport).sayHello({ name: 'Ada' })
  await reached.promise
  app.health.watch('', () => order.push('not serving'))
  app.fastify.server.once('close', () => order.push('closed'))
  const drained = app.drain(1_500)
  await vi.waitFor(() => expect(registry.log).toEqual(['register one', 'remove one']))
  expect(order).toEqual(['deregister', 'not serving', 'removed'])
  expect(await accepts(app.port)).toBe(true)
  goesOn.resolve()
  expect(await call).toMatchObject({ message: 'late' })
  expect(await drained).toBe(true)
  expect(order.at(-1)).toBe('closed')
})

test('a registry that does not answer holds a drain for its time at most', async () => {
  const registry = new MemoryRegistry()
  const registrar = registry.connect()
  const options = { registrar, service: 'greeter', deregisterTimeoutMs: 50 }
  const app = await startRoutes({ routes: NO_ROUTES, registration: options, listen: { drainTimeoutMs: 10_000 } })
  await vi.waitFor(() => expect(found(registry)).toHaveLength(1))
  registrar.isCut = true
  expect(await app.drain()).toBe(true)
})

test('a registrar that throws, rejects or hangs affects neither the server nor its drain', async () => {
  const { logger, lines } = new LogCapture()
  const fails = (register: Registrar['register']) => ({
    registrar: { name: 'own', register },
    service: 'greeter',
    deregisterTimeoutMs: 50,
  })
  const app = await startRoutes({
    routes: NO_ROUTES,
    logger,
    registration: [
      fails(() => {
        throw new Error('thrown')
      }),
      fails(() => ({ isRegistered: true, setServing() {}, deregister: () => Promise.reject(new Error('rejected')) })),
      fails(() => ({ isRegistered: true, setServing() {}, deregister: () => new Promise(() => {}) })),
    ],
    listen: { drainTimeoutMs: 10_000 },
  })
  expect(await accepts(app.port)).toBe(true)
  expect(await app.drain()).toBe(true)
  const messages = lines.filter(({ msg }) => msg === 'a registrar failed').map(({ err }) => (err as Error).message)
  expect(messages).toEqual(['thrown', 'rejected'])
})

/** Writes down when a server deregisters, and when that is done. */
function tracing(registrar: Registrar, order: string[]): Registrar {
  return {
    name: registrar.name,
    register(instance, context) {
      const registration = registrar.register(instance, context)
      return {
        isRegistered: true,
        setServing: (isServing) => registration.setServing(isServing),
        async deregister(timeoutMs) {
          order.push('deregister')
          await registration.deregister(timeoutMs)
          order.push('removed')
        },
      }
    },
  }
}
