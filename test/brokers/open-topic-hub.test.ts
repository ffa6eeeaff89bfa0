/** What a server does with a broker that refuses it. */
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { openTopicHub, topicHubChoice } from '../../server/open-topic-hub.ts'
import { StartFailure } from '../../server/start-failure.ts'
import { startNatsServer } from '../support/brokers/nats-server.ts'
import { startRedisServer } from '../support/brokers/redis-server.ts'
import { startCuttableProxy } from '../support/cuttable-proxy.ts'
import { plantedSecret } from '../support/planted-secrets.ts'

const PASSWORD = plantedSecret('broker')

async function redisWithPassword(): Promise<number> {
  const server = await startRedisServer()
  onTestFinished(() => server[Symbol.asyncDispose]())
  const admin = new Redis(server.port, '127.0.0.1')
  await admin.config('SET', 'requirepass', 'another one')
  admin.disconnect()
  return server.port
}

async function natsWithPassword(): Promise<number> {
  const server = await startNatsServer({ args: ['--user', 'user', '--pass', 'another one'] })
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server.port
}

const ENGINES = [
  ['redis', redisWithPassword],
  ['nats', natsWithPassword],
] as const

test.each(ENGINES)(
  'a refusal of %s at the start ends it, in one sentence without credentials',
  async (scheme, start) => {
    const url = `${scheme}://user:${PASSWORD}@127.0.0.1:${await start()}`
    const failure = await openTopicHub(url, { patienceMs: 20_000 }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(StartFailure)
    expect((failure as Error).message).toMatch(/^(--hub redis|nats): ?.*127\.0\.0\.1/)
    expect((failure as Error).message).not.toContain(PASSWORD)
  },
)

test.each(ENGINES)(
  'a refusal of %s after the start is logged, and the hub stays unavailable',
  async (scheme, start) => {
    const lines: { readonly err: Error; readonly message: string }[] = []
    const log = {
      error: (fields: object, message: string) => void lines.push({ ...(fields as { err: Error }), message }),
    }
    const proxy = await startCuttableProxy(await start())
    proxy.cut()
    const hub = await openTopicHub(proxy.origin.replace('http://', `${scheme}://user:${PASSWORD}@`), {
      log,
      patienceMs: 10,
    })
    onTestFinished(() => hub.close())
    proxy.mend()
    await expect.poll(() => lines.length, { timeout: 20_000 }).toBe(1)
    expect(lines[0]?.message).toBe('the broker of the topics refuses this server')
    expect(lines[0]?.err.message).not.toContain(PASSWORD)
    await expect(Promise.resolve(hub.publish('t', 'x'))).rejects.toMatchObject({ reason: 'unavailable' })
  },
)

test('a hub that is closed before its broker answers logs nothing', async () => {
  const lines: string[] = []
  const log = { error: (_: object, message: string) => void lines.push(message) }
  const proxy = await startCuttableProxy(await redisWithPassword())
  proxy.cut()
  const hub = await openTopicHub(proxy.origin.replace('http', 'redis'), { log, patienceMs: 10 })
  await hub.close()
  proxy.mend()
  expect(lines).toEqual([])
})

test.each([
  ...['', 'disk', 'redis://', 'http://localhost'],
  ...['nats://localhost/topics', 'nats://localhost?stream=topics', 'nats://a,nats://b/topics', 'nats://a,b#c'],
])('%j is no hub', async (choice) => {
  await expect(openTopicHub(choice)).rejects.toThrow(RangeError)
})

test.each(['nats://localhost', 'nats://user:p%2Fw@localhost:4222/', 'tls://a, nats://b:1', 'nats://[::1]:4222,b'])(
  '%j is a hub',
  (choice) => {
    expect(topicHubChoice.test(choice)).toBe(true)
  },
)
