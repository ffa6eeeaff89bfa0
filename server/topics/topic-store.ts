/** All topics of the embedded hub, within its limits on their number and on what they keep together. */
import { MESSAGE_OVERHEAD_BYTES, type Topic, type TopicListener } from './topic.ts'
import { TopicError } from './topic-error.ts'
import type { TopicMessage } from './topic-hub.ts'

/** How much a store holds. */
export interface TopicStoreLimits {
  /** The most topics. */
  readonly maxTopics: number
  /** The most bytes that all topics keep: data, names and overhead. */
  readonly maxTotalBytes: number
}

/**
 * Finds topics, creates them, and evicts the least recently used ones when a limit is reached. A topic that somebody
 * listens to is never evicted: when there are no others, what needs room is refused with a TopicError `limit_reached`.
 */
export class TopicStore {
  readonly #limits: TopicStoreLimits
  readonly #create: (name: string) => Topic
  readonly #topics = new Map<string, Topic>()
  /** The topics that nobody listens to, the least recently used one first: a Set keeps the order of insertion. */
  readonly #idle = new Set<Topic>()
  #keptBytes = 0

  /** `create` makes a new topic, or throws when there can be none of that name. */
  constructor(limits: TopicStoreLimits, create: (name: string) => Topic) {
    this.#limits = limits
    this.#create = create
  }

  /** How many topics there are. */
  get size(): number {
    return this.#topics.size
  }

  /** How many bytes they keep together, overhead included. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  /** Keeps one more message of a topic. */
  append(name: string, message: Omit<TopicMessage, 'sequence'>): { topic: Topic; message: TopicMessage } {
    const topic = this.#obtain(name)
    try {
      this.#reserve(topic, message.dataBytes)
    } catch (error) {
      this.#release(topic)
      throw error
    }
    this.#keptBytes += message.dataBytes + MESSAGE_OVERHEAD_BYTES
    return { topic, message: topic.log.append(message) }
  }

  /** Adds a listener to a topic, which is then safe from eviction. */
  join(name: string, listener: TopicListener): Topic {
    const topic = this.#obtain(name)
    this.#idle.delete(topic)
    topic.listeners.add(listener)
    return topic
  }

  /** Takes a listener out of a topic. */
  leave(topic: Topic, listener: TopicListener): void {
    topic.listeners.delete(listener)
    this.#release(topic)
  }

  /** Forgets all topics. */
  clear(): void {
    this.#topics.clear()
    this.#idle.clear()
    this.#keptBytes = 0
  }

  /** The topic of that name, as the most recently used one. */
  #obtain(name: string): Topic {
    const known = this.#topics.get(name)
    if (known === undefined) return this.#add(name)
    if (this.#idle.delete(known)) this.#idle.add(known)
    return known
  }

  #add(name: string): Topic {
    const topic = this.#create(name)
    if (this.size >= this.#limits.maxTopics) this.#evictOldest()
    this.#evictFor(topic.keptBytes)
    this.#topics.set(name, topic)
    this.#idle.add(topic)
    this.#keptBytes += topic.keptBytes
    return topic
  }

  /** Makes room for a message: first in its own topic, then by evicting others. */
  #reserve(topic: Topic, dataBytes: number): void {
    const before = topic.keptBytes
    topic.log.makeRoom(dataBytes)
    this.#keptBytes += topic.keptBytes - before
    this.#evictFor(dataBytes + MESSAGE_OVERHEAD_BYTES, topic)
  }

  #evictFor(bytes: number, spared?: Topic): void {
    while (this.#keptBytes + bytes > this.#limits.maxTotalBytes) this.#evictOldest(spared)
  }

  #evictOldest(spared?: Topic): void {
    const [oldest] = this.#idle
    if (oldest === undefined || oldest === spared) {
      throw new TopicError('limit_reached', 'all room for topics is taken by those that are being read')
    }
    this.#remove(oldest)
  }

  /** Lets a topic go that nobody listens to: at once when it never had a message, otherwise when room is needed. */
  #release(topic: Topic): void {
    if (topic.listeners.size > 0 || this.#topics.get(topic.name) !== topic) return
    if (topic.log.lastSequence === 0n) this.#remove(topic)
    else this.#idle.add(topic)
  }

  #remove(topic: Topic): void {
    this.#topics.delete(topic.name)
    this.#idle.delete(topic)
    this.#keptBytes -= topic.keptBytes
  }
}
