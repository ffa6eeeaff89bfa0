/** The topics that the primary keeps, as a worker uses them. */
import { TurnBatch } from '../../../workers/contracts/turn-batch.ts'
import type { WorkerLink } from '../../../workers/contracts/worker-link.ts'
import type { TopicBroker, TopicBrokerListener, TopicRange } from '../broker/topic-broker.ts'
import { TopicError } from '../topic-error.ts'
import type { TopicMessage } from '../topic-hub.ts'
import {
  type AppendedText,
  type AppendResult,
  fromSent,
  HUB_CHANNEL,
  type HubRequest,
  type ReadResult,
  type SentMessage,
} from './hub-messages.ts'

/** How soon a topic that could not be given up is tried again. */
const RETRY_MS = 1_000

/** Creates the broker of a worker. Its primary calls `servePrimaryTopics`. */
export function createWorkerTopicBroker(link: WorkerLink): TopicBroker {
  return new WorkerTopicBroker(link)
}

class WorkerTopicBroker implements TopicBroker {
  /** The worker ends with its primary. */
  readonly isAvailable = true
  readonly #link: WorkerLink
  readonly #followed = new Set<string>()
  #isClosed = false
  readonly #appends = new TurnBatch((messages: readonly AppendedText[]) => this.#appendAll(messages))
  #stopMessages: (() => void) | undefined

  constructor(link: WorkerLink) {
    this.#link = link
  }

  async start(listener: TopicBrokerListener): Promise<void> {
    this.#stopMessages = this.#link.onMessage(HUB_CHANNEL, (batch) => {
      for (const sent of batch as readonly SentMessage[]) listener.onMessage(fromSent(sent))
    })
  }

  /** The messages of one turn of the event loop go together. */
  async append(topic: string, data: string, dataBytes: number): Promise<TopicMessage> {
    const result = await this.#appends.add([topic, data, dataBytes])
    if ('reason' in result) throw new TopicError(result.reason, result.message)
    const [epoch, sequence, timeMs] = result
    return { topic, epoch, sequence, timeMs, data, dataBytes }
  }

  async read(topic: string, after: bigint): Promise<TopicRange> {
    const { epoch, lastSequence, messages } = (await this.#request({ kind: 'read', topic, after })) as ReadResult
    return { epoch, lastSequence, messages: messages.map(fromSent) }
  }

  async follow(topic: string): Promise<void> {
    this.#followed.add(topic)
    try {
      await this.#request({ kind: 'follow', topic })
    } catch (error) {
      this.unfollow(topic)
      throw error
    }
  }

  unfollow(topic: string): void {
    this.#followed.delete(topic)
    this.#request({ kind: 'unfollow', topic }).catch(() => this.#retryUnfollow(topic))
  }

  async lead(topic: string, ttlMs: number): Promise<boolean> {
    return (await this.#request({ kind: 'lead', topic, ttlMs })) as boolean
  }

  resign(topic: string): void {
    // The lead ends with its time otherwise.
    this.#request({ kind: 'resign', topic }).catch(() => {})
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#stopMessages?.()
    for (const topic of [...this.#followed]) this.unfollow(topic)
  }

  /** Without it, the primary would go on sending the messages of the topic. */
  #retryUnfollow(topic: string): void {
    if (this.#isClosed) return
    setTimeout(() => {
      if (!this.#followed.has(topic)) this.unfollow(topic)
    }, RETRY_MS).unref()
  }

  async #appendAll(messages: readonly AppendedText[]): Promise<readonly AppendResult[]> {
    return (await this.#request({ kind: 'append', messages })) as readonly AppendResult[]
  }

  async #request(request: HubRequest): Promise<unknown> {
    try {
      return await this.#link.request(HUB_CHANNEL, request)
    } catch (error) {
      const failure = new TopicError('unavailable', 'the topics cannot be reached: try again later')
      failure.cause = error
      throw failure
    }
  }
}
