/** Starts one server with an API of a given size, and prints its cost: `node --expose-gc measure.ts CONTESTANT METHODS`. */
import type { AddressInfo } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { DescService } from '@bufbuild/protobuf'
import type { ConnectRouter } from '@connectrpc/connect'
import { fastifyConnectPlugin } from '@connectrpc/connect-fastify'
import { type FastifyInstance, fastify } from 'fastify'
import { createApp } from '../../server/app.ts'
import { createSyntheticApi } from './synthetic-api.ts'

/** The cost of a server of that size, without the descriptors. */
export interface ApiCost {
  /** From the registration of its services until it listens. */
  readonly startMs: number
  /** The memory that remains, in the heap and outside of it. */
  readonly keptBytes: number
  /** The peak memory of the process, including descriptors. */
  readonly peakBytes: number
}

/** By name: starts a server for the services. */
const contestants: Readonly<Record<string, (services: readonly DescService[]) => Promise<FastifyInstance>>> = {
  async portico(services) {
    const { fastify: app } = await createApp({ routes: (router) => registerAll(router, services) })
    return app
  },
  async 'portico-bare'(services) {
    const { fastify: app } = await createApp({
      routes: (router) => registerAll(router, services),
      servesReflection: false,
      servesHealth: false,
    })
    return app
  },
  async 'portico-reference'(services) {
    const { fastify: app } = await createApp({ lane: 'reference', routes: (router) => registerAll(router, services) })
    return app
  },
  async 'connect-fastify'(services) {
    const app = fastify()
    await app.register(fastifyConnectPlugin, { routes: (router) => registerAll(router, services) })
    return app
  },
}

const [name = '', methods] = process.argv.slice(2)
const services = createSyntheticApi(Number(methods))
const before = heldBytes()
const beganAtMs = performance.now()
const app = await contestants[name]?.(services)
await app?.listen({ host: '127.0.0.1', port: 0 })
const startMs = performance.now() - beganAtMs
const cost: ApiCost = {
  startMs,
  keptBytes: heldBytes() - before,
  peakBytes: process.resourceUsage().maxRSS * 1_024,
}
await check(app?.server.address() as AddressInfo)
process.stdout.write(JSON.stringify(cost))
await app?.close()

function registerAll(router: ConnectRouter, all: readonly DescService[]): void {
  for (const service of all) router.service(service, implement(service))
}

function implement(service: DescService): object {
  return Object.fromEntries(
    service.methods.map(({ localName, methodKind }) => [
      localName,
      methodKind === 'unary' ? () => ({ field0: localName }) : async function* () {},
    ]),
  )
}

/** A server that starts fast must also respond. */
async function check({ port }: AddressInfo): Promise<void> {
  const [method] = services.at(-1)?.methods.filter(({ methodKind }) => methodKind === 'unary') ?? []
  const response = await fetch(`http://127.0.0.1:${port}/${method?.parent.typeName}/${method?.name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  const { field0 } = (await response.json()) as { field0?: string }
  if (field0 !== method?.localName) throw new Error(`${name} does not answer: ${response.status}`)
}

function heldBytes(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
