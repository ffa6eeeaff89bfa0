/** The topics of a broker that this process follows. */
import { MESSAGE_OVERHEAD_BYTES } from '../topic.ts'
import type { TopicMessage } from '../topic-hub.ts'
import type { BrokerTopicHubSettings } from './broker-topic-hub-options.ts'
import { FollowedTopic } from './followed-topic.ts'
import type { TopicBroker } from './topic-broker.ts'

/** How many topics are read at a time after the broker is back, and by a recheck. */
const PARALLEL_READS = 32

/** How long a read that failed, although the broker can be reached, waits for another attempt. */
const RETRY_MS = 500

/** Follows each topic once for all its subscribers, as long as there are some. */
export class FollowedTopics {
  readonly #broker: TopicBroker
  readonly #options: BrokerTopicHubSettings
  readonly #topics = new Map<string, FollowedTopic>()
  /** Runs while topics are followed. */
  #recheck: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  /** The mirrors have at most so many bytes, except for what was read since they were counted. */
  #mirrorBytes = 0

  constructor(broker: TopicBroker, options: BrokerTopicHubSettings) {
    this.#broker = broker
    this.#options = options
  }

  get size(): number {
    return this.#topics.size
  }

  find(name: string): FollowedTopic | undefined {
    return this.#topics.get(name)
  }

  /** A topic that has subscribers or is held. */
  get(name: string): FollowedTopic {
    const topic = this.#topics.get(name)
    if (topic === undefined) throw new Error('the topic is not followed')
    return topic
  }

  /** Follows a topic until it is released and has no listeners. */
  hold(name: string): FollowedTopic {
    const topic = this.#topics.get(name) ?? this.#create(name)
    topic.holds += 1
    return topic
  }

  release(topic: FollowedTopic): void {
    topic.holds -= 1
    this.releaseIfUnused(topic)
  }

  releaseIfUnused(topic: FollowedTopic): void {
    if (topic.holds > 0 || topic.listeners.size > 0 || !this.#topics.delete(topic.name)) return
    this.#broker.unfollow(topic.name)
    if (this.#topics.size === 0) this.#stopTimers()
  }

  report(message: TopicMessage): void {
    const topic = this.#topics.get(message.topic)
    if (topic === undefined) return
    topic.report(message)
    this.#mirrorBytes += message.dataBytes + MESSAGE_OVERHEAD_BYTES
    if (this.#mirrorBytes > this.#options.maxTotalBytes) this.#boundMirrors(topic)
  }

  /** Reads what was not reported on a topic; tries again if that fails. */
  syncSoon(topic: FollowedTopic): void {
    topic.sync().catch(() => this.#retrySoon())
  }

  /** The same for all topics. */
  syncAll(): void {
    void this.#sync([...this.#topics.values()])
  }

  /** Forgets all topics. */
  close(): void {
    this.#topics.clear()
    this.#stopTimers()
  }

  #create(name: string): FollowedTopic {
    const { maxTopicMessages, maxTopicBytes } = this.#options
    const limits = { maxMessages: maxTopicMessages, maxBytes: maxTopicBytes }
    const topic = new FollowedTopic({ name, broker: this.#broker, limits, onReadFailed: () => this.#retrySoon() })
    this.#topics.set(name, topic)
    this.#recheck ??= setInterval(() => this.#recheckQuiet(), this.#options.recheckMs).unref()
    return topic
  }

  /** A broker may drop the messages of one topic for those of another. The mirrors do not notice, and would grow on. */
  #boundMirrors(spared: FollowedTopic): void {
    const topics = [...this.#topics.values()]
    const bytes = topics.reduce((sum, { mirror }) => sum + mirror.bytes, 0)
    this.#mirrorBytes = bytes
    // Emptied early enough that they are seldom counted.
    if (bytes <= this.#options.maxTotalBytes / 2) return
    for (const topic of topics) if (topic !== spared) topic.mirror.empty()
    this.#mirrorBytes = spared.mirror.bytes
  }

  async #sync(topics: FollowedTopic[]): Promise<void> {
    const readAll = async () => {
      for (let topic = topics.pop(); topic !== undefined; topic = topics.pop()) {
        await topic.sync().catch(() => this.#retrySoon())
      }
    }
    await Promise.all(Array.from({ length: PARALLEL_READS }, readAll))
  }

  /** When the broker cannot be reached, its return starts the next attempt. */
  #retrySoon(): void {
    if (!this.#broker.isAvailable || this.#topics.size === 0) return
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      void this.#sync([...this.#topics.values()].filter((topic) => topic.isStale))
    }, RETRY_MS).unref()
  }

  #recheckQuiet(): void {
    if (!this.#broker.isAvailable) return
    const topics = [...this.#topics.values()]
    void this.#sync(topics.filter((topic) => !topic.isActive))
    for (const topic of topics) topic.isActive = false
  }

  #stopTimers(): void {
    clearInterval(this.#recheck)
    clearTimeout(this.#retry)
    this.#recheck = undefined
    this.#retry = undefined
  }
}
