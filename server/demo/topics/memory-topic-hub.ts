/** The embedded topic hub: everything in the memory of this process. */
import { HubSubscribers } from './hub-subscribers.ts'
import { JoinCounts } from './join-counts.ts'
import { MemorySubscription, type SubscriptionOwner } from './memory-subscription.ts'
import { type MemoryTopicHubOptions, normalizeMemoryTopicHubOptions } from './memory-topic-hub-options.ts'
import type { MessageWindowLimits } from './message-window.ts'
import { isQuoteTopic, StockQuotes, symbolOf } from './stock-quotes.ts'
import { Ticker } from './ticker.ts'
import { Topic } from './topic.ts'
import { hubClosedError, TopicError } from './topic-error.ts'
import type { SubscribeOptions, TopicHub, TopicMessage, TopicPosition } from './topic-hub.ts'
import type { Replay } from './topic-log.ts'
import { assertPublishable, assertTopicName, messageBytes } from './topic-rules.ts'
import { TopicStore } from './topic-store.ts'

/** A topic hub that answers at once, and tells how full it is. */
export interface MemoryTopicHub extends TopicHub {
  publish(topic: string, data: string): TopicMessage
  subscribe(options?: SubscribeOptions): MemorySubscription
  close(): void
  /** How many topics there are. */
  readonly topicCount: number
  /** How many subscribers take messages, or still have some to read. */
  readonly subscriptionCount: number
  /** How many bytes wait for subscribers that have ended. */
  readonly endedQueueBytes: number
  /** How many bytes the topics keep together, overhead included. */
  readonly keptBytes: number
  /** Whether the timer of the quotes runs: only while a subscriber reads a `stocks/SYMBOL` topic. */
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
  readonly #subscribers: HubSubscribers
  readonly #ticker: Ticker<string>
  /** The prices of the quote topics that have listeners. */
  readonly #quotes = new Map<string, StockQuotes>()
  readonly #joins: JoinCounts
  #isClosed = false

  constructor(options: Required<MemoryTopicHubOptions>) {
    const { maxTopicMessages, maxTopicBytes, maxQueueMessages, maxQueueBytes } = options
    const limits = { maxMessages: maxTopicMessages, maxBytes: maxTopicBytes }
    this.#options = options
    this.queueLimits = { maxMessages: maxQueueMessages, maxBytes: maxQueueBytes }
    this.#topics = new TopicStore(options, (name) => {
      return new Topic({ name, limits, epoch: options.createEpoch(), quotes: this.#quotes.get(name) })
    })
    this.#ticker = new Ticker(options.quoteIntervalMs, (name) => this.#quote(name))
    this.#joins = new JoinCounts(options)
    this.#subscribers = new HubSubscribers(options)
  }

  get topicCount(): number {
    return this.#topics.size
  }

  get subscriptionCount(): number {
    return this.#subscribers.size
  }

  get endedQueueBytes(): number {
    return this.#subscribers.endedQueueBytes
  }

  get keptBytes(): number {
    return this.#topics.keptBytes
  }

  get isQuoting(): boolean {
    return this.#ticker.isRunning
  }

  publish(topic: string, data: string): TopicMessage {
    this.#assertOpen()
    assertPublishable(topic)
    return this.#append(topic, data)
  }

  subscribe(options: SubscribeOptions = {}): MemorySubscription {
    this.#assertOpen()
    this.#subscribers.assertRoom()
    const subscription = new MemorySubscription(this, options)
    if (!options.signal?.aborted) this.#subscribers.add(subscription)
    return subscription
  }

  close(): void {
    this.#isClosed = true
    this.#subscribers.close(hubClosedError())
    this.#topics.clear()
  }

  join(subscription: MemorySubscription, name: string, after: TopicPosition | undefined): Replay | null {
    const { maxTopicsPerSubscription } = this.#options
    if (subscription.joined.size >= maxTopicsPerSubscription) {
      throw new TopicError('limit_reached', `a subscriber may join ${maxTopicsPerSubscription} topics at most`)
    }
    assertTopicName(name)
    const symbol = isQuoteTopic(name) ? symbolOf(name) : undefined
    const replay = after === undefined ? null : this.#replay(name, after)
    this.#joins.add(subscription.peer)
    this.#topics.join(name, subscription)
    if (symbol !== undefined) this.#startQuotes(name, symbol)
    return replay
  }

  leave(subscription: MemorySubscription): void {
    for (const name of subscription.joined) {
      this.#joins.delete(subscription.peer)
      this.#topics.leave(name, subscription)
      if (!this.#topics.hasListeners(name)) this.#stopQuotes(name)
    }
    subscription.joined.clear()
  }

  countEnded(subscription: MemorySubscription, bytes: number): void {
    this.#subscribers.countEnded(subscription, bytes)
  }

  forget(subscription: MemorySubscription): void {
    this.#subscribers.delete(subscription)
  }

  #replay(name: string, after: TopicPosition): Replay | null {
    const topic = this.#topics.find(name)
    if (topic !== undefined) return topic.log.after(after)
    // Whatever the topic will be, it is not the one that the epoch names.
    return after.epoch === '' ? null : { missed: 0n, isReset: true, messages: [] }
  }

  #append(name: string, data: string): TopicMessage {
    const { maxMessageBytes, now } = this.#options
    const dataBytes = messageBytes(data, maxMessageBytes)
    const message = this.#topics.append(name, { topic: name, timeMs: now(), data, dataBytes })
    for (const listener of this.#topics.listenersOf(name)) listener.push(message)
    return message
  }

  /** A topic that was quoted before goes on from its last price, as long as it is kept. */
  #startQuotes(name: string, symbol: string): void {
    if (this.#quotes.has(name)) return
    this.#quotes.set(name, this.#topics.find(name)?.quotes ?? new StockQuotes(symbol, this.#options.quoteSeed))
    this.#ticker.add(name)
  }

  #stopQuotes(name: string): void {
    if (this.#quotes.delete(name)) this.#ticker.delete(name)
  }

  /** A quote that finds no room is dropped: the next one comes an interval later. */
  #quote(name: string): void {
    const quotes = this.#quotes.get(name)
    if (quotes === undefined) return
    try {
      this.#append(name, quotes.next())
    } catch (error) {
      if (!(error instanceof TopicError)) throw error
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw hubClosedError()
  }
}
