import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import type { TopicBroker } from '../../../../server/demo/topics/broker/topic-broker.ts'
import { TopicError } from '../../../../server/demo/topics/topic-error.ts'
import type { TopicMessage } from '../../../../server/demo/topics/topic-hub.ts'
import { type PrimaryTopicsOptions, servePrimaryTopics } from '../../../../server/demo/topics/workers/primary-topics.ts'
import { createWorkerTopicBroker } from '../../../../server/demo/topics/workers/worker-topic-broker.ts'
import type { WorkerHandle } from '../../../../server/workers/contracts/worker-link.ts'
import type { LinkSettings } from '../../../../server/workers/link/link-end.ts'
import { type TestWorker, workerLinks } from '../../../support/worker-links.ts'

const brokers: TopicBroker[] = []
afterEach(() => Promise.all(brokers.splice(0).map((broker) => broker.close())))

function setUp(options: PrimaryTopicsOptions = {}, settings: LinkSettings = {}) {
  const { primary, startWorker } = workerLinks(settings)
  const topics = servePrimaryTopics(primary, options)
  return { topics, start: () => startBroker(startWorker()) }
}

async function startBroker(worker: TestWorker) {
  const broker = createWorkerTopicBroker(worker.link)
  const received: TopicMessage[] = []
  await broker.start({ onMessage: (message) => received.push(message), onAvailable() {} })
  brokers.push(broker)
  return { worker, broker, received, numbers: () => received.map(({ sequence }) => Number(sequence)) }
}

const publish = ({ broker }: { readonly broker: TopicBroker }, data: string, topic = 'news') =>
  broker.append(topic, data, Buffer.byteLength(data))

test('a message reaches the workers that follow its topic, once each, and no other', async () => {
  const { start } = setUp({ now: () => 7, createEpoch: () => 'E' })
  const [a, b, c] = [await start(), await start(), await start()]
  await Promise.all([a.broker.follow('news'), b.broker.follow('news')])

  const placed = await publish(c, 'hello')

  expect(placed).toEqual({ topic: 'news', epoch: 'E', sequence: 1n, timeMs: 7, data: 'hello', dataBytes: 5 })
  await expect.poll(() => [a.received, b.received]).toEqual([[placed], [placed]])
  expect(c.received).toEqual([])
})

test('messages of one turn keep their order and share a message between processes', async () => {
  const { start } = setUp()
  const [publisher, subscriber] = [await start(), await start()]
  await subscriber.broker.follow('news')
  const requests = vi.spyOn(publisher.worker.link, 'request')

  const placed = await Promise.all(Array.from({ length: 50 }, (_, index) => publish(publisher, `${index}`)))

  expect(placed.map(({ sequence, data }) => [Number(sequence), data])).toEqual(
    Array.from({ length: 50 }, (_, index) => [index + 1, `${index}`]),
  )
  expect(requests).toHaveBeenCalledTimes(1)
  await expect.poll(() => subscriber.received).toEqual(placed)
})

test('a topic that is no longer followed is not sent', async () => {
  const { start } = setUp()
  const [a, b] = [await start(), await start()]
  await a.broker.follow('news')
  await publish(b, '1')
  await expect.poll(a.numbers).toEqual([1])
  a.broker.unfollow('news')
  await a.broker.read('news', 0n)

  await publish(b, '2')
  await turn()
  expect(a.numbers()).toEqual([1])
})

test('what a topic keeps is read after a number, as far as it is kept', async () => {
  const { start } = setUp({ maxTopicMessages: 3 })
  const { broker } = await start()
  expect(await broker.read('news', 0n)).toEqual({ epoch: '', lastSequence: 0n, messages: [] })
  for (const data of ['1', '2', '3', '4', '5']) await broker.append('news', data, 1)

  const numbersAfter = async (sequence: bigint) => {
    const { messages, lastSequence } = await broker.read('news', sequence)
    return [lastSequence, messages.map(({ data }) => data)]
  }
  expect(await numbersAfter(0n)).toEqual([5n, ['3', '4', '5']])
  expect(await numbersAfter(4n)).toEqual([5n, ['5']])
  expect(await numbersAfter(5n)).toEqual([5n, []])
  expect(await numbersAfter(9n)).toEqual([5n, []])
})

test('limits count for all workers: a followed topic is never evicted, whichever worker follows it', async () => {
  const { start, topics } = setUp({ maxTopics: 2 })
  const [a, b] = [await start(), await start()]
  await Promise.all([a.broker.follow('a'), b.broker.follow('b')])
  await publish(a, '1', 'a')
  await publish(b, '1', 'b')

  const refused = await publish(a, '1', 'c').catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(TopicError)
  expect(refused).toMatchObject({ reason: 'limit_reached' })
  expect(topics.topicCount).toBe(2)

  b.worker.end()
  await publish(a, '1', 'c')
  expect(topics.topicCount).toBe(2)
  expect((await a.broker.read('b', 0n)).epoch).toBe('')
})

test('a worker that stalls loses messages, and finds out by the number of the next one that it gets', async () => {
  const { start } = setUp({}, { limits: { maxQueuedFrames: 4 } })
  const [slow, quick] = [await start(), await start()]
  await slow.broker.follow('news')
  slow.worker.stall()
  for (let count = 0; count < 20; count++) await publish(quick, `${count}`)
  slow.worker.resume()

  await expect.poll(() => slow.numbers().at(-1)).toBe(20)
  expect(slow.received.length).toBeLessThan(20)
  const seen = slow.numbers().findIndex((number, index) => number !== index + 1)
  const { messages } = await slow.broker.read('news', BigInt(seen))
  expect(messages.map(({ sequence }) => Number(sequence))).toEqual(
    Array.from({ length: 20 - seen }, (_, index) => seen + index + 1),
  )
})

test('one worker leads a topic, until it resigns, its time is over or it ends', async () => {
  const { start } = setUp()
  const [a, b, c] = [await start(), await start(), await start()]
  expect(await a.broker.lead('stocks/A', 60_000)).toBe(true)
  expect(await a.broker.lead('stocks/A', 60_000)).toBe(true)
  expect(await b.broker.lead('stocks/A', 60_000)).toBe(false)
  expect(await b.broker.lead('stocks/B', 60_000)).toBe(true)

  a.broker.resign('stocks/A')
  await expect.poll(() => b.broker.lead('stocks/A', 60_000)).toBe(true)
  b.worker.end()
  expect(await c.broker.lead('stocks/A', 1)).toBe(true)
  await expect.poll(() => a.broker.lead('stocks/A', 60_000)).toBe(true)
})

test('a request that comes after the end of its worker leaves nothing behind', () => {
  const handlers: ((request: unknown, worker: WorkerHandle) => unknown)[] = []
  const listeners: ((worker: WorkerHandle) => void)[] = []
  const topics = servePrimaryTopics(
    {
      workers: () => [],
      onRequest: (_, handler) => void handlers.push(handler),
      onMessage() {},
      onStart() {},
      onEnd: (listener) => void listeners.push(listener),
    },
    { maxTopics: 1 },
  )
  const answer = (request: unknown, worker: WorkerHandle) => handlers[0]?.(request, worker)
  const workerOf = (id: number): WorkerHandle => ({ id, send: () => true, request: async () => {} })
  const [dead, live] = [workerOf(1), workerOf(2)]
  for (const listener of listeners) listener(dead)
  answer({ kind: 'follow', topic: 'a' }, dead)
  expect(answer({ kind: 'lead', topic: 'stocks/A', ttlMs: 60_000 }, dead)).toBe(false)
  expect(answer({ kind: 'lead', topic: 'stocks/A', ttlMs: 60_000 }, live)).toBe(true)
  answer({ kind: 'append', messages: [['a', 'x', 1]] }, live)
  answer({ kind: 'append', messages: [['b', 'x', 1]] }, live)
  expect(topics.topicCount).toBe(1)
  expect(answer({ kind: 'read', topic: 'a', after: 0n }, live)).toMatchObject({ epoch: '' })
})

test('without its primary a worker has no topics: UNAVAILABLE', async () => {
  const { start } = setUp()
  const { broker, worker } = await start()
  worker.end()
  const failures = await Promise.allSettled([
    broker.append('news', '1', 1),
    broker.read('news', 0n),
    broker.follow('a'),
  ])
  for (const failure of failures)
    expect(failure).toMatchObject({ status: 'rejected', reason: { reason: 'unavailable' } })
})
