/** The topic hub of one process among several that share a broker. */
import { HubSubscribers } from '../hub-subscribers.ts'
import { JoinCounts } from '../join-counts.ts'
import type { MemorySubscription } from '../memory-subscription.ts'
import type { MessageWindowLimits } from '../message-window.ts'
import { isQuoteTopic, symbolOf } from '../stock-quotes.ts'
import { brokerUnavailableError, hubClosedError, TopicError } from '../topic-error.ts'
import type { SubscribeOptions, TopicHub, TopicMessage, TopicPosition } from '../topic-hub.ts'
import type { Replay } from '../topic-log.ts'
import { assertPublishable, assertTopicName, messageBytes } from '../topic-rules.ts'
import { BrokerSubscription, type BrokerSubscriptionOwner, type JoinRequest } from './broker-subscription.ts'
import {
  type BrokerTopicHubOptions,
  type BrokerTopicHubSettings,
  normalizeBrokerTopicHubOptions,
} from './broker-topic-hub-options.ts'
import { FollowedTopics } from './followed-topics.ts'
import { PendingLimit } from './pending-limit.ts'
import { QuoteProducer } from './quote-producer.ts'
import type { TopicBroker } from './topic-broker.ts'

/** A topic hub whose topics a broker keeps. */
export interface BrokerTopicHub extends TopicHub {
  publish(topic: string, data: string): Promise<TopicMessage>
  subscribe(options?: SubscribeOptions): BrokerSubscription
  close(): Promise<void>
  /**
   * Resolves when the broker was reached for the first time. Rejects with its refusal, for example of the password, or with a TopicError
   * `closed` if the hub was closed before.
   */
  readonly started: Promise<void>
  /** Whether the broker can be reached: whether messages can be published. */
  readonly isAvailable: boolean
  /** How many subscribers take messages, or still have some to read. */
  readonly subscriptionCount: number
  /** How many topics the broker reports on. */
  readonly followedCount: number
}

/**
 * Creates a hub over a broker, starts the broker, and closes it with the hub. While the broker cannot be reached, publishers and new
 * joins fail with a TopicError `unavailable`; subscribers stay, and go on where they were when it is back. Throws a RangeError on
 * options out of range.
 */
export function createBrokerTopicHub(broker: TopicBroker, options?: BrokerTopicHubOptions): BrokerTopicHub {
  return new BrokerHub(broker, normalizeBrokerTopicHubOptions(options))
}

class BrokerHub implements BrokerTopicHub, BrokerSubscriptionOwner {
  readonly queueLimits: MessageWindowLimits
  readonly started: Promise<void>
  readonly #broker: TopicBroker
  readonly #options: BrokerTopicHubSettings
  readonly #subscribers: HubSubscribers
  readonly #joins: JoinCounts
  readonly #pending: PendingLimit
  readonly #topics: FollowedTopics
  readonly #quotes: QuoteProducer
  #closing: Promise<void> | undefined

  constructor(broker: TopicBroker, options: BrokerTopicHubSettings) {
    this.queueLimits = { maxMessages: options.maxQueueMessages, maxBytes: options.maxQueueBytes }
    this.#broker = broker
    this.#options = options
    this.#subscribers = new HubSubscribers(options)
    this.#joins = new JoinCounts(options)
    this.#pending = new PendingLimit({ maxItems: options.maxPendingMessages, maxBytes: options.maxPendingBytes })
    this.#topics = new FollowedTopics(broker, options)
    this.#quotes = new QuoteProducer(broker, options)
    const start = broker.start({
      onMessage: (message) => this.#topics.report(message),
      onAvailable: (isAvailable) => {
        if (isAvailable) this.#topics.syncAll()
      },
    })
    this.started = start.catch((error: unknown) => {
      throw this.#closing === undefined ? error : hubClosedError()
    })
    // Callers that await `started` see why it fails; publishers see `unavailable`.
    this.started.catch(() => {})
  }

  get isAvailable(): boolean {
    return this.#closing === undefined && this.#broker.isAvailable
  }

  get subscriptionCount(): number {
    return this.#subscribers.size
  }

  get followedCount(): number {
    return this.#topics.size
  }

  async publish(topic: string, data: string): Promise<TopicMessage> {
    this.#assertOpen()
    assertPublishable(topic)
    const dataBytes = messageBytes(data, this.#options.maxMessageBytes)
    this.#assertAvailable()
    this.#pending.add(dataBytes)
    try {
      const message = await this.#broker.append(topic, data, dataBytes)
      this.#topics.find(topic)?.accept(message)
      return message
    } finally {
      this.#pending.delete(dataBytes)
    }
  }

  subscribe(options: SubscribeOptions = {}): BrokerSubscription {
    this.#assertOpen()
    this.#subscribers.assertRoom()
    const subscription = new BrokerSubscription(this, options)
    if (!options.signal?.aborted) this.#subscribers.add(subscription)
    return subscription
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#subscribers.close(hubClosedError())
    this.#quotes.close()
    this.#topics.close()
    await this.#broker.close()
  }

  async prepareJoin({ subscription, topic: name, after, join }: JoinRequest): Promise<void> {
    const { maxTopicsPerSubscription } = this.#options
    if (subscription.joinCount >= maxTopicsPerSubscription) {
      throw new TopicError('limit_reached', `a subscriber may join ${maxTopicsPerSubscription} topics at most`)
    }
    assertTopicName(name)
    if (isQuoteTopic(name)) symbolOf(name)
    this.#assertAvailable()
    this.#joins.add(subscription.peer)
    const topic = this.#topics.hold(name)
    try {
      await topic.prepare(after)
      this.#assertOpen()
      join()
    } catch (error) {
      this.#joins.delete(subscription.peer)
      throw error
    } finally {
      this.#topics.release(topic)
    }
  }

  /** Called by a subscriber's join, once its topic is prepared. */
  join(subscription: BrokerSubscription, name: string, after: TopicPosition | undefined): Replay | null {
    const topic = this.#topics.get(name)
    const replay = after === undefined ? null : topic.mirror.replay(after)
    topic.listeners.add(subscription)
    if (isQuoteTopic(name)) this.#quotes.start(name)
    return replay
  }

  leave(subscription: BrokerSubscription): void {
    for (const name of [...subscription.joined]) this.leaveTopic(subscription, name)
  }

  leaveTopic(subscription: BrokerSubscription, name: string): void {
    subscription.joined.delete(name)
    this.#joins.delete(subscription.peer)
    const topic = this.#topics.get(name)
    topic.listeners.delete(subscription)
    if (topic.listeners.size === 0) this.#quotes.stop(name)
    this.#topics.releaseIfUnused(topic)
  }

  awaitedOf(name: string): TopicPosition | undefined {
    const topic = this.#topics.get(name)
    if (topic.awaited !== undefined) this.#topics.syncSoon(topic)
    return topic.awaited
  }

  countEnded(subscription: MemorySubscription, bytes: number): void {
    this.#subscribers.countEnded(subscription, bytes)
  }

  forget(subscription: MemorySubscription): void {
    this.#subscribers.delete(subscription)
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw hubClosedError()
  }

  #assertAvailable(): void {
    if (!this.#broker.isAvailable) throw brokerUnavailableError()
  }
}
