import { afterEach, describe, expect, test, vi } from 'vitest'
import type { MemorySubscription } from '../../../../../server/demo/topics/memory-subscription.ts'
import type { MemoryTopicHub } from '../../../../../server/demo/topics/memory-topic-hub.ts'
import { TopicError } from '../../../../../server/demo/topics/topic-error.ts'
import { collect } from '../../../../support/collect.ts'
import { closeHubs, hubOf, reasonOf, summary } from '../../../../support/memory-hubs.ts'

afterEach(() => {
  vi.useRealTimers()
  closeHubs()
})

describe('publish', () => {
  test('numbers each topic separately', () => {
    const hub = hubOf()
    const published = [hub.publish('a', 'x'), hub.publish('a', ''), hub.publish('b', 'x')]
    expect(published.map(({ sequence }) => sequence)).toEqual([1n, 2n, 1n])
  })

  test('counts the size in UTF-8 bytes', () => {
    const hub = hubOf({ maxMessageBytes: 6 })
    expect(hub.publish('a', '聊天')).toMatchObject({ sequence: 1n, dataBytes: 6 })
    expect(() => hub.publish('a', '聊天!')).toThrow(
      new TopicError('message_too_large', 'must be 6 bytes of UTF-8 at most, is 7'),
    )
    expect(() => hub.publish('b', 'x'.repeat(7))).toThrow(TopicError)
    expect(hub.topicCount).toBe(1)
  })

  test('rejects invalid names and quote topics', () => {
    const hub = hubOf()
    expect(reasonOf(() => hub.publish('a b', 'x'))).toBe('invalid_topic')
    expect(reasonOf(() => hub.publish('stocks/ACME', 'x'))).toBe('read_only')
    expect(reasonOf(() => hub.publish('stocks/', 'x'))).toBe('read_only')
    expect(hub.publish('stocks', 'x')).toMatchObject({ sequence: 1n })
  })

  test('never waits for a subscriber, and 10,000 messages to a stalled one use a bounded queue', async () => {
    const hub = hubOf()
    const subscription = hub.subscribe()
    subscription.join('a')
    for (let count = 0; count < 10_000; count++) hub.publish('a', 'x')
    subscription.end()
    const deliveries = await collect(subscription)
    expect(deliveries.length).toBe(1_024)
    expect(deliveries[0]).toMatchObject({ missed: 8_976n, message: { sequence: 8_977n } })
    expect(deliveries.slice(1).every(({ missed }) => missed === 0n)).toBe(true)
  })
})

describe('messages queued for ended subscribers', () => {
  const KIB = 1_024

  function endWithUnread(hub: MemoryTopicHub, topic: string): MemorySubscription {
    const subscription = hub.subscribe()
    subscription.join(topic)
    for (let count = 0; count < 4; count++) hub.publish(topic, 'x'.repeat(KIB))
    subscription.end()
    return subscription
  }

  test('count until they are read or dropped', async () => {
    const hub = hubOf()
    const [one, two] = [endWithUnread(hub, 'a'), endWithUnread(hub, 'b')]
    const held = hub.endedQueueBytes
    expect(held).toBeGreaterThan(8 * KIB)
    expect(hub.subscriptionCount).toBe(2)
    await one.next()
    expect(hub.endedQueueBytes).toBe((held * 7) / 8)
    one.close()
    expect(hub.endedQueueBytes).toBe(held / 2)
    expect(await collect(two)).toHaveLength(4)
    expect([hub.endedQueueBytes, hub.subscriptionCount]).toEqual([0, 0])
  })

  test('are dropped above the limit, oldest ended subscriber first, with an error', async () => {
    const hub = hubOf({ maxMessageBytes: KIB, maxEndedQueueBytes: 10 * KIB })
    const ended = ['a', 'b', 'c', 'd'].map((topic) => endWithUnread(hub, topic))
    expect(hub.endedQueueBytes).toBeLessThanOrEqual(10 * KIB)
    const outcomes = await Promise.allSettled(ended.map(collect))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled'])
    expect(outcomes[0]).toMatchObject({ reason: { reason: 'limit_reached' } })
    expect(hub.endedQueueBytes).toBe(0)
  })
})

describe('stocks/ topics', () => {
  test('quote once per interval while there is a reader', async () => {
    vi.useFakeTimers()
    const hub = hubOf({ quoteIntervalMs: 1_000, quoteSeed: 5 })
    expect(vi.getTimerCount()).toBe(0)
    const subscription = hub.subscribe()
    subscription.join('stocks/ACME')
    expect([vi.getTimerCount(), hub.isQuoting]).toEqual([1, true])
    vi.advanceTimersByTime(3_000)
    subscription.end()
    expect([vi.getTimerCount(), hub.isQuoting]).toEqual([0, false])
    const deliveries = await collect(subscription)
    expect(summary(deliveries)).toEqual(['1', '2', '3'])
    expect(deliveries.map(({ message }) => JSON.parse(message.data))).toEqual(
      Array(3).fill({ symbol: 'ACME', price: expect.any(Number), change: expect.any(Number) }),
    )
  })

  test('stop with their last reader, and resume where they stopped', async () => {
    vi.useFakeTimers()
    const hub = hubOf()
    const [one, two] = [hub.subscribe(), hub.subscribe()]
    for (const subscription of [one, two]) subscription.join('stocks/ACME')
    vi.advanceTimersByTime(1_000)
    one.close()
    vi.advanceTimersByTime(1_000)
    two.close()
    vi.advanceTimersByTime(10_000)
    const back = hub.subscribe()
    back.join('stocks/ACME', { epoch: '', sequence: 1n })
    vi.advanceTimersByTime(1_000)
    back.end()
    const [second, third] = await collect(back)
    expect([second?.message.sequence, third?.message.sequence]).toEqual([2n, 3n])
    const [from, to] = [second, third].map((delivery) => JSON.parse(delivery?.message.data ?? ''))
    expect(to.price - from.price).toBeCloseTo(to.change, 6)
  })

  test('share one timer', () => {
    vi.useFakeTimers()
    const subscription = hubOf().subscribe()
    for (const symbol of ['A', 'B', 'C']) subscription.join(`stocks/${symbol}`)
    expect(vi.getTimerCount()).toBe(1)
  })

  test.each(['stocks/', 'stocks/A/B', `stocks/${'A'.repeat(17)}`])('rejects %s', (topic) => {
    const hub = hubOf()
    expect(reasonOf(() => hub.subscribe().join(topic))).toBe('invalid_topic')
    expect([hub.topicCount, hub.isQuoting]).toEqual([0, false])
  })

  test('skip a quote that there is no room for', () => {
    vi.useFakeTimers()
    const hub = hubOf({ maxTotalBytes: 1_100, maxTopicBytes: 50, maxMessageBytes: 50, maxQueueBytes: 50 })
    const subscription = hub.subscribe()
    subscription.join('stocks/ACME')
    vi.advanceTimersByTime(2_000)
    expect([hub.isQuoting, hub.topicCount]).toEqual([true, 0])
  })
})

describe('close', () => {
  test('ends all subscribers, stops the quotes and rejects later calls', async () => {
    vi.useFakeTimers()
    const hub = hubOf()
    const [idle, busy] = [hub.subscribe(), hub.subscribe()]
    idle.join('stocks/ACME')
    busy.join('a')
    hub.publish('a', 'x')
    const pending = idle.next()
    hub.close()
    hub.close()
    await expect(pending).rejects.toMatchObject({ reason: 'closed' })
    await expect(busy.next()).rejects.toMatchObject({ reason: 'closed' })
    expect([hub.subscriptionCount, hub.topicCount, hub.keptBytes, vi.getTimerCount()]).toEqual([0, 0, 0, 0])
    expect(reasonOf(() => hub.publish('a', 'x'))).toBe('closed')
    expect(reasonOf(() => hub.subscribe())).toBe('closed')
  })
})
