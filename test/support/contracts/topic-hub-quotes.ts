/** Who quotes on `stocks/SYMBOL` topics: the contract's part of the ticker. */
import { expect, it } from 'vitest'
import type { TopicDelivery } from '../../../server/demo/topics/topic-hub.ts'
import { joined, numbered, TopicHubBench, type TopicHubEngine, take, told } from './topic-hub-bench.ts'

const FAST = { quoteIntervalMs: 20, quoteLeadMs: 400 }

interface Quote {
  readonly symbol: string
  readonly price: number
  readonly change: number
}

/** Each quote goes on from the price of the one before: only one server makes them at a time. */
export function expectOneWalk(deliveries: readonly TopicDelivery[]): void {
  const quotes = deliveries.map(({ message }): Quote => JSON.parse(message.data))
  for (const [index, { price, change }] of quotes.entries()) {
    const before = quotes[index - 1]
    if (before !== undefined) expect(price - change).toBeCloseTo(before.price, 5)
  }
}

/** Registers the tests. */
export function testTopicQuotes(engine: TopicHubEngine): void {
  it('are made by one server for the subscribers of all', async () => {
    await using bench = await TopicHubBench.start(engine, FAST)
    const hubs = await bench.openTwo()
    const subscriptions = hubs.map((hub) => hub.subscribe())
    for (const subscription of subscriptions) await subscription.join('stocks/ACME', { epoch: '', sequence: 0n })
    const reads = await Promise.all(subscriptions.map((subscription) => take(subscription, 15)))
    for (const read of reads) {
      expect(told(read)).toEqual(numbered(15))
      expectOneWalk(read)
    }
    expect(reads[0]?.map(({ message }) => message.data)).toEqual(reads[1]?.map(({ message }) => message.data))
  })

  it('stop with their last reader, and go on from the last price in whatever process', async () => {
    await using bench = await TopicHubBench.start(engine, FAST)
    const [a, b] = await bench.openTwo()
    const first = await joined(a, 'stocks/ACME')
    const before = await take(first, 3)
    first.close()
    const second = await joined(b, 'stocks/ACME', { epoch: '', sequence: 0n })
    const read = await take(second, 10)
    expect(told(read)).toEqual(numbered(10))
    expect(read.slice(0, 3).map(({ message }) => message.data)).toEqual(before.map(({ message }) => message.data))
    expectOneWalk(read)
  })
}
