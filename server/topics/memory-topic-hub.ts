/** The embedded topic hub: everything in the memory of this process. */

import { MemorySubscription, type SubscriptionOwner } from './memory-subscription.ts'
import { type MemoryTopicHubOptions, normalizeMemoryTopicHubOptions } from './memory-topic-hub-options.ts'
import type { MessageWindowLimits } from './message-window.ts'
import { isQuoteTopic, StockQuotes, symbolOf } from './stock-quotes.ts'
import { Ticker } from './ticker.ts'
import { Topic } from './topic.ts'
import { TopicError } from './topic-error.ts'
import type { TopicHub } from './topic-hub.ts'
import { assertTopicName } from './topic-name.ts'
import { TopicStore } from './topic-store.ts'

/** A topic hub that answers at once, and tells how full it is. */
export interface MemoryTopicHub extends TopicHub {
  publish(topic: string, data: string): bigint
  subscribe(signal?: AbortSignal): MemorySubscription
  close(): void
  /** How many topics there are. */
  readonly topicCount: number
  /** How many subscribers take messages. */
  readonly subscriptionCount: number
  /** How many bytes the topics keep together, overhead included. */
  readonly keptBytes: number
  /** Whether the timer of the quotes runs: only while somebody reads a `stocks/SYMBOL` topic. */
  readonly isQuoting: boolean
}

/** Creates the embedded hub. Throws a RangeError on options out of range. */
export function createMemoryTopicHub(options?: MemoryTopicHubOptions): MemoryTopicHub {
  return new EmbeddedHub(normalizeMemoryTopicHubOptions(options))
}

class EmbeddedHub implements MemoryTopicHub, SubscriptionOwner {
  readonly queueLimits: MessageWindowLimits
  readonly #options: Required<MemoryTopicHubOptions>
  readonly #topics: TopicStore
  readonly #subscriptions = new Set<MemorySubscription>()
  readonly #ticker: Ticker<Topic>
  #isClosed = false

  constructor(options: Required<MemoryTopicHubOptions>) {
    const { maxTopicMessages, maxTopicBytes, maxQueueMessages, maxQueueBytes, quoteSeed } = options
    const topicLimits = { maxMessages: maxTopicMessages, maxBytes: maxTopicBytes }
    this.#options = options
    this.queueLimits = { maxMessages: maxQueueMessages, maxBytes: maxQueueBytes }
    this.#topics = new TopicStore(options, (name) => createTopic(name, topicLimits, quoteSeed))
    this.#ticker = new Ticker(options.quoteIntervalMs, (topic) => this.#quote(topic))
  }

  get topicCount(): number {
    return this.#topics.size
  }

  get subscriptionCount(): number {
    return this.#subscriptions.size
  }

  get keptBytes(): number {
    return this.#topics.keptBytes
  }

  get isQuoting(): boolean {
    return this.#ticker.isRunning
  }

  publish(topic: string, data: string): bigint {
    this.#assertOpen()
    assertTopicName(topic)
    if (isQuoteTopic(topic)) throw new TopicError('read_only', 'stocks/ topics are quoted by the server alone')
    return this.#append(topic, data)
  }

  subscribe(signal?: AbortSignal): MemorySubscription {
    this.#assertOpen()
    if (this.#subscriptions.size >= this.#options.maxSubscriptions) {
      throw new TopicError(
        'limit_reached',
        `there are ${this.#options.maxSubscriptions} subscribers, which is the most`,
      )
    }
    const subscription = new MemorySubscription(this, signal)
    if (!signal?.aborted) this.#subscriptions.add(subscription)
    return subscription
  }

  close(): void {
    this.#isClosed = true
    for (const subscription of this.#subscriptions) subscription.close(closedError())
    this.#topics.clear()
  }

  join(subscription: MemorySubscription, name: string): Topic {
    const { maxTopicsPerSubscription } = this.#options
    if (subscription.joined.size >= maxTopicsPerSubscription) {
      throw new TopicError('limit_reached', `a subscriber may join ${maxTopicsPerSubscription} topics at the most`)
    }
    assertTopicName(name)
    const topic = this.#topics.join(name, subscription)
    if (topic.quotes !== undefined) this.#ticker.add(topic)
    return topic
  }

  leave(subscription: MemorySubscription): void {
    this.#subscriptions.delete(subscription)
    for (const topic of subscription.joined.values()) {
      this.#topics.leave(topic, subscription)
      if (topic.listeners.size === 0) this.#ticker.delete(topic)
    }
    subscription.joined.clear()
  }

  #append(name: string, data: string): bigint {
    const dataBytes = Buffer.byteLength(data)
    if (dataBytes > this.#options.maxMessageBytes) {
      const { maxMessageBytes } = this.#options
      throw new TopicError(
        'message_too_large',
        `must be ${maxMessageBytes} bytes of UTF-8 at the most, is ${dataBytes}`,
      )
    }
    const { topic, message } = this.#topics.append(name, { topic: name, timeMs: this.#options.now(), data, dataBytes })
    for (const listener of topic.listeners) listener.push(message)
    return message.sequence
  }

  /** A quote that finds no room is not worth a crash: the next one comes an interval later. */
  #quote({ name, quotes }: Topic): void {
    if (quotes === undefined) return
    try {
      this.#append(name, quotes.next())
    } catch (error) {
      if (!(error instanceof TopicError)) throw error
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closedError()
  }
}

function createTopic(name: string, limits: MessageWindowLimits, quoteSeed: number): Topic {
  return new Topic(name, limits, isQuoteTopic(name) ? new StockQuotes(symbolOf(name), quoteSeed) : undefined)
}

function closedError(): TopicError {
  return new TopicError('closed', 'the topic hub has been closed')
}
