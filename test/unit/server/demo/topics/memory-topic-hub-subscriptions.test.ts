import { afterEach, describe, expect, test, vi } from 'vitest'
import type { MemoryTopicHub } from '../../../../../server/demo/topics/memory-topic-hub.ts'
import type { TopicDelivery, TopicPosition } from '../../../../../server/demo/topics/topic-hub.ts'
import { collect } from '../../../../support/collect.ts'
import { closeHubs, hubOf, reasonOf, summary } from '../../../../support/memory-hubs.ts'

afterEach(closeHubs)

describe('a subscription', () => {
  test("receives messages published after it joined, with the clock's time", async () => {
    const hub = hubOf({ now: () => 1_700_000_000_123, createEpoch: () => 'now' })
    hub.publish('a', 'before')
    const subscription = hub.subscribe()
    subscription.join('a')
    hub.publish('a', 'after')
    hub.publish('b', 'elsewhere')
    subscription.end()
    expect(await collect(subscription)).toEqual([
      {
        message: { topic: 'a', epoch: 'now', sequence: 2n, timeMs: 1_700_000_000_123, data: 'after', dataBytes: 5 },
        missed: 0n,
        isReset: false,
      },
    ])
  })

  test('receives the same object as every other, in the same order', async () => {
    const hub = hubOf()
    const [one, two] = [hub.subscribe(), hub.subscribe()]
    for (const subscription of [one, two]) subscription.join('a')
    for (const data of ['x', 'y']) hub.publish('a', data)
    for (const subscription of [one, two]) subscription.end()
    const [ones, twos] = await Promise.all([collect(one), collect(two)])
    expect(ones.map(({ message }) => message.data)).toEqual(['x', 'y'])
    expect(ones.every(({ message }, index) => message === twos[index]?.message)).toBe(true)
  })

  test('waits for the next message', async () => {
    const hub = hubOf()
    const subscription = hub.subscribe()
    subscription.join('a')
    const first = subscription.next()
    hub.publish('a', 'x')
    hub.publish('a', 'y')
    expect(await first).toMatchObject({ value: { message: { data: 'x' } } })
    expect(await subscription.next()).toMatchObject({ value: { message: { data: 'y' } } })
  })

  test('with a position, reads kept messages first, then new ones', async () => {
    const hub = hubOf({ maxTopicMessages: 3 })
    for (const data of ['1', '2', '3', '4', '5']) hub.publish('a', data)
    const subscription = hub.subscribe()
    subscription.join('a', { epoch: '', sequence: 1n })
    hub.publish('a', '6')
    subscription.end()
    expect(summary(await collect(subscription))).toEqual(['3 missed 1', '4', '5', '6'])
  })

  test('may join a topic twice without reading it twice', async () => {
    const hub = hubOf()
    hub.publish('a', 'x')
    const subscription = hub.subscribe()
    subscription.join('a', { epoch: '', sequence: 0n })
    subscription.join('a', { epoch: '', sequence: 0n })
    hub.publish('a', 'y')
    subscription.end()
    expect(summary(await collect(subscription))).toEqual(['1', '2'])
  })

  test('has a limited number of joins', () => {
    const subscription = hubOf({ maxTopicsPerSubscription: 2 }).subscribe()
    for (const topic of ['a', 'b', 'a']) subscription.join(topic)
    expect(reasonOf(() => subscription.join('c'))).toBe('limit_reached')
  })

  test('counts against a limit', () => {
    const hub = hubOf({ maxSubscriptions: 1 })
    const first = hub.subscribe()
    expect(reasonOf(() => hub.subscribe())).toBe('limit_reached')
    first.close()
    expect(() => hub.subscribe()).not.toThrow()
  })

  test('rejects a second read while one is pending', async () => {
    const subscription = hubOf().subscribe()
    const first = subscription.next()
    await expect(subscription.next()).rejects.toThrow('one read at a time')
    subscription.close()
    expect(await first).toEqual({ done: true, value: undefined })
  })

  test('ends at once when the loop is left', async () => {
    const hub = hubOf()
    const subscription = hub.subscribe()
    subscription.join('a')
    hub.publish('a', 'x')
    for await (const { message } of subscription) {
      expect(message.data).toBe('x')
      break
    }
    expect([hub.subscriptionCount, hub.topicCount]).toEqual([0, 1])
    expect(await subscription.next()).toEqual({ done: true, value: undefined })
    expect(() => subscription.join('a')).toThrow('has ended')
  })

  test('after end() reads earlier messages and nothing later', async () => {
    const hub = hubOf()
    const subscription = hub.subscribe()
    subscription.join('a')
    hub.publish('a', 'x')
    subscription.end()
    hub.publish('a', 'y')
    expect(summary(await collect(subscription))).toEqual(['1'])
    expect(hub.subscriptionCount).toBe(0)
  })

  test('end() resolves a pending read', async () => {
    const subscription = hubOf().subscribe()
    const pending = subscription.next()
    subscription.end()
    expect(await pending).toEqual({ done: true, value: undefined })
  })

  test('an abort rejects a pending read, with its reason', async () => {
    const hub = hubOf()
    const controller = new AbortController()
    const subscription = hub.subscribe({ signal: controller.signal })
    subscription.join('a')
    const pending = subscription.next()
    const reason = new Error('gone')
    controller.abort(reason)
    await expect(pending).rejects.toBe(reason)
    await expect(subscription.next()).rejects.toBe(reason)
    expect(() => subscription.join('b')).toThrow(reason)
    expect([hub.subscriptionCount, hub.topicCount]).toEqual([0, 0])
  })

  test('an abort drops queued messages, even after end()', async () => {
    const hub = hubOf()
    const controller = new AbortController()
    const subscription = hub.subscribe({ signal: controller.signal })
    subscription.join('a')
    hub.publish('a', 'x')
    subscription.end()
    controller.abort(new Error('gone'))
    await expect(subscription.next()).rejects.toThrow('gone')
  })

  test('is over from the start when the signal is already aborted', async () => {
    const hub = hubOf()
    const subscription = hub.subscribe({ signal: AbortSignal.abort(new Error('gone')) })
    expect(hub.subscriptionCount).toBe(0)
    await expect(subscription.next()).rejects.toThrow('gone')
  })

  test('leaves no listener on the signal', () => {
    const { signal } = new AbortController()
    const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
    hubOf().subscribe({ signal }).close()
    expect(added.mock.calls.length).toBe(1)
    expect(removed.mock.calls[0]?.slice(0, 2)).toEqual(added.mock.calls[0]?.slice(0, 2))
  })
})

describe('an evicted topic', () => {
  test('restarts at 1, and a subscriber returning with a higher number reads all that is kept', async () => {
    const hub = hubOf({ maxTopics: 1 })
    for (const data of ['x', 'y', 'z']) hub.publish('a', data)
    hub.publish('b', 'evicts a')
    expect(hub.publish('a', 'anew')).toMatchObject({ sequence: 1n })
    const subscription = hub.subscribe()
    subscription.join('a', { epoch: '', sequence: 3n })
    subscription.end()
    expect(summary(await collect(subscription))).toEqual(['1'])
  })
})

describe('a position', () => {
  test('of an evicted topic is a reset: nothing that the new one keeps is left out', async () => {
    const hub = hubOf({ maxTopics: 1 })
    const { epoch } = hub.publish('a', 'old')
    hub.publish('b', 'evicts a')
    for (const data of ['1', '2', '3']) hub.publish('a', data)
    const deliveries = await resume(hub, { epoch, sequence: 1n })
    expect(summary(deliveries)).toEqual(['1', '2', '3'])
    expect(deliveries.map(({ isReset }) => isReset)).toEqual([true, false, false])
  })

  test('of another hub is a reset even if its topic has no message yet', async () => {
    const { epoch } = hubOf().publish('a', 'x')
    const hub = hubOf()
    const subscription = hub.subscribe()
    subscription.join('a', { epoch, sequence: 1n })
    hub.publish('a', 'first')
    hub.publish('a', 'second')
    subscription.end()
    expect((await collect(subscription)).map(({ isReset }) => isReset)).toEqual([true, false])
  })

  test('belongs to one incarnation: epochs differ between topics, hubs and evictions', () => {
    const hub = hubOf({ maxTopics: 1 })
    const published = [hub.publish('a', 'x'), hub.publish('b', 'x'), hub.publish('a', 'x'), hubOf().publish('a', 'x')]
    expect(new Set(published.map(({ epoch }) => epoch)).size).toBe(published.length)
    expect(published.every(({ epoch }) => /^[\w-]{16}$/.test(epoch))).toBe(true)
    expect(hub.publish('a', 'y').epoch).toBe(published[2]?.epoch)
  })

  test('above the last message of its epoch is out of range, and joins nothing', () => {
    const hub = hubOf()
    const { epoch } = hub.publish('a', 'x')
    const subscription = hub.subscribe()
    expect(reasonOf(() => subscription.join('a', { epoch, sequence: 2n }))).toBe('out_of_range')
    expect(subscription.joined.size).toBe(0)
    subscription.join('a', { epoch, sequence: 1n })
    hub.publish('a', 'y')
    subscription.end()
  })
})

describe('joins', () => {
  test('create no topic, and leave room for those of others', () => {
    const hub = hubOf({ maxTopics: 2, maxTopicsPerSubscription: 10 })
    const subscription = hub.subscribe()
    for (let count = 0; count < 10; count++) subscription.join(`name/${count}`)
    expect(hub.topicCount).toBe(0)
    expect(hub.publish('a', 'x')).toMatchObject({ sequence: 1n })
  })

  test('are limited per peer and in total, and freed when their subscriber leaves', () => {
    const hub = hubOf({ maxJoins: 3, maxJoinsPerPeer: 2 })
    const [one, two, three] = ['p', 'p', 'q'].map((peer) => hub.subscribe({ peer }))
    one?.join('a')
    two?.join('b')
    expect(reasonOf(() => two?.join('c'))).toBe('limit_reached')
    three?.join('a')
    expect(reasonOf(() => three?.join('b'))).toBe('limit_reached')
    one?.close()
    two?.join('c')
    expect(reasonOf(() => hub.subscribe().join('a'))).toBe('limit_reached')
  })
})

function resume(hub: MemoryTopicHub, position: TopicPosition): Promise<TopicDelivery[]> {
  const subscription = hub.subscribe()
  subscription.join('a', position)
  subscription.end()
  return collect(subscription)
}
