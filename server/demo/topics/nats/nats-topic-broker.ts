/** The topics of several processes in a stream of NATS JetStream. */
import type { Msg, Subscription } from '@nats-io/transport-node'
import type { TopicBroker, TopicBrokerListener, TopicRange } from '../broker/topic-broker.ts'
import type { TopicMessage } from '../topic-hub.ts'
import { NatsLink } from './nats-link.ts'
import { brokerErrorOf, isBrokerAway } from './nats-topic-errors.ts'
import {
  type CompleteNatsTopicOptions,
  type NatsTopicBrokerOptions,
  normalizeNatsTopicOptions,
} from './nats-topic-options.ts'
import { readEntry, type TopicPlace } from './topic-entry.ts'
import { TopicLeads } from './topic-leads.ts'
import { TopicReader } from './topic-reader.ts'
import { TopicRoom } from './topic-room.ts'
import { openTopicStorage, type TopicStorage } from './topic-storage.ts'
import { TopicSubjects } from './topic-stream.ts'
import { type TopicStreamWriting, TopicWriter } from './topic-writer.ts'

/**
 * Creates a broker that keeps topics in NATS JetStream, version 2.10 or later. start() creates the stream if there is none. It rejects
 * with a NatsRefusal if NATS is too old, has no JetStream, refuses the credentials, or has another stream of that name. The broker goes
 * on trying then, until it is closed.
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

/** How often followed topics are checked, in milliseconds: the stream may be overwritten in a few seconds. */
const KEEP_INTERVAL_MS = 1_000

class NatsTopicBroker implements TopicBroker {
  readonly #options: CompleteNatsTopicOptions
  readonly #subjects: TopicSubjects
  readonly #reader: TopicReader
  readonly #room: TopicRoom
  readonly #leads = new TopicLeads(() => performance.now())
  readonly #link: NatsLink
  readonly #writing: TopicStreamWriting
  readonly #writers = new Map<string, TopicWriter>()
  readonly #followed = new Map<string, Following>()
  #storage: TopicStorage | null = null
  #listener: TopicBrokerListener | null = null
  #timer: NodeJS.Timeout | undefined
  #isKeeping = false

  constructor(options: CompleteNatsTopicOptions) {
    this.#options = options
    this.#subjects = new TopicSubjects(options.stream)
    this.#reader = new TopicReader(this.#subjects, options.limits)
    this.#room = new TopicRoom(this.#subjects, options.limits.maxTopics)
    this.#link = new NatsLink(
      { ...options, name: options.stream },
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

  async start(listener: TopicBrokerListener): Promise<void> {
    this.#listener = listener
    this.#timer = setInterval(() => void this.#keepFollowed(), KEEP_INTERVAL_MS).unref()
    await this.#link.start()
  }

  append(topic: string, data: string, dataBytes: number): Promise<TopicMessage> {
    return this.#writerOf(topic).append(data, dataBytes)
  }

  async read(topic: string, afterSequence: bigint): Promise<TopicRange> {
    const followed = this.#followed.get(topic)
    const known = followed?.last ?? null
    const { range, place } = await this.#request((storage) => {
      return this.#reader.range(storage, topic, { after: afterSequence, known })
    })
    // Messages that came during the read have set a later place.
    if (followed !== undefined && followed.last === known) followed.last = place
    return range
  }

  follow(topic: string): Promise<void> {
    const found = this.#followed.get(topic)
    if (found !== undefined) return found.ready
    const followed: Following = { subscription: null, last: null, ready: Promise.resolve() }
    this.#followed.set(topic, followed)
    followed.ready = this.#subscribe(topic, followed).catch((cause) => {
      if (this.#followed.get(topic) === followed) this.unfollow(topic)
      throw cause
    })
    return followed.ready
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
    clearInterval(this.#timer)
    return this.#link.close()
  }

  #subscribe(topic: string, followed: Following): Promise<void> {
    const subject = this.#subjects.live(topic)
    const callback = (error: Error | null, message: Msg) => {
      if (error === null) this.#onLive(topic, followed, message)
    }
    return this.#request(async ({ connection }) => {
      followed.subscription = connection.subscribe(subject, { callback })
      await connection.flush()
      if (followed.subscription.isClosed()) throw new Error(`nats: the subscription to ${subject} ended`)
    })
  }

  #onAvailable(isAvailable: boolean): void {
    if (!isAvailable) for (const writer of this.#writers.values()) writer.doubt()
    this.#listener?.onAvailable(isAvailable)
  }

  #onLive(topic: string, followed: Following, message: Msg): void {
    const { headers, data } = message
    const entry = readEntry(topic, { header: headers, data, seq: Number(headers?.get(SEQUENCE_HEADER)) })
    if (entry === null) {
      // A server looks for topics to drop. The answer keeps this one, and its place moves to the end of the stream.
      if (message.respond()) void this.#writerOf(topic).keep()
      return
    }
    followed.last = entry.place
    this.#writers.get(topic)?.observe(entry.place)
    for (const each of entry.messages) this.#listener?.onMessage(each)
  }

  /** Keeps the stream from dropping the last entry of a topic that this process follows. Never rejects. */
  async #keepFollowed(): Promise<void> {
    if (this.#followed.size === 0 || this.#isKeeping || !this.isAvailable) return
    this.#isKeeping = true
    const border = await this.#request((storage) => this.#room.border(storage)).catch(() => 0)
    for (const [topic, { last }] of this.#followed) {
      if (last !== null && last.streamSequence < border) await this.#writerOf(topic).keep()
    }
    this.#isKeeping = false
  }

  #drop(topic: string, lastStreamSequence: number): void {
    const subject = this.#subjects.kept(topic)
    // If it fails, readers skip these entries, and a later purge drops them.
    this.#request((storage) => this.#room.drop(storage, subject, lastStreamSequence)).catch(() => {})
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
      admit: () => this.#run((storage) => this.#room.makeRoom(storage)),
      drop: (topic, last) => this.#drop(topic, last),
      maxTopicBytes: this.#options.limits.maxTopicBytes,
      publish: (topic, { headers, data, expected }) => {
        const subject = this.#subjects.kept(topic)
        return this.#run(async ({ js }) => {
          const expect = { lastSubjectSequence: expected }
          return (await js.publish(subject, data, { headers, expect, timeout: timeoutMs })).seq
        })
      },
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
interface Following {
  subscription: Subscription | null
  /** The last place that this process has seen; null before the first. */
  last: TopicPlace | null
  /** Resolves when all messages are reported. */
  ready: Promise<void>
}
