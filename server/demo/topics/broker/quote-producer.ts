/** Quotes on `stocks/SYMBOL` topics. One server at a time quotes on each. */
import { StockQuotes, symbolOf } from '../stock-quotes.ts'
import { Ticker } from '../ticker.ts'
import type { BrokerTopicHubSettings } from './broker-topic-hub-options.ts'
import type { TopicBroker } from './topic-broker.ts'

/** A topic with subscribers in this process. */
interface QuotedTopic {
  readonly name: string
  /** Until when this process leads, by performance.now(). */
  leadUntil: number
  /** Undefined until the last price is known. */
  quotes: StockQuotes | undefined
  /** The previous tick is still running. */
  isBusy: boolean
}

/** A lead lasts at least so many intervals: if it ended before the next quote, another server would quote in between. */
const LEAD_INTERVALS = 3

/** Asks the broker for the lead of the topics that have subscribers here, and quotes while it has it. */
export class QuoteProducer {
  readonly #broker: TopicBroker
  readonly #options: BrokerTopicHubSettings
  readonly #leadMs: number
  readonly #topics = new Map<string, QuotedTopic>()
  readonly #ticker: Ticker<QuotedTopic>

  constructor(broker: TopicBroker, options: BrokerTopicHubSettings) {
    this.#broker = broker
    this.#options = options
    this.#leadMs = Math.max(options.quoteLeadMs, options.quoteIntervalMs * LEAD_INTERVALS)
    this.#ticker = new Ticker(options.quoteIntervalMs, (topic) => void this.#tick(topic))
  }

  start(name: string): void {
    if (this.#topics.has(name)) return
    const topic = { name, leadUntil: 0, quotes: undefined, isBusy: false }
    this.#topics.set(name, topic)
    this.#ticker.add(topic)
  }

  /** Does nothing for a topic that was not started. */
  stop(name: string): void {
    const topic = this.#topics.get(name)
    if (topic === undefined) return
    this.#topics.delete(name)
    this.#ticker.delete(topic)
    if (topic.leadUntil > 0) this.#broker.resign(name)
  }

  close(): void {
    for (const name of [...this.#topics.keys()]) this.stop(name)
  }

  async #tick(topic: QuotedTopic): Promise<void> {
    if (topic.isBusy) return
    topic.isBusy = true
    try {
      if (await this.#leads(topic)) await this.#quote(topic)
    } catch {
      // The quote is dropped. It may have been appended, so that the next one begins with the last price of the topic.
      topic.quotes = undefined
    } finally {
      topic.isBusy = false
    }
  }

  async #leads(topic: QuotedTopic): Promise<boolean> {
    const askedAt = performance.now()
    if (askedAt < topic.leadUntil - this.#leadMs / 2) return true
    // Another server may have quoted since the lead ended.
    if (askedAt >= topic.leadUntil) topic.quotes = undefined
    const leads = await this.#broker.lead(topic.name, this.#leadMs)
    topic.leadUntil = leads ? askedAt + this.#leadMs : 0
    if (!leads || this.#topics.get(topic.name) === topic) return leads
    if (!this.#topics.has(topic.name)) this.#broker.resign(topic.name)
    return false
  }

  async #quote(topic: QuotedTopic): Promise<void> {
    topic.quotes ??= await this.#quotesOf(topic.name)
    if (performance.now() >= topic.leadUntil) return
    const data = topic.quotes.next()
    await this.#broker.append(topic.name, data, Buffer.byteLength(data))
  }

  async #quotesOf(name: string): Promise<StockQuotes> {
    const quotes = new StockQuotes(symbolOf(name), this.#options.quoteSeed)
    const { lastSequence } = await this.#broker.read(name, BigInt(Number.MAX_SAFE_INTEGER))
    if (lastSequence === 0n) return quotes
    const last = (await this.#broker.read(name, lastSequence - 1n)).messages.at(-1)
    if (last !== undefined) quotes.continueAfter(last)
    return quotes
  }
}
