import { setImmediate } from 'node:timers/promises'
import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { HealthCheckResponse_ServingStatus as WireStatus } from '../../../../../gen/health/v1/health_pb.js'
import { HealthStatus } from '../../../../../server/services/health/health-status.ts'
import { watchHealth } from '../../../../../server/services/health/watch-health.ts'

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = WireStatus

test('HC-3 the first message is sent at once, even for an unknown service', async () => {
  const { health, watch } = setUp()
  health.setStatus('a', 'NOT_SERVING')
  expect(await watch('a').next()).toEqual({ done: false, value: { status: NOT_SERVING } })
  expect(await watch('b').next()).toEqual({ done: false, value: { status: SERVICE_UNKNOWN } })
})

test('HC-3 a service that is set later, and removed again, shows on the same stream', async () => {
  const { health, watch } = setUp()
  const statuses = watch('a')
  await statuses.next()
  const set = statuses.next()
  health.setStatus('a', 'SERVING')
  expect(await set).toMatchObject({ value: { status: SERVING } })
  const cleared = statuses.next()
  health.clearStatus('a')
  expect(await cleared).toMatchObject({ value: { status: SERVICE_UNKNOWN } })
})

test('HC-3 setting the same status again sends nothing', async () => {
  const { health, watch } = setUp()
  const statuses = watch('')
  await statuses.next()
  const next = statuses.next()
  health.setStatus('', 'SERVING')
  await setImmediate()
  health.setStatus('', 'NOT_SERVING')
  expect(await next).toMatchObject({ value: { status: NOT_SERVING } })
})

test('HC-3 a slow reader sees only the latest of several changes', async () => {
  const { health, watch } = setUp()
  const statuses = watch('a')
  await statuses.next()
  health.setStatus('a', 'SERVING')
  health.setStatus('a', 'UNKNOWN')
  health.setStatus('a', 'NOT_SERVING')
  expect(await statuses.next()).toMatchObject({ value: { status: NOT_SERVING } })
  health.setStatus('a', 'SERVING')
  health.setStatus('a', 'NOT_SERVING')
  const next = statuses.next()
  await setImmediate()
  health.setStatus('a', 'SERVING')
  expect(await next).toMatchObject({ value: { status: SERVING } })
})

test('HC-3 ends with CANCELLED when the client leaves while it waits', async () => {
  const { health, watch, leave } = setUp()
  const statuses = watch('a')
  await statuses.next()
  const next = statuses.next()
  expect(health.watcherCount).toBe(1)
  leave()
  expect(health.watcherCount).toBe(0)
  await expect(next).rejects.toMatchObject({ code: Code.Canceled })
})

test('a deadline ends it with DEADLINE_EXCEEDED', async () => {
  const { watch, leave } = setUp()
  const statuses = watch('a')
  await statuses.next()
  const next = statuses.next()
  leave(new ConnectError('the operation timed out', Code.DeadlineExceeded))
  await expect(next).rejects.toMatchObject({ code: Code.DeadlineExceeded })
})

test('a client that leaves is forgotten even if its stream is never resumed', async () => {
  const { health, watch, leave } = setUp()
  await watch('a').next()
  expect(health.watcherCount).toBe(1)
  leave()
  expect(health.watcherCount).toBe(0)
})

test('a stream that is returned early is forgotten', async () => {
  const { health, watch } = setUp()
  for await (const { status } of watch('')) {
    expect(status).toBe(SERVING)
    break
  }
  expect(health.watcherCount).toBe(0)
})

test('a client that left before the first message gets none', async () => {
  const { health, watch, leave } = setUp()
  leave()
  await expect(watch('').next()).rejects.toMatchObject({ code: Code.Canceled })
  expect(health.watcherCount).toBe(0)
})

function setUp() {
  const health = new HealthStatus()
  const client = new AbortController()
  return {
    health,
    watch: (service: string) => watchHealth(health, service, client.signal),
    leave: (reason?: unknown) => client.abort(reason),
  }
}
