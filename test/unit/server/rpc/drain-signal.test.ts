import { Code } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createDrainSignal } from '../../../../server/rpc/drain-signal.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** A drain that goes on until `end` is called. */
async function startDrain(drainTimeoutMs: number, leftMs = drainTimeoutMs) {
  const app = fastify({ pluginTimeout: 0 })
  const signal = createDrainSignal(app, { totalMs: drainTimeoutMs, leftMs: () => leftMs })
  const { promise, resolve } = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  app.addHook('preClose', async () => {
    begun.resolve()
    await promise
  })
  await app.ready()
  const closed = app.close()
  await begun.promise
  return {
    signal,
    async end() {
      resolve()
      await closed
    },
  }
}

test.each([
  ['five seconds', 60_000, 55_000],
  ['a fifth, where that is less,', 10_000, 8_000],
])('aborts with UNAVAILABLE %s before the drain timeout', async (_share, drainTimeoutMs, atMs) => {
  const { signal, end } = await startDrain(drainTimeoutMs)
  vi.advanceTimersByTime(atMs - 1)
  expect(signal.aborted).toBe(false)
  vi.advanceTimersByTime(1)
  expect(signal.reason).toMatchObject({ code: Code.Unavailable, rawMessage: 'the server is shutting down' })
  await end()
})

test('a wait for balancers is part of the drain timeout', async () => {
  const { signal, end } = await startDrain(60_000, 20_000)
  vi.advanceTimersByTime(14_999)
  expect(signal.aborted).toBe(false)
  vi.advanceTimersByTime(1)
  expect(signal.aborted).toBe(true)
  await end()
})

test('does not abort without a drain, nor after a drain that finished in time', async () => {
  const app = fastify({ pluginTimeout: 0 })
  const idle = createDrainSignal(app, { totalMs: 1_000, leftMs: () => 1_000 })
  await app.ready()
  vi.advanceTimersByTime(10_000)
  expect(idle.aborted).toBe(false)
  const { signal, end } = await startDrain(1_000)
  await end()
  expect(vi.getTimerCount()).toBe(0)
  vi.advanceTimersByTime(10_000)
  expect(signal.aborted).toBe(false)
  await app.close()
})
