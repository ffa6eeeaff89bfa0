/** The Redis engine of the topic hub while Redis is stopped, killed or frozen, or comes back with less than it had. */
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { createRedisTopicBroker } from '../../server/demo/topics/redis/redis-topic-broker.ts'
import type { BrokerProcess } from '../support/brokers/broker-process.ts'
import {
  append,
  DEFAULT_LIMITS,
  type RecordedBroker,
  startRecorded,
  until,
} from '../support/brokers/broker-recorder.ts'
import { startRedisServer } from '../support/brokers/redis-server.ts'
import { startCuttableProxy } from '../support/cuttable-proxy.ts'

const TIMES = { replyTimeoutMs: 2_000, pulseMs: 100, deadAfterMs: 5_000 }

async function startServer(persistence?: 'snapshots'): Promise<BrokerProcess> {
  const server = await startRedisServer(persistence)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

function start(server: BrokerProcess): Promise<RecordedBroker> {
  const url = `redis://127.0.0.1:${server.port}`
  return startRecorded(createRedisTopicBroker({ url, limits: DEFAULT_LIMITS, times: TIMES }))
}

test.each(['SIGTERM', 'SIGKILL'] as const)('topics go on after a restart by %s', async (signal) => {
  const server = await startServer()
  const { broker, messages, availability } = await start(server)
  await broker.follow('a')
  const before = await append(broker, 'a', '1')
  await until(() => messages.length === 1)
  await server.stop(signal)
  await until(() => !broker.isAvailable)
  await expect(append(broker, 'a', 'lost')).rejects.toMatchObject({ reason: 'unavailable' })
  await expect(broker.read('a', 0n)).rejects.toMatchObject({ reason: 'unavailable' })
  await expect(broker.follow('b')).rejects.toMatchObject({ reason: 'unavailable' })
  await expect(broker.lead('a', 1_000)).rejects.toMatchObject({ reason: 'unavailable' })
  broker.resign('a')

  await server.start()
  await until(() => broker.isAvailable)
  expect(availability).toEqual([true, false, true])
  const after = await append(broker, 'a', '2')
  expect(after).toMatchObject({ epoch: before.epoch, sequence: 2n })
  await until(() => messages.length === 2)
  expect(messages).toEqual([before, after])
  expect((await broker.read('a', 0n)).messages).toEqual([before, after])
})

test('a Redis that may have lost messages in a restart begins another incarnation', async () => {
  const server = await startServer('snapshots')
  const { broker } = await start(server)
  const kept = await append(broker, 'a', 'kept')
  await server.stop('SIGTERM')
  await server.start()
  await until(() => broker.isAvailable)
  const range = await broker.read('a', 0n)
  expect(range.messages).toMatchObject([{ data: 'kept', sequence: 1n }])
  expect(range.epoch).not.toBe(kept.epoch)

  const lost = await append(broker, 'a', 'lost')
  expect(lost).toMatchObject({ epoch: range.epoch, sequence: 2n })
  await server.stop('SIGKILL')
  await server.start()
  await until(() => broker.isAvailable)
  const next = await append(broker, 'a', 'next')
  expect(next.sequence).toBe(2n)
  expect(next.epoch).not.toBe(lost.epoch)
})

test.each([
  ['fewer than were seen', 0],
  ['as many as were seen', 2],
  ['more than were seen', 5],
])(
  'a Redis that comes back without the last messages begins another incarnation, with %s by then',
  async (_, count) => {
    const server = await startServer()
    const proxy = await startCuttableProxy(server.port)
    const url = proxy.origin.replace('http:', 'redis:')
    const subscriber = await startRecorded(createRedisTopicBroker({ url, limits: DEFAULT_LIMITS, times: TIMES }))
    const [publisher, admin] = [await start(server), new Redis(server.port, '127.0.0.1')]
    onTestFinished(() => admin.disconnect())
    await subscriber.broker.follow('a')
    for (const text of ['1', '2', '3']) await append(publisher.broker, 'a', text)
    const kept = await append(publisher.broker, 'kept', '1')
    await until(() => subscriber.messages.length === 3)
    proxy.cut()
    await until(() => !subscriber.broker.isAvailable)
    // As after the crash of a machine whose last second was not on its disk.
    await admin.rpop('{portico}:kept:a', 2)
    await admin.hset('{portico}:topic:a', 'last', 1)
    for (let index = 0; index < count; index += 1) await append(publisher.broker, 'a', `other ${index}`)

    proxy.mend()
    await until(() => subscriber.broker.isAvailable)
    const range = await subscriber.broker.read('a', 0n)
    expect(range.epoch).not.toBe(subscriber.messages[0]?.epoch)
    expect(range.lastSequence).toBe(1n + BigInt(count))
    expect((await subscriber.broker.read('kept', 0n)).messages).toEqual([kept])
  },
)

test('a frozen Redis is unavailable within seconds, and goes on', async () => {
  const server = await startServer()
  const { broker, messages } = await start(server)
  await broker.follow('a')
  server.signal('SIGSTOP')
  await expect(append(broker, 'a', 'in doubt')).rejects.toMatchObject({ reason: 'unavailable' })
  await until(() => !broker.isAvailable)
  await expect(append(broker, 'a', 'refused at once')).rejects.toMatchObject({ reason: 'unavailable' })
  server.signal('SIGCONT')
  await until(() => broker.isAvailable)
  await append(broker, 'a', 'after')
  await until(() => messages.some(({ data }) => data === 'after'))
  expect((await broker.read('a', 0n)).messages.at(-1)).toMatchObject({ data: 'after' })
})

test('a Redis that is down at the start is waited for', async () => {
  const server = await startServer()
  await server.stop()
  const starting = start(server)
  await new Promise((resolve) => setTimeout(resolve, 200))
  await server.start()
  const { broker } = await starting
  expect(await append(broker, 'a', '1')).toMatchObject({ sequence: 1n })
})

test('a broker can be closed while it waits for Redis', async () => {
  const server = await startServer()
  await server.stop()
  const url = `redis://127.0.0.1:${server.port}`
  const broker = createRedisTopicBroker({ url, limits: DEFAULT_LIMITS, times: TIMES })
  const starting = broker.start({ onMessage: () => {}, onAvailable: () => {} })
  const failure = expect(starting).rejects.toMatchObject({ reason: 'closed' })
  await broker.close()
  await failure
})

test('a broker can be closed while Redis is frozen', async () => {
  const server = await startServer()
  const { broker } = await start(server)
  await broker.follow('a')
  server.signal('SIGSTOP')
  await broker.close()
  expect(broker.isAvailable).toBe(false)
  await expect(append(broker, 'a', '1')).rejects.toMatchObject({ reason: 'unavailable' })
})
