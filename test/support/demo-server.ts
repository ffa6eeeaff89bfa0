/** Servers under test: on a free local port, drained when the test is over. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { onTestFinished } from 'vitest'
import { type App, type AppOptions, createApp } from '../../server/app.ts'
import { createDemo, type DemoOptions } from '../../server/demo.ts'
import type { Lane } from '../../server/rpc/lane.ts'

/** The address of a test server. */
export interface Listening {
  readonly port: number
  /** `127.0.0.1:PORT` */
  readonly host: string
  /** `http://127.0.0.1:PORT`, or https if the port requires TLS. */
  readonly origin: string
}

/** A listening app. */
export type StartedApp = App & Listening

/** The default lane of test servers: suites that must pass on every lane run once with each. */
export const testLane: Lane = process.env.TEST_LANE === 'reference' ? 'reference' : 'native'

/** Drains in tests do not wait for calls that a test left open. */
const QUICK_DRAIN = { drainTimeoutMs: 0 }

/** Starts this project's server. It is drained when the running test ends. */
export async function startDemo(options: DemoOptions = {}): Promise<StartedApp> {
  return startApp(
    await createDemo({ lane: testLane, ...options, listen: { ...QUICK_DRAIN, ...options.listen } }),
    options,
  )
}

/** Starts an app with the test's own services. It is drained when the running test ends. */
export async function startRoutes(options: AppOptions): Promise<StartedApp> {
  return startApp(
    await createApp({ lane: testLane, logger: false, ...options, listen: { ...QUICK_DRAIN, ...options.listen } }),
    options,
  )
}

/** Makes any Fastify instance listen. It is closed when the running test ends. */
export async function startFastify(app: FastifyInstance, scheme: 'http' | 'https' = 'http'): Promise<Listening> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => app.close())
  return listening(app, scheme)
}

async function startApp(app: App, { listen }: Pick<AppOptions, 'listen'>): Promise<StartedApp> {
  await app.fastify.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(async () => {
    await app.drain()
  })
  return { ...app, ...listening(app.fastify, listen?.tls === undefined ? 'http' : 'https') }
}

function listening(app: FastifyInstance, scheme: string): Listening {
  const { port } = app.server.address() as AddressInfo
  const host = `127.0.0.1:${port}`
  return { port, host, origin: `${scheme}://${host}` }
}
