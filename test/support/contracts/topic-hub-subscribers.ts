/** How subscribers of a topic hub come, go and fall behind: the contract's part of subscriptions. */
import { expect, it } from 'vitest'
import { collect } from '../collect.ts'
import {
  failureOf,
  joined,
  numbered,
  publishAll,
  TopicHubBench,
  type TopicHubEngine,
  take,
  textsOf,
  told,
} from './topic-hub-bench.ts'

/** Registers the tests. */
export function testTopicSubscribers(engine: TopicHubEngine): void {
  it('that are slow lose the oldest messages, which are counted', async () => {
    await using bench = await TopicHubBench.start(engine, { maxQueueMessages: 3 })
    const [publisher, reader] = await bench.openTwo()
    const slow = reader.subscribe()
    const fast = reader.subscribe()
    for (const topic of ['a', 'b']) for (const subscription of [slow, fast]) await subscription.join(topic)
    const publish = async (topic: string, text: string) => {
      await publisher.publish(topic, text)
      await take(fast, 1)
    }
    for (const text of numbered(4)) await publish('a', text)
    await publish('b', '1')
    expect(told(await take(slow, 3))).toEqual(['missed 2, 3', '4', '1'])
    await publish('a', '5')
    expect(told(await take(slow, 1))).toEqual(['5'])
  })

  it('that are slow by bytes lose messages as well', async () => {
    await using bench = await TopicHubBench.start(engine, { maxMessageBytes: 10, maxQueueBytes: 20 })
    const [publisher, reader] = await bench.openTwo()
    const [slow, fast] = [reader.subscribe(), reader.subscribe()]
    for (const subscription of [slow, fast]) await subscription.join('t')
    for (const text of ['é'.repeat(5), 'x'.repeat(10), '1']) {
      await publisher.publish('t', text)
      await take(fast, 1)
    }
    expect(told(await take(slow, 2))).toEqual(['missed 1, 2', '3'])
  })

  it('are limited, and make room when they close', async () => {
    await using bench = await TopicHubBench.start(engine, { maxSubscriptions: 2 })
    const hub = await bench.open()
    const [first] = [hub.subscribe(), hub.subscribe()]
    expect(await failureOf(() => hub.subscribe())).toBe('limit_reached')
    first.close()
    hub.subscribe()
  })

  it('join a limited number of topics, alone, per peer and together', async () => {
    await using bench = await TopicHubBench.start(engine, {
      maxTopicsPerSubscription: 2,
      maxJoins: 4,
      maxJoinsPerPeer: 3,
    })
    const hub = await bench.open()
    const [first, second, other] = [
      hub.subscribe({ peer: 'p' }),
      hub.subscribe({ peer: 'p' }),
      hub.subscribe({ peer: 'q' }),
    ]
    const all = await Promise.allSettled(['a', 'b', 'c'].map(async (topic) => first.join(topic)))
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    await second.join('a')
    expect(await failureOf(() => second.join('b'))).toBe('limit_reached')
    await other.join('a')
    expect(await failureOf(() => other.join('b'))).toBe('limit_reached')
    first.close()
    await other.join('b')
    await second.join('b')
  })

  it('that join twice read once', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [publisher, reader] = await bench.openTwo()
    await publishAll(publisher, 't', numbered(2))
    const subscription = reader.subscribe()
    const join = async () => subscription.join('t', { epoch: '', sequence: 0n })
    await Promise.all([join(), join(), join()])
    await join()
    await publisher.publish('t', '3')
    expect(told(await take(subscription, 3))).toEqual(['1', '2', '3'])
  })

  it('that end still read what their process had published, and nothing later', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [other, hub] = await bench.openTwo()
    for (let round = 0; round < 10; round++) {
      const subscription = await joined(hub, 'a')
      await subscription.join('b')
      const noise = publishAll(other, 'a', ['noise', 'noise'])
      await publishAll(hub, 'a', numbered(5))
      await publishAll(hub, 'b', numbered(5))
      subscription.end()
      expect(await failureOf(() => subscription.join('c'))).toMatchObject({ message: 'the subscription has ended' })
      await publishAll(hub, 'a', ['late'])
      const read = textsOf(await collect(subscription)).filter((text) => text !== 'noise')
      expect(read.toSorted()).toEqual([...numbered(5), ...numbered(5)].toSorted())
      await noise
    }
  })

  it('that end while they wait stop waiting', async () => {
    await using bench = await TopicHubBench.start(engine)
    const hub = await bench.open()
    const subscription = await joined(hub, 't')
    const read = subscription[Symbol.asyncIterator]().next()
    subscription.end()
    expect(await read).toMatchObject({ done: true })
    subscription.end()
    expect(await collect(subscription)).toEqual([])
  })

  it('that close leave at once, with their reason', async () => {
    await using bench = await TopicHubBench.start(engine)
    const hub = await bench.open()
    const subscription = await joined(hub, 't')
    const read = failureOf(() => take(subscription, 1))
    const reason = new Error('enough')
    subscription.close(reason)
    expect(await read).toBe(reason)
    expect(await failureOf(() => subscription.join('t'))).toBe(reason)
    await hub.publish('t', 'x')
    expect(await failureOf(() => take(subscription, 1))).toBe(reason)
  })

  it('that close, abort or end while they join have joined nothing', async () => {
    await using bench = await TopicHubBench.start(engine, { maxJoins: 1 })
    const hub = await bench.open()
    const stopping = new AbortController()
    const reason = new Error('stopped')
    const stops = [
      [hub.subscribe(), (it: ReturnType<typeof hub.subscribe>) => it.close(reason)],
      [hub.subscribe(), (it: ReturnType<typeof hub.subscribe>) => it.end()],
      [hub.subscribe({ signal: stopping.signal }), () => stopping.abort(reason)],
    ] as const
    for (const [subscription, stop] of stops) {
      const joining = Promise.allSettled([subscription.join('t')])
      stop(subscription)
      await joining
    }
    await hub.publish('t', 'x')
    for (const [subscription] of stops) {
      expect(await collect(subscription).catch((error: unknown) => error)).toSatisfy(
        (read) => read === reason || (read as []).length === 0,
      )
    }
    await hub.subscribe().join('free')
  })

  it('abort with the reason of their signal, before, while and after they wait', async () => {
    await using bench = await TopicHubBench.start(engine)
    const hub = await bench.open()
    const reason = new Error('gone')
    expect(await failureOf(() => take(hub.subscribe({ signal: AbortSignal.abort(reason) }), 1))).toBe(reason)
    const stopping = new AbortController()
    const subscription = hub.subscribe({ signal: stopping.signal })
    await subscription.join('t')
    const read = failureOf(() => take(subscription, 1))
    stopping.abort(reason)
    expect(await read).toBe(reason)
    expect(await failureOf(() => take(subscription, 1))).toBe(reason)
  })

  it('end when their loop is left, and have one read at a time', async () => {
    await using bench = await TopicHubBench.start(engine)
    const hub = await bench.open()
    const subscription = await joined(hub, 't')
    const iterator = subscription[Symbol.asyncIterator]()
    const read = iterator.next()
    await expect(iterator.next()).rejects.toThrow('one read at a time')
    await publishAll(hub, 't', numbered(2))
    expect(await read).toMatchObject({ value: { message: { data: '1' } } })
    for await (const { message } of subscription) {
      expect(message.data).toBe('2')
      break
    }
    expect(await collect(subscription)).toEqual([])
  })

  it('close with their hub, which then refuses everything; other processes go on', async () => {
    await using bench = await TopicHubBench.start(engine)
    const hub = await bench.open()
    const subscription = await joined(hub, 't')
    const read = failureOf(() => take(subscription, 1))
    await hub.close()
    await hub.close()
    expect(await read).toBe('closed')
    expect(await failureOf(() => hub.publish('t', 'x'))).toBe('closed')
    expect(await failureOf(() => hub.subscribe())).toBe('closed')
  })
}
