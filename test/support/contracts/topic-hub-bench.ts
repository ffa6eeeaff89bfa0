/** What the contract suite of topic hubs needs of an engine, and what its tests share. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { BrokerTopicHubOptions } from '../../../server/demo/topics/broker/broker-topic-hub-options.ts'
import { TopicError } from '../../../server/demo/topics/topic-error.ts'
import type {
  TopicDelivery,
  TopicHub,
  TopicMessage,
  TopicPosition,
  TopicSubscription,
} from '../../../server/demo/topics/topic-hub.ts'

/** Where one test runs: a broker, or a part of one, that has no topics yet. */
export interface TopicHubSetup extends AsyncDisposable {
  /** Opens the hub of another process, which can be used at once. A hub without a broker is the same one each time. */
  open(): Promise<TopicHub>
  /** What can happen to the broker; undefined for a hub without a broker. */
  readonly outages: TopicHubOutages | undefined
}

/** What happens to a broker, and to the processes that share it. */
export interface TopicHubOutages {
  /** Cuts one process off from the broker, and resolves when its hub knows. Others go on. */
  cut(hub: TopicHub): Promise<void>
  /** Lets it reach the broker again. */
  restore(hub: TopicHub): Promise<void>
  /** Ends a process as kill -9 does: it gives up nothing. */
  kill(hub: TopicHub): Promise<void>
  /** Stops the broker and starts it again, with its topics. Resolves when it accepts connections. */
  restart(): Promise<void>
  /** Loses all topics, also those that are followed. */
  wipe(): Promise<void>
}

/**
 * One engine. `setUp` is called once in each test, with options that all hubs of the test get. The bench closes the hubs that were not
 * killed, then disposes of the setup.
 */
export interface TopicHubEngine {
  setUp(options: BrokerTopicHubOptions): Promise<TopicHubSetup>
}

/** The hubs of one test. */
export class TopicHubBench implements AsyncDisposable {
  readonly #setup: TopicHubSetup
  readonly #hubs = new Set<TopicHub>()

  private constructor(setup: TopicHubSetup) {
    this.#setup = setup
  }

  static async start(engine: TopicHubEngine, options: BrokerTopicHubOptions = {}): Promise<TopicHubBench> {
    return new TopicHubBench(await engine.setUp(options))
  }

  get outages(): TopicHubOutages {
    if (this.#setup.outages === undefined) throw new Error('the engine has no broker')
    return this.#setup.outages
  }

  async open(): Promise<TopicHub> {
    const hub = await this.#setup.open()
    this.#hubs.add(hub)
    return hub
  }

  /** Two processes: the first publishes, the second has the subscribers. */
  async openTwo(): Promise<[publisher: TopicHub, reader: TopicHub]> {
    return [await this.open(), await this.open()]
  }

  async kill(hub: TopicHub): Promise<void> {
    this.#hubs.delete(hub)
    await this.outages.kill(hub)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const hub of this.#hubs) await hub.close()
    await this.#setup[Symbol.asyncDispose]()
  }
}

/** Publishes texts one after the other. */
export async function publishAll(hub: TopicHub, topic: string, texts: Iterable<string>): Promise<TopicMessage[]> {
  const published: TopicMessage[] = []
  for (const text of texts) published.push(await hub.publish(topic, text))
  return published
}

/** Publishes a text as soon as the broker takes it. */
export async function publishWhenBack(hub: TopicHub, topic: string, text: string): Promise<TopicMessage> {
  for (;;) {
    const published = await Promise.resolve(hub.publish(topic, text)).catch(() => undefined)
    if (published !== undefined) return published
    await sleep(5)
  }
}

/** Creates a subscriber that has joined a topic. */
export async function joined(hub: TopicHub, topic: string, after?: TopicPosition): Promise<TopicSubscription> {
  const subscription = hub.subscribe()
  await subscription.join(topic, after)
  return subscription
}

/** `'1'` to `'count'`. */
export function numbered(count: number, first = 1): string[] {
  return Array.from({ length: count }, (_, index) => String(first + index))
}

/** Reads that many messages. */
export async function take(subscription: TopicSubscription, count: number): Promise<TopicDelivery[]> {
  const iterator = subscription[Symbol.asyncIterator]()
  const taken: TopicDelivery[] = []
  while (taken.length < count) {
    const { done, value } = await iterator.next()
    if (done) throw new Error(`the subscription ended after ${taken.length} messages`)
    taken.push(value)
  }
  return taken
}

/** Reads up to the message with that text. */
export async function takeUntil(subscription: TopicSubscription, text: string): Promise<TopicDelivery[]> {
  const taken: TopicDelivery[] = []
  while (taken.at(-1)?.message.data !== text) taken.push(...(await take(subscription, 1)))
  return taken
}

/** Deliveries as text: `3`, `missed 2, 6`, `reset, 1`. */
export function told(deliveries: readonly TopicDelivery[]): string[] {
  return deliveries.map(({ message, missed, isReset }) => {
    return `${isReset ? 'reset, ' : ''}${missed > 0n ? `missed ${missed}, ` : ''}${message.sequence}`
  })
}

/** The texts of deliveries. */
export function textsOf(deliveries: readonly TopicDelivery[]): string[] {
  return deliveries.map(({ message }) => message.data)
}

/** The reason of the TopicError that an action fails with. */
export async function failureOf(action: () => unknown): Promise<unknown> {
  try {
    await action()
  } catch (error) {
    return error instanceof TopicError ? error.reason : error
  }
  return 'nothing failed'
}
