import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { Health, HealthCheckResponse_ServingStatus as WireStatus } from '../../../../../gen/health/v1/health_pb.js'
import { createHealthService } from '../../../../../server/services/health/health-service.ts'
import { HealthStatus } from '../../../../../server/services/health/health-status.ts'

test('HC-1 statuses have their numbers on the wire', async () => {
  const { health, client } = setUp()
  const numbers = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2 } as const
  for (const [name, number] of Object.entries(numbers)) {
    health.setStatus('a', name as keyof typeof numbers)
    expect((await client.check({ service: 'a' })).status).toBe(number)
  }
})

test('HC-2 Check returns the status of a known service, and NOT_FOUND for any other', async () => {
  const { health, client } = setUp()
  health.setStatus('a', 'NOT_SERVING')
  expect((await client.check({ service: 'a' })).status).toBe(WireStatus.NOT_SERVING)
  expect((await client.check({})).status).toBe(WireStatus.SERVING)
  await expect(client.check({ service: 'b' })).rejects.toMatchObject({ code: Code.NotFound })
  health.clearStatus('a')
  await expect(client.check({ service: 'a' })).rejects.toMatchObject({ code: Code.NotFound })
})

test('HC-4 List returns every known service, up to 100', async () => {
  const { health, client } = setUp()
  health.setStatus('__proto__', 'NOT_SERVING')
  for (let i = 3; i <= 100; i++) health.setStatus(`service${i}`, 'UNKNOWN')
  const { statuses } = await client.list({})
  expect(Object.keys(statuses)).toHaveLength(100)
  expect(statuses['']?.status).toBe(WireStatus.SERVING)
  expect(statuses.service100?.status).toBe(WireStatus.UNKNOWN)
  expect(Object.getOwnPropertyDescriptor(statuses, '__proto__')?.value.status).toBe(WireStatus.NOT_SERVING)
  health.setStatus('service101', 'SERVING')
  await expect(client.list({})).rejects.toMatchObject({ code: Code.ResourceExhausted })
})

test('HC-4 List has no side effects', async () => {
  const { health, client } = setUp()
  await client.list({})
  expect([...health.listStatuses()]).toEqual([['', 'SERVING']])
  expect(health.watcherCount).toBe(0)
})

test('HC-11 Check returns NOT_SERVING during a drain, and so does Watch', async () => {
  const { health, client } = setUp()
  const leaving = new AbortController()
  const statuses = client.watch({}, { signal: leaving.signal })[Symbol.asyncIterator]()
  expect(await statuses.next()).toMatchObject({ value: { status: WireStatus.SERVING } })
  health.shutdown()
  expect((await client.check({}, { timeoutMs: 10_000 })).status).toBe(WireStatus.NOT_SERVING)
  expect(await statuses.next()).toMatchObject({ value: { status: WireStatus.NOT_SERVING } })
  leaving.abort()
  await expect(statuses.next()).rejects.toMatchObject({ code: Code.Canceled })
  await expect.poll(() => health.watcherCount).toBe(0)
})

test('rejects a Watch for a name that no service can have', async () => {
  const { health, client } = setUp()
  const statuses = client.watch({ service: 's'.repeat(1_025) })[Symbol.asyncIterator]()
  const refusal = await statuses.next().catch((error: unknown) => ConnectError.from(error))
  expect(refusal).toMatchObject({
    code: Code.InvalidArgument,
    rawMessage: 'service name is longer than 1024 characters',
  })
  expect(health.watcherCount).toBe(0)
})

function setUp() {
  const health = new HealthStatus()
  const transport = createRouterTransport((router) => router.service(Health, createHealthService(health)))
  return { health, client: createClient(Health, transport) }
}
