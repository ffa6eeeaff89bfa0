/** The health service in every protocol and format, over both HTTP versions, cleartext and TLS, on both lanes. */
import type { AddressInfo } from 'node:net'
import { type Client, Code, createClient } from '@connectrpc/connect'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { Health, HealthCheckResponse_ServingStatus as WireStatus } from '../../gen/health/v1/health_pb.js'
import { type App, createApp } from '../../server/app.ts'
import { LANES, type Lane } from '../../server/rpc/lane.ts'
import { testCertificates } from '../support/certificates.ts'
import { MATRIX, type MatrixTarget, openTransport } from '../support/matrix.ts'

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN, UNKNOWN } = WireStatus
const GREETER = GreeterService.typeName
const CASES = LANES.flatMap((lane) => MATRIX.map((row) => [lane, row.name, row] as const))

const apps = new Map<Lane, App>()
const targets = new Map<Lane, MatrixTarget>()

beforeAll(async () => {
  const { ca, server } = await testCertificates()
  for (const lane of LANES) {
    const listen = { tls: server, allowsCleartext: true, drainTimeoutMs: 0 }
    const app = await createApp({ lane, listen, logger: false, routes: (router) => router.service(GreeterService, {}) })
    await app.fastify.listen({ port: 0, host: '127.0.0.1' })
    apps.set(lane, app)
    targets.set(lane, { port: (app.fastify.server.address() as AddressInfo).port, ca })
  }
})

afterAll(() => Promise.all(Array.from(apps.values(), (app) => app.drain())))

describe.each(CASES)('on the %s lane, by %s', (lane, _name, row) => {
  let health: App['health']
  let client: Client<typeof Health>

  beforeEach(() => {
    const { transport, close } = openTransport(row, targets.get(lane) as MatrixTarget)
    onTestFinished(close)
    client = createClient(Health, transport)
    health = (apps.get(lane) as App).health
    health.resume()
  })

  /** Starts a watch, which ends with the test. */
  function watch(service: string) {
    const leaving = new AbortController()
    onTestFinished(() => leaving.abort())
    const statuses = client.watch({ service }, { signal: leaving.signal })[Symbol.asyncIterator]()
    const next = async () => (await statuses.next()).value?.status
    return { next, leave: () => leaving.abort() }
  }

  test('HC-1 the server and its services are SERVING from the start, by their exact names', async () => {
    for (const service of ['', GREETER]) expect((await client.check({ service })).status).toBe(SERVING)
    for (const service of [GREETER.toUpperCase(), `.${GREETER}`, 'greeter', ' ']) {
      await expect(client.check({ service }), service).rejects.toMatchObject({ code: Code.NotFound })
    }
  })

  test('HC-2 Check returns the status that is set, and NOT_FOUND for a service that is not', async () => {
    for (const status of ['NOT_SERVING', 'UNKNOWN', 'SERVING'] as const) {
      health.setStatus('a', status)
      expect((await client.check({ service: 'a' })).status).toBe(WireStatus[status])
    }
    health.clearStatus('a')
    await expect(client.check({ service: 'a' })).rejects.toMatchObject({ code: Code.NotFound })
  })

  test('HC-3 Watch sends the status at once, then each change, on one stream', async () => {
    const { next } = watch('b')
    expect(await next()).toBe(SERVICE_UNKNOWN)
    for (const status of ['SERVING', 'NOT_SERVING', 'UNKNOWN'] as const) {
      const coming = next()
      health.setStatus('b', status)
      health.setStatus('b', status)
      expect(await coming).toBe(WireStatus[status])
    }
    health.clearStatus('b')
    expect(await next()).toBe(SERVICE_UNKNOWN)
  })

  test('HC-4 List returns every service, and RESOURCE_EXHAUSTED above 100', async () => {
    health.setStatus('c', 'UNKNOWN')
    const { statuses } = await client.list({})
    expect(statuses).toMatchObject({ '': { status: SERVING }, [GREETER]: { status: SERVING }, c: { status: UNKNOWN } })
    health.clearStatus('c')
    const many = Array.from({ length: 100 }, (_, at) => `c${at}`)
    for (const service of many) health.setStatus(service, 'SERVING')
    await expect(client.list({})).rejects.toMatchObject({ code: Code.ResourceExhausted })
    for (const service of many) health.clearStatus(service)
  })

  test('HC-5 shutdown() makes everything NOT_SERVING until resume(), for checks and watchers', async () => {
    const { next } = watch(GREETER)
    expect(await next()).toBe(SERVING)
    health.shutdown()
    health.setStatus(GREETER, 'SERVING')
    expect(await next()).toBe(NOT_SERVING)
    for (const service of ['', GREETER]) expect((await client.check({ service })).status).toBe(NOT_SERVING)
    health.resume()
    expect(await next()).toBe(SERVING)
  })

  test('HC-6 a watcher that leaves ends with CANCELLED, and is released', async () => {
    const { next, leave } = watch('d')
    await next()
    // The watchers of earlier tests may still be leaving.
    await expect.poll(() => health.watcherCount).toBe(1)
    const coming = next()
    leave()
    await expect(coming).rejects.toMatchObject({ code: Code.Canceled })
    await expect.poll(() => health.watcherCount).toBe(0)
  })

  test('a critical check that fails shows at once to checks and watchers, and so does its recovery', async () => {
    let isUp = true
    onTestFinished(health.addCheck('database', { check: () => isUp, intervalMs: 86_400_000 }))
    await health.runChecks()
    const { next } = watch(GREETER)
    expect(await next()).toBe(SERVING)
    for (const [up, status] of [
      [false, NOT_SERVING],
      [true, SERVING],
    ] as const) {
      isUp = up
      const coming = next()
      await health.runChecks()
      expect(await coming).toBe(status)
      for (const service of ['', GREETER]) expect((await client.check({ service })).status).toBe(status)
    }
  })
})
