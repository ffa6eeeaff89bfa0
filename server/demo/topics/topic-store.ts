/** All topics of the embedded hub, within its limits on their number and on what they keep together. */
import { MESSAGE_OVERHEAD_BYTES, type Topic, type TopicListener } from './topic.ts'
import { TopicError } from './topic-error.ts'
import type { TopicMessage } from './topic-hub.ts'
import type { UnplacedMessage } from './topic-log.ts'

/** How much a store holds. */
export interface TopicStoreLimits {
  /** The most topics. */
  readonly maxTopics: number
  /** The most bytes that all topics keep: data, names and overhead. */
  readonly maxTotalBytes: number
}

/**
 * Finds topics, creates them with their first message, and evicts the least recently used ones when a limit is reached. A
 * topic with listeners is never evicted: if there are no others, a message that needs room is refused with a TopicError
 * `limit_reached`. A listener does not create the topic that it joins, or a client could take the room of all topics by
 * joining names.
 */
export class TopicStore {
  readonly #limits: TopicStoreLimits
  readonly #create: (name: string) => Topic
  readonly #topics = new Map<string, Topic>()
  /** By the name of the topic, which need not exist. Has no empty sets. */
  readonly #listeners = new Map<string, Set<TopicListener>>()
  /** The topics without listeners, the least recently used one first: a Set keeps the order of insertion. */
  readonly #idle = new Set<Topic>()
  #keptBytes = 0

  /** `create` makes a new topic, or throws if there can be none of that name. */
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

  /** The topic of that name, if it exists. */
  find(name: string): Topic | undefined {
    return this.#topics.get(name)
  }

  /** Those that joined a topic, which need not exist. */
  listenersOf(name: string): Iterable<TopicListener> {
    return this.#listeners.get(name) ?? NO_LISTENERS
  }

  hasListeners(name: string): boolean {
    return this.#listeners.has(name)
  }

  /** Keeps one more message of a topic. */
  append(name: string, message: UnplacedMessage): TopicMessage {
    const known = this.#topics.get(name)
    const topic = known ?? this.#create(name)
    if (known === undefined) this.#add(topic, message.dataBytes)
    else this.#makeRoomIn(topic, message.dataBytes)
    this.#keptBytes += message.dataBytes + MESSAGE_OVERHEAD_BYTES
    return topic.log.append(message)
  }

  /** Adds a listener to a topic, which is then safe from eviction. */
  join(name: string, listener: TopicListener): void {
    const listeners = this.#listeners.get(name)
    if (listeners !== undefined) {
      listeners.add(listener)
      return
    }
    this.#listeners.set(name, new Set([listener]))
    const topic = this.#topics.get(name)
    if (topic !== undefined) this.#idle.delete(topic)
  }

  /** Takes a listener out of a topic. */
  leave(name: string, listener: TopicListener): void {
    const listeners = this.#listeners.get(name)
    if (!listeners?.delete(listener) || listeners.size > 0) return
    this.#listeners.delete(name)
    const topic = this.#topics.get(name)
    if (topic !== undefined) this.#idle.add(topic)
  }

  /** Forgets all topics. */
  clear(): void {
    this.#topics.clear()
    this.#listeners.clear()
    this.#idle.clear()
    this.#keptBytes = 0
  }

  /** Adds a topic with room for its first message. */
  #add(topic: Topic, dataBytes: number): void {
    if (this.size >= this.#limits.maxTopics) this.#evictOldest()
    this.#evictFor(topic.keptBytes + dataBytes + MESSAGE_OVERHEAD_BYTES)
    this.#topics.set(topic.name, topic)
    if (!this.hasListeners(topic.name)) this.#idle.add(topic)
    this.#keptBytes += topic.keptBytes
  }

  /** Makes room for a message: first in its own topic, which is now the most recently used one, then by evicting others. */
  #makeRoomIn(topic: Topic, dataBytes: number): void {
    if (this.#idle.delete(topic)) this.#idle.add(topic)
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
      throw new TopicError('limit_reached', 'all room for topics is taken by topics that have subscribers')
    }
    this.#topics.delete(oldest.name)
    this.#idle.delete(oldest)
    this.#keptBytes -= oldest.keptBytes
  }
}

const NO_LISTENERS: readonly TopicListener[] = []
