/** How subscribers of a topic hub go on from a position: the contract's part of history and resume. */
import { expect, it } from 'vitest'
import type { TopicPosition } from '../../../server/demo/topics/topic-hub.ts'
import { SeededRandom } from '../seeded-random.ts'
import {
  failureOf,
  joined,
  numbered,
  publishAll,
  TopicHubBench,
  type TopicHubEngine,
  take,
  takeUntil,
  textsOf,
  told,
} from './topic-hub-bench.ts'

const FROM_START: TopicPosition = { epoch: '', sequence: 0n }

/** Registers the tests. */
export function testTopicPositions(engine: TopicHubEngine): void {
  it('without a position, a subscriber reads what is published from now on', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [publisher, reader] = await bench.openTwo()
    await publishAll(publisher, 't', numbered(3))
    const first = await joined(reader, 't')
    await publishAll(publisher, 't', numbered(2, 4))
    const second = await joined(reader, 't')
    await publisher.publish('t', '6')
    expect(told(await take(first, 3))).toEqual(['4', '5', '6'])
    expect(told(await take(second, 1))).toEqual(['6'])
  })

  it('with a position, it reads what is kept after it, then what comes', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [publisher, reader] = await bench.openTwo()
    const [, second] = await publishAll(publisher, 't', numbered(4))
    for (const epoch of ['', second?.epoch ?? '']) {
      const subscription = await joined(reader, 't', { epoch, sequence: 2n })
      expect(told(await take(subscription, 2))).toEqual(['3', '4'])
    }
    const subscription = await joined(reader, 't', { epoch: second?.epoch ?? '', sequence: 4n })
    await publisher.publish('t', '5')
    expect(told(await take(subscription, 1))).toEqual(['5'])
  })

  it('reads a topic from its first message that it joined before the topic existed', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [publisher, reader] = await bench.openTwo()
    const subscriptions = [await joined(reader, 'new'), await joined(reader, 'new', FROM_START)]
    await publishAll(publisher, 'new', numbered(3))
    for (const subscription of subscriptions) expect(told(await take(subscription, 3))).toEqual(numbered(3))
  })

  it('keeps the newest messages by their count, and tells how many are gone', async () => {
    await using bench = await TopicHubBench.start(engine, { maxTopicMessages: 5 })
    const [publisher, reader] = await bench.openTwo()
    await publishAll(publisher, 't', numbered(12))
    expect(told(await take(await joined(reader, 't', FROM_START), 5))).toEqual(['missed 7, 8', '9', '10', '11', '12'])
    expect(told(await take(await joined(reader, 't', { epoch: '', sequence: 6n }), 1))).toEqual(['missed 1, 8'])
    expect(told(await take(await joined(reader, 't', { epoch: '', sequence: 7n }), 1))).toEqual(['8'])
  })

  it('keeps the newest messages by their bytes of UTF-8', async () => {
    await using bench = await TopicHubBench.start(engine, { maxMessageBytes: 100, maxTopicBytes: 100 })
    const [publisher, reader] = await bench.openTwo()
    await publishAll(publisher, 't', ['é'.repeat(20), '€'.repeat(20), 'x'])
    expect(told(await take(await joined(reader, 't', FROM_START), 2))).toEqual(['missed 1, 2', '3'])
    await publisher.publish('t', 'x'.repeat(100))
    expect(told(await take(await joined(reader, 't', FROM_START), 1))).toEqual(['missed 3, 4'])
  })

  it('reads all 1,024 messages of 1 KiB that a topic keeps', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [publisher, reader] = await bench.openTwo()
    const texts = numbered(1_024).map((text) => text.padEnd(1_024))
    await Promise.all(texts.map((text) => publisher.publish('t', text)))
    const read = await take(await joined(reader, 't', FROM_START), 1_024)
    expect(told(read)).toEqual(numbered(1_024))
    expect(textsOf(read)).toEqual(texts)
  })

  it('is out of range above the last message of the same epoch, and joins nothing', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [publisher, reader] = await bench.openTwo()
    const { epoch } = await publisher.publish('t', '1')
    const subscription = reader.subscribe()
    for (const sequence of [2n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
      expect(await failureOf(() => subscription.join('t', { epoch, sequence }))).toBe('out_of_range')
    }
    await publisher.publish('t', '2')
    await subscription.join('t', { epoch, sequence: 1n })
    expect(told(await take(subscription, 1))).toEqual(['2'])
  })

  it('counts as 0 above the last message without an epoch', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [publisher, reader] = await bench.openTwo()
    await publishAll(publisher, 't', numbered(2))
    for (const sequence of [3n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
      expect(told(await take(await joined(reader, 't', { epoch: '', sequence }), 2))).toEqual(['1', '2'])
    }
  })

  it('of another epoch is a reset: all that is kept, whatever its number', async () => {
    await using bench = await TopicHubBench.start(engine, { maxTopicMessages: 2 })
    const [publisher, reader] = await bench.openTwo()
    await publishAll(publisher, 't', numbered(3))
    for (const sequence of [0n, 2n, 3n, 99n, 2n ** 64n - 1n]) {
      expect(told(await take(await joined(reader, 't', { epoch: 'another', sequence }), 2))).toEqual(['reset, 2', '3'])
    }
    const early = await joined(reader, 'later', { epoch: 'another', sequence: 7n })
    await publisher.publish('later', '1')
    expect(told(await take(early, 1))).toEqual(['reset, 1'])
  })

  it.each([1, 2, 3])(
    'is joined to what comes without a gap or a repetition while others publish (seed %i)',
    async (seed) => {
      await using bench = await TopicHubBench.start(engine)
      const [publisher, reader] = await bench.openTwo()
      const random = new SeededRandom(seed)
      const { epoch } = await publisher.publish('t', '1')
      const publishing = publishAll(publisher, 't', numbered(299, 2))
      const join = async () => {
        await new Promise((resolve) => setTimeout(resolve, random.below(20)))
        const sequence = BigInt(random.below(2))
        const read = await takeUntil(await joined(reader, 't', { epoch, sequence }), '300')
        expect(told(read)).toEqual(numbered(300 - Number(sequence), Number(sequence) + 1))
      }
      await Promise.all([publishing, ...Array.from({ length: 20 }, join)])
    },
  )

  it('may differ among many subscribers that join at the same time', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [publisher, reader] = await bench.openTwo()
    await publishAll(publisher, 't', numbered(50))
    const positions = Array.from({ length: 50 }, (_, index) => BigInt(49 - index))
    const reads = positions.map(async (sequence) => {
      return takeUntil(await joined(reader, 't', { epoch: '', sequence }), '50')
    })
    for (const [index, read] of (await Promise.all(reads)).entries()) {
      expect(told(read)).toEqual(numbered(index + 1, 50 - index))
    }
  })

  it('of a subscriber that comes again and again is never lost', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [publisher, reader] = await bench.openTwo()
    let position: TopicPosition = FROM_START
    for (const text of numbered(20)) {
      const subscription = await joined(reader, 't', position)
      const published = await publisher.publish('t', text)
      expect(told(await take(subscription, 1))).toEqual([text])
      subscription.close()
      position = published
    }
  })
}
