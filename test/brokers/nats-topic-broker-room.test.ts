/** What the broker over NATS JetStream drops when there is no room. */
import { randomUUID } from 'node:crypto'
import type { StreamInfo } from '@nats-io/jetstream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TopicBrokerLimits } from '../../server/demo/topics/broker/topic-broker.ts'
import { createNatsTopicBroker } from '../../server/demo/topics/nats/nats-topic-broker.ts'
import type { BrokerProcess } from '../support/brokers/broker-process.ts'
import { type RecordedBroker, startRecorded } from '../support/brokers/broker-recorder.ts'
import { withJetStreamManager } from '../support/brokers/nats-manager.ts'
import { OLDEST_NATS_VERSION, startNatsServer } from '../support/brokers/nats-server.ts'

const LIMITS = { maxTopicMessages: 1_000, maxTopicBytes: 1_000_000, maxTotalBytes: 10_000_000, maxTopics: 1_000 }

let server: BrokerProcess

describe.each([undefined, OLDEST_NATS_VERSION])('NATS %s', (version) => {
  beforeAll(async () => {
    server = await startNatsServer(version === undefined ? {} : { version })
  })

  afterAll(() => server[Symbol.asyncDispose]())

  test('drops the topic that was published on least recently, unless a process follows it', async () => {
    const stream = `test-${randomUUID()}`
    const limits = { ...LIMITS, maxTopics: 3 }
    const { broker } = await newProcess(stream, limits)
    const other = await newProcess(stream, limits)
    const first = await broker.append('a.1', 'x', 1)
    await broker.append('b', 'x', 1)
    await broker.append('c', 'x', 1)
    await other.broker.follow('a.1')

    await broker.append('d', 'x', 1)
    expect((await broker.read('b', 0n)).epoch).toBe('')
    expect((await broker.read('a.1', 0n)).messages).toEqual([first])
    const next = await broker.append('a.1', 'y', 1)
    expect(next).toMatchObject({ epoch: first.epoch, sequence: 2n })
    await expect.poll(() => other.messages).toEqual([next])

    await other.broker.follow('c')
    await other.broker.follow('d')
    await expect(broker.append('e', 'x', 1)).rejects.toMatchObject({ reason: 'limit_reached' })
    await expect(other.broker.append('f', 'x', 1)).rejects.toMatchObject({ reason: 'limit_reached' })
    other.broker.unfollow('d')
    await expect.poll(() => broker.append('e', 'x', 1).then(({ sequence }) => sequence, String)).toBe(1n)
    expect((await broker.read('d', 0n)).epoch).toBe('')
  })

  test('purges the bytes of a topic that are beyond the limit', async () => {
    const stream = `test-${randomUUID()}`
    const { broker } = await newProcess(stream, { ...LIMITS, maxTopicBytes: 20_000 })
    const data = 'x'.repeat(1_000)
    await broker.append('other', 'x', 1)
    for (let count = 0; count < 100; count += 1) await broker.append('news', data, 1_000)
    const { messages, lastSequence } = await broker.read('news', 0n)
    expect([messages.length, lastSequence]).toEqual([20, 100n])
    expect(messages.at(-1)?.sequence).toBe(100n)
    await expect.poll(async () => (await info(stream)).state.messages).toBeLessThanOrEqual(27)
    expect((await broker.read('other', 0n)).messages).toHaveLength(1)
  })

  test('keeps the place of a topic that is followed, while others fill the stream', async () => {
    const stream = `test-${randomUUID()}`
    const { broker } = await newProcess(stream, { ...LIMITS, maxTotalBytes: 200_000, maxTopicBytes: 200_000 })
    const follower = await newProcess(stream, { ...LIMITS, maxTotalBytes: 200_000, maxTopicBytes: 200_000 })
    const first = await broker.append('quiet', 'x', 1)
    await follower.broker.follow('quiet')
    await follower.broker.read('quiet', 0n)
    const forgotten = await broker.append('forgotten', 'x', 1)
    const data = 'x'.repeat(1_000)
    for (let round = 0; round < 8; round += 1) {
      for (let count = 0; count < 40; count += 1) await broker.append('busy', data, 1_000)
      await expect.poll(() => isSafe(stream, 'quiet'), { timeout: 10_000 }).toBe(true)
    }
    const next = await broker.append('quiet', 'y', 1)
    expect(next).toMatchObject({ epoch: first.epoch, sequence: 2n })
    expect(await broker.read('quiet', 0n)).toEqual({ epoch: first.epoch, lastSequence: 2n, messages: [next] })
    await expect.poll(() => follower.messages).toEqual([next])
    expect((await broker.append('forgotten', 'y', 1)).epoch).not.toBe(forgotten.epoch)
  })
})

function newProcess(stream: string, limits: TopicBrokerLimits): Promise<RecordedBroker> {
  return startRecorded(createNatsTopicBroker({ url: `nats://127.0.0.1:${server.port}`, limits, stream }))
}

/** Whether the last entry of a topic is far from being dropped. */
async function isSafe(stream: string, topic: string): Promise<boolean> {
  const { state, config } = await info(stream)
  const last = await withJetStreamManager(server.port, (manager) => {
    return manager.streams.getMessage(stream, { last_by_subj: `${stream}.kept.${topic}` })
  })
  return state.bytes < config.max_bytes / 2 || (last?.seq ?? 0) > (state.first_seq + state.last_seq) / 2
}

function info(stream: string): Promise<StreamInfo> {
  return withJetStreamManager(server.port, (manager) => manager.streams.info(stream))
}
