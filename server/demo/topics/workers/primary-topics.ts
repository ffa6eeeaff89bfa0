/** The topics of all workers of a machine, which the primary keeps: the other half of WorkerTopicBroker. */
import type { PrimaryLink, WorkerHandle } from '../../../workers/contracts/worker-link.ts'
import { type MemoryTopicHubOptions, normalizeMemoryTopicHubOptions } from '../memory-topic-hub-options.ts'
import { Topic } from '../topic.ts'
import { TopicError } from '../topic-error.ts'
import type { TopicMessage } from '../topic-hub.ts'
import { TopicStore } from '../topic-store.ts'
import {
  type AppendedText,
  type AppendResult,
  HUB_CHANNEL,
  type HubRequest,
  type ReadResult,
  toSent,
} from './hub-messages.ts'
import { WorkerOutbox } from './worker-outbox.ts'

/** How much the primary keeps, for all workers together. Of the options of the embedded hub, those about subscribers have no effect. */
export type PrimaryTopicsOptions = MemoryTopicHubOptions

/** How full the topics are. */
export interface PrimaryTopics {
  /** How many topics there are. */
  readonly topicCount: number
  /** How many bytes they keep together, overhead included. */
  readonly keptBytes: number
}

/**
 * Keeps topics for the hubs of the workers. The limits count for the machine.
 *
 * @throws RangeError on options out of range
 */
export function servePrimaryTopics(link: PrimaryLink, options: PrimaryTopicsOptions = {}): PrimaryTopics {
  const topics = new TopicsOfWorkers(normalizeMemoryTopicHubOptions(options))
  link.onRequest(HUB_CHANNEL, (request, worker) => topics.answer(request as HubRequest, worker))
  link.onEnd((worker) => topics.forget(worker))
  return topics
}

/** The process that produces the messages of a topic. */
interface Lead {
  readonly worker: number
  readonly untilMs: number
}

class TopicsOfWorkers implements PrimaryTopics {
  readonly #options: Required<MemoryTopicHubOptions>
  readonly #store: TopicStore
  readonly #outboxes = new Map<number, WorkerOutbox>()
  readonly #ended = new WeakSet<WorkerHandle>()
  readonly #leads = new Map<string, Lead>()

  constructor(options: Required<MemoryTopicHubOptions>) {
    const { maxTopicMessages: maxMessages, maxTopicBytes: maxBytes, createEpoch } = options
    this.#options = options
    this.#store = new TopicStore(
      options,
      (name) => new Topic({ name, limits: { maxMessages, maxBytes }, epoch: createEpoch(), quotes: undefined }),
    )
  }

  get topicCount(): number {
    return this.#store.size
  }

  get keptBytes(): number {
    return this.#store.keptBytes
  }

  answer(request: HubRequest, worker: WorkerHandle): unknown {
    switch (request.kind) {
      case 'append':
        return request.messages.map((text) => this.#append(text))
      case 'read':
        return this.#read(request.topic, request.after)
      case 'follow':
        return this.#follow(request.topic, worker)
      case 'unfollow':
        return this.#unfollow(request.topic, worker)
      case 'lead':
        return this.#lead(request, worker)
      case 'resign':
        return this.#resign(request.topic, worker)
    }
  }

  /** A worker that has ended follows nothing and leads nothing. */
  forget(worker: WorkerHandle): void {
    const outbox = this.#outboxes.get(worker.id)
    this.#ended.add(worker)
    this.#outboxes.delete(worker.id)
    if (outbox !== undefined) {
      outbox.close()
      for (const topic of outbox.followed) this.#store.leave(topic, outbox)
    }
    for (const [topic, lead] of this.#leads) if (lead.worker === worker.id) this.#leads.delete(topic)
  }

  #append([topic, data, dataBytes]: AppendedText): AppendResult {
    let message: TopicMessage
    try {
      message = this.#store.append(topic, { topic, timeMs: this.#options.now(), data, dataBytes })
    } catch (error) {
      if (!(error instanceof TopicError)) throw error
      return { reason: error.reason, message: error.message }
    }
    for (const listener of this.#store.listenersOf(topic)) listener.push(message)
    return [message.epoch, message.sequence, message.timeMs]
  }

  #read(name: string, sequence: bigint): ReadResult {
    const log = this.#store.find(name)?.log
    if (log === undefined) return { epoch: '', lastSequence: 0n, messages: [] }
    const { epoch, lastSequence } = log
    const messages = sequence >= lastSequence ? [] : log.after({ epoch, sequence }).messages
    return { epoch, lastSequence, messages: Array.from(messages, toSent) }
  }

  /** The worker may have ended since; its request would be kept forever. */
  #follow(topic: string, worker: WorkerHandle): void {
    if (this.#ended.has(worker)) return
    const lastMessageOf = (name: string) => this.#lastMessageOf(name)
    const outbox = this.#outboxes.get(worker.id) ?? new WorkerOutbox({ worker, lastMessageOf })
    this.#outboxes.set(worker.id, outbox)
    outbox.followed.add(topic)
    this.#store.join(topic, outbox)
  }

  #unfollow(topic: string, worker: WorkerHandle): void {
    const outbox = this.#outboxes.get(worker.id)
    if (outbox?.followed.delete(topic)) this.#store.leave(topic, outbox)
  }

  /** A worker that has ended would never give up the lead. */
  #lead({ topic, ttlMs }: { topic: string; ttlMs: number }, worker: WorkerHandle): boolean {
    const present = this.#leads.get(topic)
    const now = performance.now()
    const isFree = present === undefined || present.worker === worker.id || present.untilMs <= now
    if (!isFree || this.#ended.has(worker)) return false
    this.#leads.set(topic, { worker: worker.id, untilMs: now + ttlMs })
    return true
  }

  #resign(topic: string, worker: WorkerHandle): void {
    if (this.#leads.get(topic)?.worker === worker.id) this.#leads.delete(topic)
  }

  #lastMessageOf(name: string): TopicMessage | undefined {
    const log = this.#store.find(name)?.log
    if (log === undefined) return undefined
    const [last] = log.after({ epoch: log.epoch, sequence: log.lastSequence - 1n }).messages
    return last
  }
}
