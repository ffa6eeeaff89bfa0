/** The broker of topics over NATS JetStream, against real servers. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createNatsTopicBroker } from '../../server/demo/topics/nats/nats-topic-broker.ts'
import type { BrokerProcess } from '../support/brokers/broker-process.ts'
import { type RecordedBroker, startRecorded } from '../support/brokers/broker-recorder.ts'
import { OLDEST_NATS_VERSION, startNatsServer } from '../support/brokers/nats-server.ts'
import { freePort } from '../support/ports.ts'

const LIMITS = { maxTopicMessages: 100, maxTopicBytes: 10_000, maxTotalBytes: 1_000_000, maxTopics: 1_000 }

let server: BrokerProcess

describe.each([undefined, OLDEST_NATS_VERSION])('NATS %s', (version) => {
  beforeAll(async () => {
    server = await startNatsServer(version === undefined ? {} : { version })
  })

  afterAll(() => server[Symbol.asyncDispose]())

  test('numbers the messages of a topic without a gap, and reports them to all that follow it', async () => {
    const [a, b] = await twoProcesses()
    void b.broker.follow('news')
    // Not before the first one has begun.
    await b.broker.follow('news')
    const first = await a.broker.append('news', 'one', 3)
    const second = await b.broker.append('news', 'two', 3)
    await a.broker.append('other', 'x', 1)
    const third = await a.broker.append('news', 'thrée', 6)
    expect([first, second, third].map(({ sequence }) => sequence)).toEqual([1n, 2n, 3n])
    expect(third).toMatchObject({ topic: 'news', epoch: first.epoch, data: 'thrée', dataBytes: 6 })
    await expect.poll(() => b.messages).toEqual([first, second, third])
    expect(await b.broker.read('news', 1n)).toEqual({ epoch: first.epoch, lastSequence: 3n, messages: [second, third] })
  })

  test('appends what waits for one round trip together, in the order of the calls', async () => {
    const [a, b] = await twoProcesses()
    await b.broker.follow('many')
    const texts = Array.from({ length: 700 }, (_, index) => (index % 7 === 0 ? '' : `é${index}`))
    const appended = await Promise.all(texts.map((text) => a.broker.append('many', text, Buffer.byteLength(text))))
    expect(appended.map(({ data }) => data)).toEqual(texts)
    expect(appended.map(({ sequence }) => Number(sequence))).toEqual(texts.map((_, index) => index + 1))
    await expect.poll(() => b.messages).toEqual(appended)
    const { messages } = await b.broker.read('many', 0n)
    expect(messages).toEqual(appended.slice(-LIMITS.maxTopicMessages))
  })

  test('several publishers on one topic all make progress', async () => {
    const [a, b, c] = await Promise.all([newProcess('shared'), newProcess('shared'), newProcess('shared')])
    await a.broker.follow('busy')
    const publish = async ({ broker }: RecordedBroker) => {
      const appended = []
      for (let count = 0; count < 60; count += 1) appended.push(await broker.append('busy', 'x', 1))
      return appended
    }
    const all = (await Promise.all([publish(a), publish(b), publish(c)])).flat()
    const numbers = all.map(({ sequence }) => Number(sequence)).sort((x, y) => x - y)
    expect(numbers).toEqual(Array.from({ length: 180 }, (_, index) => index + 1))
    await expect.poll(() => a.messages.map(({ sequence }) => Number(sequence))).toEqual(numbers)
  })

  test('keeps no more than the limits of a topic', async () => {
    const { broker } = await newProcess()
    for (let count = 0; count < 150; count += 1) await broker.append('count', 'x', 1)
    const kept = await broker.read('count', 0n)
    expect(kept.messages.map(({ sequence }) => Number(sequence))).toEqual(Array.from({ length: 100 }, (_, i) => i + 51))
    for (let count = 0; count < 12; count += 1) await broker.append('bytes', 'x'.repeat(1_000), 1_000)
    expect((await broker.read('bytes', 0n)).messages).toHaveLength(10)
    expect(await broker.read('nothing', 0n)).toEqual({ epoch: '', lastSequence: 0n, messages: [] })
  })

  test.each(['a.b', '.a', 'a.', 'a..b', '.', '/', 'a/b.c-d_E', '-', 'A'.repeat(128), '.'.repeat(128)])(
    'keeps the topic %s apart from others',
    async (topic) => {
      const { broker, messages } = await newProcess('names')
      await broker.follow(topic)
      const appended = await broker.append(topic, topic, topic.length)
      expect(appended.sequence).toBe(1n)
      await expect.poll(() => messages).toEqual([appended])
      expect((await broker.read(topic, 0n)).messages).toEqual([appended])
    },
  )

  test('one process leads a topic until it resigns, or does not renew its lease', async () => {
    const [a, b] = await twoProcesses()
    expect(await a.broker.lead('stocks/A.B', 60_000)).toBe(true)
    expect(await b.broker.lead('stocks/A.B', 60_000)).toBe(false)
    expect(await a.broker.lead('stocks/A.B', 60_000)).toBe(true)
    // The lease that is on its way is given up, too.
    void a.broker.lead('stocks/A.B', 60_000)
    a.broker.resign('stocks/A.B')
    await expect.poll(() => b.broker.lead('stocks/A.B', 200)).toBe(true)
    expect(await a.broker.lead('stocks/A.B', 200)).toBe(false)
    await expect.poll(() => a.broker.lead('stocks/A.B', 200)).toBe(true)
    expect(await b.broker.lead('stocks/A.B', 200)).toBe(false)
  })
})

test('reads leave no subscription behind', async () => {
  const monitor = await freePort()
  server = await startNatsServer({ args: ['--http_port', String(monitor)] })
  onTestFinished(() => server[Symbol.asyncDispose]())
  const subscriptions = async () => {
    const response = await fetch(`http://127.0.0.1:${monitor}/connz?subs=1`)
    const { connections } = (await response.json()) as { connections: { subscriptions: number }[] }
    return connections.map((connection) => connection.subscriptions)
  }
  const { broker } = await newProcess()
  await broker.append('news', 'one', 3)
  await broker.read('news', 0n)
  const before = await subscriptions()
  for (let count = 0; count < 10; count += 1) await broker.read('news', 0n)
  await expect.poll(subscriptions).toEqual(before)
})

async function twoProcesses(): Promise<[RecordedBroker, RecordedBroker]> {
  const stream = newStream()
  return Promise.all([newProcess(stream), newProcess(stream)])
}

function newStream(): string {
  return `test-${randomUUID()}`
}

function newProcess(stream = newStream()): Promise<RecordedBroker> {
  return startRecorded(createNatsTopicBroker({ url: `nats://127.0.0.1:${server.port}`, limits: LIMITS, stream }))
}
