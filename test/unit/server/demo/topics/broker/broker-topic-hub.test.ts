import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createBrokerTopicHub } from '../../../../../../server/demo/topics/broker/broker-topic-hub.ts'
import {
  type BrokerTopicHubOptions,
  brokerLimitsOf,
} from '../../../../../../server/demo/topics/broker/broker-topic-hub-options.ts'
import {
  failureOf,
  numbered,
  publishAll,
  take,
  takeUntil,
  told,
} from '../../../../../support/contracts/topic-hub-bench.ts'
import { MemoryBrokerSetup } from '../../../../../support/topics/memory-broker-setup.ts'
import { MemoryBrokerStore, MemoryTopicBroker } from '../../../../../support/topics/memory-topic-broker.ts'

const FROM_START = { epoch: '', sequence: 0n }

async function openTwo(options: BrokerTopicHubOptions = {}) {
  const setup = new MemoryBrokerSetup(options)
  const [publisher, reader] = [await setup.open(), await setup.open()]
  onTestFinished(async () => void (await Promise.all([publisher.close(), reader.close()])))
  return { setup, publisher, reader, broker: setup.brokerOf(reader) }
}

describe('a hub over a broker', () => {
  it('follows a topic once for all subscribers, and no longer when the last one leaves', async () => {
    const { setup, reader } = await openTwo()
    const subscriptions = [reader.subscribe(), reader.subscribe(), reader.subscribe()]
    for (const subscription of subscriptions) await subscription.join('t')
    expect([reader.followedCount, [...setup.store.topics.listenersOf('t')].length]).toEqual([1, 1])
    subscriptions[0]?.close()
    subscriptions[1]?.end()
    expect(reader.followedCount).toBe(1)
    subscriptions[2]?.close()
    expect([reader.followedCount, [...setup.store.topics.listenersOf('t')].length]).toEqual([0, 0])
  })

  it('follows nothing after joins that fail or are given up', async () => {
    const { setup, publisher, reader, broker } = await openTwo()
    const { epoch } = await publisher.publish('t', '1')
    const subscription = reader.subscribe()
    expect(await failureOf(() => subscription.join('t', { epoch, sequence: 9n }))).toBe('out_of_range')
    const joining = failureOf(() => subscription.join('other'))
    broker.cut()
    expect(await joining).toBe('unavailable')
    broker.restore()
    const late = failureOf(() => subscription.join('third'))
    subscription.close(new Error('gone'))
    expect(await late).toMatchObject({ message: 'gone' })
    expect([reader.followedCount, setup.store.topics.hasListeners('t')]).toEqual([0, false])
  })

  it('shares one read of the history among subscribers that come back together', async () => {
    const { publisher, reader, broker } = await openTwo()
    await publishAll(publisher, 't', numbered(20))
    const read = broker.read.bind(broker)
    let reads = 0
    broker.read = (topic, after) => {
      reads += 1
      return read(topic, after)
    }
    const subscriptions = Array.from({ length: 500 }, () => reader.subscribe())
    await Promise.all(subscriptions.map((subscription) => subscription.join('t', { epoch: '', sequence: 5n })))
    for (const subscription of subscriptions) expect(told(await take(subscription, 15))).toEqual(numbered(15, 6))
    expect(reads).toBeLessThanOrEqual(3)
  })

  it('reads a topic once at a time, so that an answer that comes late looks like no loss', async () => {
    const { publisher, reader, broker } = await openTwo()
    const [first] = await publishAll(publisher, 't', numbered(3))
    const read = broker.read.bind(broker)
    let [reads, most] = [0, 0]
    // As of a broker whose reports have a connection of their own, and overtake the answer.
    broker.read = async (topic, after) => {
      most = Math.max(most, ++reads)
      const range = await read(topic, after)
      await sleep(5)
      reads -= 1
      return range
    }
    const publishing = publishAll(publisher, 't', [...numbered(200, 4), 'the last one'])
    const epochs = ['of the past', '', first?.epoch ?? '']
    const joined = numbered(12).map(async (_, index) => {
      const subscription = reader.subscribe()
      await subscription.join('t', { epoch: epochs[index % 3] ?? '', sequence: BigInt(3 - (index % 4)) })
      return subscription
    })
    await publishing
    for (const subscription of await Promise.all(joined)) {
      const deliveries = await takeUntil(subscription, 'the last one')
      const from = deliveries[0]?.message.sequence ?? 0n
      expect(deliveries.map(({ message }) => message.sequence)).toEqual(
        deliveries.map((_, index) => from + BigInt(index)),
      )
      expect(deliveries.slice(1).filter(({ isReset, missed }) => isReset || missed > 0n)).toEqual([])
    }
    expect(most).toBe(1)
  })

  it('leads a quoted topic for longer than the time between two quotes', async () => {
    const { reader, broker } = await openTwo({ quoteIntervalMs: 40, quoteLeadMs: 50 })
    const lead = broker.lead.bind(broker)
    const times: number[] = []
    broker.lead = (topic, ttlMs) => {
      times.push(ttlMs)
      return lead(topic, ttlMs)
    }
    const subscription = reader.subscribe()
    await subscription.join('stocks/ACME')
    expect(told(await take(subscription, 2))).toEqual(['1', '2'])
    expect(new Set(times)).toEqual(new Set([120]))
  })

  it('finds messages whose reports were all lost, without another message', async () => {
    const { publisher, reader, broker } = await openTwo({ recheckMs: 20 })
    const subscription = reader.subscribe()
    await subscription.join('t')
    broker.isDeaf = true
    await publishAll(publisher, 't', numbered(3))
    expect(told(await take(subscription, 3))).toEqual(['1', '2', '3'])
  })

  it('tells of messages that a broker lost at the end of a topic as a reset', async () => {
    const { setup, publisher, reader, broker } = await openTwo()
    const subscription = reader.subscribe()
    await subscription.join('t', FROM_START)
    const [first] = await publishAll(publisher, 't', numbered(3))
    expect(told(await take(subscription, 3))).toEqual(['1', '2', '3'])
    setup.store.stop()
    const read = broker.read.bind(broker)
    // The same epoch, whose last messages were not on disk.
    broker.read = async (topic) => {
      await read(topic, FROM_START.sequence)
      return { epoch: first?.epoch ?? '', lastSequence: 1n, messages: first ? [first] : [] }
    }
    setup.store.start()
    expect(told(await take(subscription, 1))).toEqual(['reset, 1'])
  })

  it('ends a subscriber whose last message the broker has lost, although nobody has seen it', async () => {
    const { setup, publisher, reader, broker } = await openTwo()
    const subscription = reader.subscribe()
    await subscription.join('t')
    broker.isDeaf = true
    await reader.publish('t', 'lost')
    subscription.end()
    await setup.outages.wipe()
    await publisher.publish('t', 'of another epoch')
    expect((await subscription.next()).done).toBe(true)
  })

  it.each([
    [{ maxPendingMessages: 2 }, 3, 'x'],
    [{ maxMessageBytes: 10, maxPendingBytes: 20 }, 3, 'x'.repeat(10)],
  ])('lets a limited number of messages wait for the broker: %j', async (options, count, text) => {
    const { publisher } = await openTwo(options)
    const published = Array.from({ length: count }, () => failureOf(() => publisher.publish('t', text)))
    expect(await Promise.all(published)).toEqual(['nothing failed', 'nothing failed', 'limit_reached'])
    expect((await publisher.publish('t', text)).sequence).toBe(3n)
  })

  it('is unavailable until its broker is there, and then serves', async () => {
    const store = new MemoryBrokerStore(brokerLimitsOf())
    store.stop()
    const hub = createBrokerTopicHub(new MemoryTopicBroker(store))
    onTestFinished(() => hub.close())
    await hub.started
    expect(hub.isAvailable).toBe(false)
    expect(await failureOf(() => hub.publish('t', 'x'))).toBe('unavailable')
    store.start()
    expect(hub.isAvailable).toBe(true)
    expect((await hub.publish('t', 'x')).sequence).toBe(1n)
  })

  it('reads again after a read that failed while the broker could be reached', async () => {
    const { publisher, reader, broker } = await openTwo()
    const subscription = reader.subscribe()
    await subscription.join('t')
    broker.isDeaf = true
    await publisher.publish('t', '1')
    const read = broker.read.bind(broker)
    let failures = 1
    broker.read = (topic, after) => (failures-- > 0 ? Promise.reject(new Error('a timeout')) : read(topic, after))
    await sleep(5)
    broker.isDeaf = false
    await publisher.publish('t', '2')
    expect(told(await take(subscription, 2))).toEqual(['1', '2'])
  })
})

it.each([
  [{ maxPendingMessages: 0 }, 'maxPendingMessages must be a whole number from 1 to 1048576, is 0'],
  [{ recheckMs: 1.5 }, 'recheckMs must be a whole number from 10 to 86400000, is 1.5'],
  [{ quoteLeadMs: Number.NaN }, 'quoteLeadMs must be a whole number from 50 to 86400000, is NaN'],
  [{ maxPendingBytes: 1 }, 'maxPendingBytes must be at least maxMessageBytes, 65536'],
  [{ maxTopics: -1 }, 'maxTopics must be a whole number from 1 to 1000000, is -1'],
])('options out of range are refused: %j', (options, sentence) => {
  expect(() => brokerLimitsOf(options)).toThrow(new RangeError(`topic hub: ${sentence}`))
})
