/** What a topic hub does while its broker is away: the contract's part of hubs over a broker. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { TopicDelivery, TopicMessage } from '../../../server/demo/topics/topic-hub.ts'
import { SeededRandom } from '../seeded-random.ts'
import {
  failureOf,
  joined,
  numbered,
  publishAll,
  publishWhenBack,
  TopicHubBench,
  type TopicHubEngine,
  take,
  takeUntil,
  textsOf,
  told,
} from './topic-hub-bench.ts'
import { expectOneWalk } from './topic-hub-quotes.ts'

/** How soon a publisher learns that the broker is away. */
const AT_ONCE_MS = 3_000

/** Nothing is lost silently or repeated: numbers and counts of missed messages of each epoch add up. */
function expectWhole(deliveries: readonly TopicDelivery[], first = 1n): void {
  let [next, epoch] = [first, deliveries[0]?.message.epoch]
  for (const [index, { message, missed, isReset }] of deliveries.entries()) {
    if (isReset) {
      if (index > 0) expect(message.epoch).not.toBe(epoch)
      next = message.sequence
      epoch = message.epoch
    }
    expect(message.epoch).toBe(epoch)
    expect(message.sequence).toBe(next + missed)
    next = message.sequence + 1n
  }
}

/** Registers the tests. */
export function testTopicOutages(engine: TopicHubEngine): void {
  it('fail publishers and joins at once, and subscribers resume without loss', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [publisher, reader] = await bench.openTwo()
    const subscription = await joined(reader, 't')
    await publishAll(publisher, 't', numbered(3))
    expect(told(await take(subscription, 3))).toEqual(['1', '2', '3'])
    await bench.outages.cut(reader)
    const cutAt = performance.now()
    expect(await failureOf(() => reader.publish('t', 'x'))).toBe('unavailable')
    expect(await failureOf(() => reader.subscribe().join('t'))).toBe('unavailable')
    expect(performance.now() - cutAt).toBeLessThan(AT_ONCE_MS)
    await publishAll(publisher, 't', numbered(50, 4))
    await bench.outages.restore(reader)
    expect(told(await take(subscription, 50))).toEqual(numbered(50, 4))
    await publishWhenBack(reader, 't', 'again')
    expect(told(await take(subscription, 1))).toEqual(['54'])
  })

  it('that last longer than a topic keeps its messages are counted as missed', async () => {
    await using bench = await TopicHubBench.start(engine, { maxTopicMessages: 4 })
    const [publisher, reader] = await bench.openTwo()
    const subscription = await joined(reader, 't')
    await publishAll(publisher, 't', numbered(2))
    await takeUntil(subscription, '2')
    await bench.outages.cut(reader)
    await publishAll(publisher, 't', numbered(10, 3))
    await bench.outages.restore(reader)
    expect(told(await take(subscription, 4))).toEqual(['missed 6, 9', '10', '11', '12'])
  })

  it('do not hide a loss behind messages that the subscriber has not read yet', async () => {
    await using bench = await TopicHubBench.start(engine, { maxTopicMessages: 2 })
    const [publisher, reader] = await bench.openTwo()
    const [slow, fast] = [await joined(reader, 't'), await joined(reader, 't')]
    await publishAll(publisher, 't', numbered(2))
    await takeUntil(fast, '2')
    await bench.outages.cut(reader)
    await publishAll(publisher, 't', numbered(5, 3))
    await bench.outages.restore(reader)
    expect(told(await takeUntil(slow, '7'))).toEqual(['1', '2', 'missed 3, 6', '7'])
  })

  it.each([1, 2, 3, 4])('cut off at random lose nothing silently, and repeat nothing (seed %i)', async (seed) => {
    await using bench = await TopicHubBench.start(engine, { maxTopicMessages: 200 })
    const [publisher, reader] = await bench.openTwo()
    const random = new SeededRandom(seed)
    const subscription = await joined(reader, 't')
    const confirmed: TopicMessage[] = []
    const publishing = (async () => {
      for (const text of numbered(150)) confirmed.push(await publishWhenBack(publisher, 't', text))
      await publishWhenBack(publisher, 't', 'end')
    })()
    const cutting = (async () => {
      for (let cut = 0; cut < 4; cut++) {
        const hub = random.pick([publisher, reader])
        await sleep(random.below(15))
        await bench.outages.cut(hub)
        await sleep(random.below(15))
        await bench.outages.restore(hub)
      }
    })()
    const read = await takeUntil(subscription, 'end')
    await Promise.all([publishing, cutting])
    expectWhole(read)
    const told = new Map(read.map(({ message }) => [message.sequence, message]))
    for (const message of confirmed) expect(told.get(message.sequence)).toEqual(message)
  })

  it('that are restarts keep the topics, or begin another epoch', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [publisher, reader] = await bench.openTwo()
    const subscription = await joined(reader, 't')
    const read: TopicDelivery[] = []
    for (const round of ['1', '2', '3']) {
      await publishWhenBack(publisher, 't', `before ${round}`)
      await bench.outages.restart()
      await publishWhenBack(publisher, 't', `after ${round}`)
      read.push(...(await takeUntil(subscription, `after ${round}`)))
    }
    expectWhole(read)
    const isReset = read.some((delivery) => delivery.isReset)
    if (!isReset) expect(new Set(textsOf(read)).size).toBe(6)
  })

  it('that lose all topics are a reset for those that had joined', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [publisher, reader] = await bench.openTwo()
    const subscription = await joined(reader, 't')
    await publishAll(publisher, 't', numbered(3))
    await takeUntil(subscription, '3')
    await bench.outages.wipe()
    await publishWhenBack(publisher, 't', 'new')
    await publishWhenBack(publisher, 't', 'newer')
    expect(told(await takeUntil(subscription, 'newer'))).toEqual(['reset, 1', '2'])
  })

  it('do not keep a subscriber from ending, once what its process published is read', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [, reader] = await bench.openTwo()
    const subscription = await joined(reader, 't')
    const published = await reader.publish('t', 'mine')
    subscription.end()
    await bench.outages.cut(reader)
    await bench.outages.restore(reader)
    const read: TopicDelivery[] = []
    for await (const delivery of subscription) read.push(delivery)
    expect(read.map(({ message }) => message)).toEqual([published])
  })

  it('of a process that is killed while it quotes hand its quotes to another process', async () => {
    await using bench = await TopicHubBench.start(engine, { quoteIntervalMs: 20, quoteLeadMs: 300 })
    const [a, b] = await bench.openTwo()
    const first = await joined(a, 'stocks/ACME')
    await take(first, 2)
    const second = await joined(b, 'stocks/ACME', { epoch: '', sequence: 0n })
    const before = await take(second, 4)
    await bench.kill(a)
    const after = await take(second, 10)
    const read = [...before, ...after]
    expect(told(read)).toEqual(numbered(14))
    expectOneWalk(read)
  })

  it('of one process do not reach the others, and a killed one takes nothing with it', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [a, b] = await bench.openTwo()
    const third = await bench.open()
    const subscription = await joined(third, 't')
    await a.publish('t', '1')
    await bench.kill(a)
    await b.publish('t', '2')
    await bench.outages.cut(b)
    expect(await failureOf(() => b.publish('t', 'x'))).toBe('unavailable')
    await third.publish('t', '3')
    await bench.outages.restore(b)
    await publishWhenBack(b, 't', '4')
    expect(textsOf(await take(subscription, 4))).toEqual(['1', '2', '3', '4'])
  })
}
