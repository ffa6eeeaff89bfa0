/** The topics of several processes in a stream of NATS JetStream. */
import type { Msg, Subscription } from '@nats-io/transport-node'
import { NatsLink } from '../../../../wire/nats/nats-link.ts'
import type { TopicBroker, TopicBrokerListener, TopicRange } from '../broker/topic-broker.ts'
import type { TopicMessage } from '../topic-hub.ts'
import { brokerErrorOf, isBrokerAway } from './nats-topic-errors.ts'
import {
  type CompleteNatsTopicOptions,
  type NatsTopicBrokerOptions,
  normalizeNatsTopicOptions,
} from './nats-topic-options.ts'
import { readEntry, type TopicEntry } from './topic-entry.ts'
import { TopicLeads } from './topic-leads.ts'
import { TopicReader } from './topic-reader.ts'
import { openTopicStorage, type TopicStorage } from './topic-storage.ts'
import { TopicSubjects } from './topic-stream.ts'
import { type TopicStreamWriting, TopicWriter } from './topic-writer.ts'

/**
 * Creates a broker that keeps topics in NATS JetStream, version 2.10 or later. start() creates the stream if there is none. It rejects
 * with a NatsRefusal if NATS is too old, has no JetStream, refuses the credentials, or has another stream of that name.
 *
 * @throws RangeError or TypeError if an option is wrong
 */
export function createNatsTopicBroker(options: NatsTopicBrokerOptions): TopicBroker {
  return new NatsTopicBroker(normalizeNatsTopicOptions(options))
}

/** The number of the stream in the messages that it publishes again. */
const SEQUENCE_HEADER = 'Nats-Sequence'
/** Below NATS' default limit of a message, 1 MiB: large entries would hold up those of other topics. */
const MAX_ENTRY_BYTES = 262_144
/** What the headers of an entry may need of the server's limit of a message. */
const HEADER_BYTES = 8_192

class NatsTopicBroker implements TopicBroker {
  readonly #options: CompleteNatsTopicOptions
  readonly #subjects: TopicSubjects
  readonly #reader: TopicReader
  readonly #leads = new TopicLeads(() => performance.now())
  readonly #link: NatsLink
  readonly #writing: TopicStreamWriting
  readonly #writers = new Map<string, TopicWriter>()
  readonly #followed = new Map<string, FollowedTopic>()
  #storage: TopicStorage | null = null
  #listener: TopicBrokerListener | null = null

  constructor(options: CompleteNatsTopicOptions) {
    this.#options = options
    this.#subjects = new TopicSubjects(options.stream)
    this.#reader = new TopicReader(this.#subjects, options.limits)
    this.#link = new NatsLink(
      { ...options, authenticator: options.authenticator, tls: options.tls, name: options.stream },
      {
        prepare: async (connection) => {
          this.#storage = await openTopicStorage(connection, options)
        },
        onAvailable: (isAvailable) => this.#onAvailable(isAvailable),
      },
    )
    this.#writing = this.#createWriting()
  }

  get isAvailable(): boolean {
    return this.#link.isAvailable
  }

  start(listener: TopicBrokerListener): Promise<void> {
    this.#listener = listener
    return this.#link.start()
  }

  append(topic: string, data: string, dataBytes: number): Promise<TopicMessage> {
    return this.#writerOf(topic).append(data, dataBytes)
  }

  read(topic: string, afterSequence: bigint): Promise<TopicRange> {
    const known = this.#followed.get(topic)?.last?.place ?? null
    return this.#request((storage) => this.#reader.range(storage, topic, { after: afterSequence, known }))
  }

  async follow(topic: string): Promise<void> {
    if (this.#followed.has(topic)) return
    const followed: FollowedTopic = { subscription: null, last: null }
    this.#followed.set(topic, followed)
    try {
      await this.#request(async ({ connection }) => {
        const callback = (error: Error | null, message: Msg) => {
          if (error === null) this.#onLive(topic, followed, message)
        }
        followed.subscription = connection.subscribe(this.#subjects.live(topic), { callback })
        await connection.flush()
        if (followed.subscription.isClosed())
          throw new Error(`nats: may not subscribe to ${this.#subjects.live(topic)}`)
      })
    } catch (cause) {
      if (this.#followed.get(topic) === followed) this.unfollow(topic)
      throw cause
    }
  }

  unfollow(topic: string): void {
    this.#followed.get(topic)?.subscription?.unsubscribe()
    this.#followed.delete(topic)
  }

  lead(topic: string, ttlMs: number): Promise<boolean> {
    return this.#request(({ bucket }) => this.#leads.lead(bucket, topic, ttlMs))
  }

  resign(topic: string): void {
    // If it fails, the lease ends by its time.
    this.#request(({ bucket }) => this.#leads.resign(bucket, topic)).catch(() => {})
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  #onAvailable(isAvailable: boolean): void {
    if (!isAvailable) for (const writer of this.#writers.values()) writer.doubt()
    this.#listener?.onAvailable(isAvailable)
  }

  #onLive(topic: string, followed: FollowedTopic, { headers, data }: Msg): void {
    const entry = readEntry(topic, { header: headers, data, seq: Number(headers?.get(SEQUENCE_HEADER)) })
    if (entry === null) return
    followed.last = entry
    this.#writers.get(topic)?.observe(entry.place)
    for (const message of entry.messages) this.#listener?.onMessage(message)
  }

  #writerOf(topic: string): TopicWriter {
    const found = this.#writers.get(topic)
    if (found !== undefined) return found
    const writer = new TopicWriter(topic, this.#writing)
    this.#writers.set(topic, writer)
    if (this.#writers.size > this.#options.limits.maxTopics) this.#forgetAWriter()
    return writer
  }

  /** The oldest: its topic costs one more read when somebody publishes on it again. */
  #forgetAWriter(): void {
    for (const [topic, writer] of this.#writers) {
      if (!writer.isIdle) continue
      this.#writers.delete(topic)
      return
    }
  }

  #createWriting(): TopicStreamWriting {
    const { now, createEpoch, random, timeoutMs } = this.#options
    return {
      now,
      createEpoch,
      random,
      maxEntryBytes: () => {
        const { max_payload: limit = MAX_ENTRY_BYTES } = this.#storage?.connection.info ?? {}
        return Math.min(MAX_ENTRY_BYTES, limit - HEADER_BYTES)
      },
      readLast: (topic) => this.#run((storage) => this.#reader.last(storage, topic)),
      admit: async () => {},
      publish: (topic, { headers, data, expected }) => {
        const subject = this.#subjects.kept(topic)
        return this.#run(async ({ js }) => {
          const expect = { lastSubjectSequence: expected }
          return (await js.publish(subject, data, { headers, expect, timeout: timeoutMs })).seq
        })
      },
      onWritten: () => {},
      errorOf: (cause) => this.#errorOf(cause),
    }
  }

  #run<T>(work: (storage: TopicStorage) => Promise<T>): Promise<T> {
    return this.#link.run(() => {
      // Available means prepared.
      if (this.#storage === null) throw new Error('nats: not prepared')
      return work(this.#storage)
    })
  }

  #request<T>(work: (storage: TopicStorage) => Promise<T>): Promise<T> {
    return this.#run(work).catch((cause) => {
      throw this.#errorOf(cause)
    })
  }

  #errorOf(cause: unknown): Error {
    if (isBrokerAway(cause)) this.#link.suspect()
    return brokerErrorOf(cause)
  }
}

/** A topic that this process follows. */
interface FollowedTopic {
  subscription: Subscription | null
  /** The last entry that came. */
  last: TopicEntry | null
}
