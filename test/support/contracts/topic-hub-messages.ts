/** What a topic hub does with messages: the contract's part of publishers. */
import { expect, it } from 'vitest'
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

/** Names that differ only where a broker's names might not. */
const NAMES = [
  ...'a A a. .a ..a a.. a..b a.b a/b a-b a_b a//b /a a/ / // . .. - _'.split(' '),
  ...'a.b.c a.b. ab abc aB Ab _2E -2E 0 00 __proto__ constructor stocks Stocks/ACME'.split(' '),
  ...['x'.repeat(127), 'x'.repeat(128), `${'x'.repeat(127)}X`, '.'.repeat(128), '/'.repeat(128)],
]

/** Every Unicode character, in texts of less than 64 KiB. */
function* allCharacters(): Iterable<string> {
  for (let first = 0; first < 0x110000; first += 0x4000) {
    const points = Array.from({ length: 0x3fff }, (_, index) => first + index).concat(first + 0x3fff)
    const isScalar = (point: number) => point < 0xd800 || point > 0xdfff
    const text = String.fromCodePoint(...points.filter(isScalar))
    yield text.slice(0, text.length / 2)
    yield text.slice(text.length / 2)
  }
}

/** Registers the tests. */
export function testTopicMessages(engine: TopicHubEngine): void {
  it('are numbered from 1 in each topic, by all processes together', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [a, b] = await bench.openTwo()
    const published = [
      await a.publish('one', ''),
      await b.publish('two', ''),
      await b.publish('one', 'x'),
      await a.publish('one', ''),
    ]
    expect(published.map(({ topic, sequence }) => `${topic} ${sequence}`)).toEqual(['one 1', 'two 1', 'one 2', 'one 3'])
    expect(new Set(published.map(({ epoch }) => epoch)).size).toBe(2)
    expect(published[2]).toMatchObject({ data: 'x', dataBytes: 1, epoch: published[0]?.epoch })
    expect(Math.abs((published[0]?.timeMs ?? 0) - Date.now())).toBeLessThan(60_000)
  })

  it('of concurrent publishers have dense numbers, one order for all, and the order of each publisher', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [a, b] = await bench.openTwo()
    const readers = [a.subscribe(), b.subscribe()]
    for (const reader of readers) await reader.join('busy')
    const burst = (hub: typeof a, name: string) => {
      return Promise.all(numbered(100).map((text) => hub.publish('busy', `${name}${text}`)))
    }
    const published = (await Promise.all([burst(a, 'a'), burst(b, 'b')])).flat()
    const [first = [], second = []] = await Promise.all(readers.map((reader) => take(reader, 200)))
    expect(told(first)).toEqual(numbered(200))
    expect(second.map(({ message }) => message)).toEqual(first.map(({ message }) => message))
    const inOrder = published.toSorted((x, y) => Number(x.sequence - y.sequence))
    expect(first.map(({ message }) => message)).toEqual(inOrder)
    for (const name of ['a', 'b']) {
      expect(textsOf(first).filter((text) => text.startsWith(name))).toEqual(
        numbered(100).map((text) => `${name}${text}`),
      )
    }
  })

  it('of a topic stay in it, whatever characters its name has', async () => {
    await using bench = await TopicHubBench.start(engine, { maxTopicsPerSubscription: NAMES.length })
    const [publisher, reader] = await bench.openTwo()
    const live = reader.subscribe()
    for (const name of NAMES) await live.join(name)
    for (const name of NAMES)
      expect(await publisher.publish(name, `for ${name}`)).toMatchObject({ topic: name, sequence: 1n })
    const received = await take(live, NAMES.length)
    const late = reader.subscribe()
    for (const name of NAMES) await late.join(name, { epoch: '', sequence: 0n })
    for (const deliveries of [received, await take(late, NAMES.length)]) {
      expect(new Map(deliveries.map(({ message }) => [message.topic, message.data]))).toEqual(
        new Map(NAMES.map((name) => [name, `for ${name}`])),
      )
    }
  })

  it('keep every character of Unicode', async () => {
    await using bench = await TopicHubBench.start(engine)
    const [publisher, reader] = await bench.openTwo()
    const subscription = await joined(reader, 'texts')
    for (const text of allCharacters()) {
      await publisher.publish('texts', text)
      const [delivery] = await take(subscription, 1)
      expect(delivery?.message.data === text).toBe(true)
      expect(delivery?.message.dataBytes).toBe(Buffer.byteLength(text))
    }
  })

  it.each(['x', 'é', '€', '😀', '\0', '\n', '"', '\\', '{'])(
    'of 64 KiB of %j are kept; one character more is refused',
    async (text) => {
      await using bench = await TopicHubBench.start(engine)
      const [publisher, reader] = await bench.openTwo()
      const repeated = text.repeat(65_536 / Buffer.byteLength(text))
      const largest = repeated + 'x'.repeat(65_536 - Buffer.byteLength(repeated))
      await publisher.publish('large', largest)
      expect(await failureOf(() => publisher.publish('large', largest + text))).toBe('message_too_large')
      const subscription = await joined(reader, 'large', { epoch: '', sequence: 0n })
      const [delivery] = await take(subscription, 1)
      expect(delivery?.message.data === largest).toBe(true)
      expect(delivery?.message.dataBytes).toBe(65_536)
    },
  )

  it.each(['', 'with space', 'x'.repeat(129), 'ümlaut', 'a\nb', 'a*', 'a>', 'a{b}', '\0'])(
    'are refused on a topic named %j',
    async (name) => {
      await using bench = await TopicHubBench.start(engine)
      const hub = await bench.open()
      expect(await failureOf(() => hub.publish(name, ''))).toBe('invalid_topic')
      expect(await failureOf(() => hub.subscribe().join(name))).toBe('invalid_topic')
    },
  )

  it('are refused on topics that the server quotes on', async () => {
    await using bench = await TopicHubBench.start(engine)
    const hub = await bench.open()
    expect(await failureOf(() => hub.publish('stocks/ACME', '1'))).toBe('read_only')
    expect(await failureOf(() => hub.subscribe().join('stocks/a/b'))).toBe('invalid_topic')
  })

  it('never wait for a subscriber', async () => {
    await using bench = await TopicHubBench.start(engine, { maxQueueMessages: 10 })
    const [publisher, reader] = await bench.openTwo()
    const stalled = await joined(reader, 'fast')
    const other = await joined(reader, 'fast')
    for (const text of numbered(300)) {
      await publisher.publish('fast', text)
      await take(other, 1)
    }
    expect(told(await take(stalled, 10))).toEqual(['missed 290, 291', ...numbered(9, 292)])
  })

  it('of an evicted topic are gone, and its name begins a new epoch at 1', async () => {
    await using bench = await TopicHubBench.start(engine, { maxTopics: 2 })
    const [a, b] = await bench.openTwo()
    const first = await a.publish('evicted', 'old')
    await publishAll(a, 'second', ['x'])
    await publishAll(b, 'third', ['x'])
    const again = await b.publish('evicted', 'new')
    expect(again.sequence).toBe(1n)
    expect(again.epoch).not.toBe(first.epoch)
  })

  it('find no room when all topics have subscribers, of whatever process', async () => {
    await using bench = await TopicHubBench.start(engine, { maxTopics: 2 })
    const [a, b] = await bench.openTwo()
    for (const [hub, name] of [
      [a, 'one'],
      [b, 'two'],
    ] as const) {
      await hub.publish(name, 'x')
      await hub.subscribe().join(name)
    }
    expect(await failureOf(() => a.publish('three', 'x'))).toBe('limit_reached')
    expect((await b.publish('one', 'y')).sequence).toBe(2n)
  })
}
