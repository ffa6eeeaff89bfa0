/** The messages of topics on their way to one worker. */
import type { WorkerHandle } from '../../../workers/contracts/worker-link.ts'
import type { TopicListener } from '../topic.ts'
import type { TopicMessage } from '../topic-hub.ts'
import { HUB_CHANNEL, type SentMessage, toSent } from './hub-messages.ts'

/** A batch is sent before it grows larger than this. */
const MAX_BATCH_BYTES = 262_144

/** How soon a worker that did not take messages is tried again. */
const RETRY_MS = 100

/** What an outbox works with. */
export interface OutboxParts {
  readonly worker: WorkerHandle
  /** Returns the newest message of a topic, if it exists. */
  lastMessageOf(topic: string): TopicMessage | undefined
}

/**
 * Sends each message once to a worker, however many subscribers it has there; those of one turn of the event loop go together. What a
 * worker that stalls does not take is dropped. The worker finds out by the gap in the numbers, so it is sent the newest message of each
 * topic that lost some as soon as it takes messages again.
 */
export class WorkerOutbox implements TopicListener {
  /** The topics that the worker follows. */
  readonly followed = new Set<string>()
  readonly #parts: OutboxParts
  readonly #lagging = new Set<string>()
  #batch: SentMessage[] = []
  #batchBytes = 0
  #flushing: NodeJS.Immediate | undefined
  #retry: NodeJS.Timeout | undefined

  constructor(parts: OutboxParts) {
    this.#parts = parts
  }

  push(message: TopicMessage): void {
    this.#batch.push(toSent(message))
    this.#batchBytes += message.dataBytes
    if (this.#batchBytes > MAX_BATCH_BYTES) this.flush()
    else this.#flushing ??= setImmediate(() => this.flush())
  }

  /** Sends what waits. */
  flush(): void {
    this.#stopFlush()
    const batch = this.#batch
    if (batch.length === 0) return
    this.#batch = []
    this.#batchBytes = 0
    if (this.#parts.worker.send(HUB_CHANNEL, batch)) return
    for (const [topic] of batch) this.#lagging.add(topic)
    this.#retry ??= setTimeout(() => this.#catchUp(), RETRY_MS).unref()
  }

  /** Drops what waits. */
  close(): void {
    this.#stopFlush()
    clearTimeout(this.#retry)
    this.#batch = []
    this.#lagging.clear()
  }

  #catchUp(): void {
    this.#retry = undefined
    const topics = [...this.#lagging].filter((topic) => this.followed.has(topic))
    this.#lagging.clear()
    for (const topic of topics) {
      const last = this.#parts.lastMessageOf(topic)
      if (last !== undefined) this.push(last)
    }
  }

  #stopFlush(): void {
    clearImmediate(this.#flushing)
    this.#flushing = undefined
  }
}
