/** A broker in memory for the hubs of several "processes", whose connections can be cut and whose reports can be lost. */
import { randomBytes } from 'node:crypto'
import type {
  TopicBroker,
  TopicBrokerLimits,
  TopicBrokerListener,
  TopicRange,
} from '../../../server/demo/topics/broker/topic-broker.ts'
import { Topic } from '../../../server/demo/topics/topic.ts'
import { TopicError } from '../../../server/demo/topics/topic-error.ts'
import type { TopicMessage } from '../../../server/demo/topics/topic-hub.ts'
import { TopicStore } from '../../../server/demo/topics/topic-store.ts'
import type { SeededRandom } from '../seeded-random.ts'

/** What goes wrong between a store and its brokers. Default: nothing. */
export interface ReportFaults {
  readonly random: Pick<SeededRandom, 'next' | 'below'>
  /** The share of reports that are lost, come twice, or come late, from 0 to 1. Answers to reads come late as well. */
  readonly loss?: number
  readonly repetition?: number
  readonly delay?: number
}

interface Lead {
  readonly holder: MemoryTopicBroker
  readonly until: number
}

/** The topics of several brokers. */
export class MemoryBrokerStore {
  readonly brokers = new Set<MemoryTopicBroker>()
  readonly leads = new Map<string, Lead>()
  readonly #limits: TopicBrokerLimits
  #topics: TopicStore
  #isUp = true

  constructor(limits: TopicBrokerLimits) {
    this.#limits = limits
    this.#topics = this.#emptyStore()
  }

  get topics(): TopicStore {
    return this.#topics
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Makes it unreachable for all. */
  stop(): void {
    this.#isUp = false
    for (const broker of this.brokers) broker.cut()
  }

  /** Lets all reach it again. */
  start(): void {
    this.#isUp = true
    for (const broker of this.brokers) broker.restore()
  }

  /** Loses all topics. */
  wipe(): void {
    this.#topics = this.#emptyStore()
    this.leads.clear()
    for (const broker of this.brokers) broker.listenAgain()
  }

  #emptyStore(): TopicStore {
    const { maxTopicMessages, maxTopicBytes } = this.#limits
    const limits = { maxMessages: maxTopicMessages, maxBytes: maxTopicBytes }
    return new TopicStore(this.#limits, (name) => {
      return new Topic({ name, limits, epoch: randomBytes(12).toString('base64url'), quotes: undefined })
    })
  }
}

/** The broker of one process. Every answer takes at least one turn. */
export class MemoryTopicBroker implements TopicBroker {
  /** Loses what is reported, without a sign. */
  isDeaf = false
  readonly #store: MemoryBrokerStore
  readonly #faults: ReportFaults | undefined
  readonly #followed = new Map<string, { push(message: TopicMessage): void }>()
  #listener: TopicBrokerListener | undefined
  #isConnected = false
  /** Ends what is under way. */
  #cut = Promise.withResolvers<never>()

  constructor(store: MemoryBrokerStore, faults?: ReportFaults) {
    this.#store = store
    this.#faults = faults
    this.#cut.promise.catch(() => {})
  }

  get isAvailable(): boolean {
    return this.#isConnected
  }

  async start(listener: TopicBrokerListener): Promise<void> {
    this.#listener = listener
    this.#store.brokers.add(this)
    await nextTurn()
    this.restore()
  }

  append(topic: string, data: string, dataBytes: number): Promise<TopicMessage> {
    return this.#answer(() => {
      const message = this.#store.topics.append(topic, { topic, timeMs: Date.now(), data, dataBytes })
      for (const listener of this.#store.topics.listenersOf(topic)) listener.push(message)
      return message
    })
  }

  async read(topic: string, afterSequence: bigint): Promise<TopicRange> {
    const range = await this.#answer(() => {
      const log = this.#store.topics.find(topic)?.log
      if (log === undefined) return { epoch: '', lastSequence: 0n, messages: [] }
      const { epoch, lastSequence } = log
      const messages = afterSequence > lastSequence ? [] : [...log.after({ epoch, sequence: afterSequence }).messages]
      return { epoch, lastSequence, messages }
    })
    // Reports that were sent after it may overtake it.
    for (let turns = this.#lateTurns(); turns > 0; turns--) await Promise.race([this.#cut.promise, nextTurn()])
    return range
  }

  follow(topic: string): Promise<void> {
    return this.#answer(() => {
      if (this.#followed.has(topic)) return
      const follower = { push: (message: TopicMessage) => this.#report(message) }
      this.#followed.set(topic, follower)
      this.#store.topics.join(topic, follower)
    })
  }

  unfollow(topic: string): void {
    const follower = this.#followed.get(topic)
    if (follower === undefined) return
    this.#followed.delete(topic)
    this.#store.topics.leave(topic, follower)
  }

  lead(topic: string, ttlMs: number): Promise<boolean> {
    return this.#answer(() => {
      const lead = this.#store.leads.get(topic)
      if (lead !== undefined && lead.holder !== this && lead.until > performance.now()) return false
      this.#store.leads.set(topic, { holder: this, until: performance.now() + ttlMs })
      return true
    })
  }

  resign(topic: string): void {
    if (this.#store.leads.get(topic)?.holder === this) this.#store.leads.delete(topic)
  }

  async close(): Promise<void> {
    this.#store.brokers.delete(this)
    for (const topic of [...this.#followed.keys()]) this.unfollow(topic)
    this.cut()
  }

  /** Ends without a word, as a process does that is killed. */
  kill(): void {
    this.#listener = undefined
    this.#store.brokers.delete(this)
    this.#isConnected = false
  }

  cut(): void {
    if (!this.#isConnected) return
    this.#isConnected = false
    this.#cut.reject(unreachable())
    this.#listener?.onAvailable(false)
  }

  restore(): void {
    if (this.#isConnected || !this.#store.isUp) return
    this.#isConnected = true
    this.#cut = Promise.withResolvers()
    this.#cut.promise.catch(() => {})
    this.#listener?.onAvailable(true)
  }

  /** The store has lost who listens. */
  listenAgain(): void {
    for (const [topic, follower] of this.#followed) this.#store.topics.join(topic, follower)
  }

  /** A cut may come before the request arrives, or between it and the answer. */
  async #answer<T>(act: () => T): Promise<T> {
    if (!this.#isConnected) throw unreachable()
    const cut = this.#cut.promise
    await Promise.race([cut, nextTurn()])
    const answer = act()
    return Promise.race([cut, nextTurn().then(() => answer)])
  }

  #report(message: TopicMessage): void {
    if (!this.#isConnected || this.isDeaf) return
    const { random, loss = 0, repetition = 0 } = this.#faults ?? NO_FAULTS
    const isLost = loss > 0 && random.next() < loss
    if (isLost) return
    const isRepeated = repetition > 0 && random.next() < repetition
    const turns = this.#lateTurns()
    for (const late of isRepeated ? [0, turns] : [turns]) void this.#deliver(message, late)
  }

  #lateTurns(): number {
    const { random, delay = 0 } = this.#faults ?? NO_FAULTS
    return delay > 0 && random.next() < delay ? random.below(5) : 0
  }

  async #deliver(message: TopicMessage, turns: number): Promise<void> {
    const cut = this.#cut
    for (let turn = 0; turn <= turns; turn++) await nextTurn()
    if (cut === this.#cut && this.#isConnected) this.#listener?.onMessage(message)
  }
}

const NO_FAULTS: ReportFaults = { random: { next: () => 0, below: () => 0 } }

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function unreachable(): TopicError {
  return new TopicError('unavailable', 'the broker cannot be reached')
}
