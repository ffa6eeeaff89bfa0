/** Appends messages to one topic. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TopicMessage } from '../topic-hub.ts'
import { isConflict } from './nats-topic-errors.ts'
import { entryAfter, entryHeaders, type TopicEntry, type TopicPlace, type UnwrittenMessage } from './topic-entry.ts'
import { TopicTrim } from './topic-trim.ts'

/** What writers do with the stream. */
export interface TopicStreamWriting {
  /** Returns the place of a topic according to the stream; null if it keeps nothing of it. */
  readLast(topic: string): Promise<TopicPlace | null>
  /** Makes room for another topic. Rejects with a TopicError `limit_reached` if there is none. */
  admit(): Promise<void>
  /** Publishes an entry, and returns its number in the stream. Rejects if the last entry of the topic has not the expected one. */
  publish(topic: string, entry: UnpublishedEntry): Promise<number>
  /** Drops the entries of a topic up to a number of the stream. */
  drop(topic: string, lastStreamSequence: number): void
  /** Returns what callers see of an error. */
  errorOf(cause: unknown): Error
  /** The most bytes that a topic keeps. */
  readonly maxTopicBytes: number
  /** The most bytes of data that one entry can have. */
  maxEntryBytes(): number
  createEpoch(): string
  now(): number
  /** Returns a number from 0 to below 1. */
  random(): number
}

/** An entry on its way to the stream. */
export interface UnpublishedEntry {
  readonly headers: ReturnType<typeof entryHeaders>
  readonly data: Uint8Array
  /** The number in the stream of the entry that it follows. */
  readonly expected: number
}

interface PendingAppend extends UnwrittenMessage {
  readonly resolve: (message: TopicMessage) => void
  readonly reject: (reason: Error) => void
}

const MAX_ENTRY_MESSAGES = 256
/** So many more attempts follow at once. Later ones wait, or processes would keep each other busy. */
const EAGER_ATTEMPTS = 2
/** The most milliseconds between attempts while other processes publish on the topic. */
const MAX_PAUSE_MS = 16
/** A limit for the case that other processes always come first. */
const MAX_ATTEMPTS = 200

/**
 * Writes the messages of one topic, in the order of the calls. One entry is on its way at a time, and what is appended meanwhile shares
 * the next one: as many publishers as there are cost one round trip.
 */
export class TopicWriter {
  readonly #topic: string
  readonly #stream: TopicStreamWriting
  readonly #trim: TopicTrim
  #queue: PendingAppend[] = []
  #isWriting = false
  /** The last place known. Never forgotten: if the stream is behind it, it lost messages that others have seen. */
  #known: TopicPlace | null = null
  /** Whether the next entry can follow the known place. Otherwise the place is read first. */
  #isCurrent = false

  constructor(topic: string, stream: TopicStreamWriting) {
    this.#topic = topic
    this.#stream = stream
    this.#trim = new TopicTrim(stream.maxTopicBytes)
  }

  /** Whether nothing waits to be written. */
  get isIdle(): boolean {
    return !this.#isWriting
  }

  /** Appends a message. */
  append(data: string, dataBytes: number): Promise<TopicMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<TopicMessage>()
    this.#queue.push({ data, dataBytes, resolve, reject })
    if (!this.#isWriting) void this.#writeAll()
    return promise
  }

  /** Takes the place of an entry that any process wrote. */
  observe(place: TopicPlace): void {
    if (this.#known !== null && place.streamSequence <= this.#known.streamSequence) return
    this.#known = place
    this.#isCurrent = true
  }

  /** Has the place read again: the stream may be another one. */
  doubt(): void {
    this.#isCurrent = false
  }

  /**
   * Writes an entry without messages, so that the place of the topic is among the newest of the stream, and the last to be dropped.
   * Does nothing if the topic does not exist or has lost messages, or while something is written anyway. Never rejects.
   */
  async keep(): Promise<void> {
    if (this.#isWriting) return
    this.#isWriting = true
    try {
      const last = await this.#stream.readLast(this.#topic)
      if (last !== null && last.epoch !== '' && !this.#isBehind(last)) await this.#publish(last, [])
    } catch (cause) {
      // If another entry was written instead, that is as good.
      this.doubt()
      this.#stream.errorOf(cause)
    }
    await this.#writeAll()
  }

  /** Never rejects. */
  async #writeAll(): Promise<void> {
    this.#isWriting = true
    while (this.#queue.length > 0) {
      const batch = this.#takeBatch()
      try {
        const { messages } = await this.#write(batch)
        for (const [index, message] of messages.entries()) batch[index]?.resolve(message)
      } catch (cause) {
        this.doubt()
        const error = this.#stream.errorOf(cause)
        for (const { reject } of batch) reject(error)
      }
    }
    this.#isWriting = false
  }

  #takeBatch(): PendingAppend[] {
    const maxEntryBytes = this.#stream.maxEntryBytes()
    let bytes = 0
    const end = this.#queue.findIndex(({ dataBytes }, index) => {
      bytes += dataBytes
      return index === MAX_ENTRY_MESSAGES || (index > 0 && bytes > maxEntryBytes)
    })
    return this.#queue.splice(0, end === -1 ? this.#queue.length : end)
  }

  async #write(batch: readonly PendingAppend[]): Promise<TopicEntry> {
    for (let attempt = 0; ; attempt += 1) {
      const last = this.#isCurrent && this.#known !== null ? this.#known : await this.#place()
      try {
        return await this.#publish(last, batch)
      } catch (cause) {
        if (!isConflict(cause) || attempt === MAX_ATTEMPTS) throw cause
        // Unless the live messages of the topic brought its place meanwhile.
        if (this.#known === null || this.#known.streamSequence <= last.streamSequence) this.doubt()
        if (attempt > EAGER_ATTEMPTS) await sleep(this.#stream.random() * Math.min(attempt, MAX_PAUSE_MS))
      }
    }
  }

  async #publish(last: TopicPlace, batch: readonly PendingAppend[]): Promise<TopicEntry> {
    const timeMs = this.#stream.now()
    const streamSequence = await this.#stream.publish(this.#topic, {
      headers: entryHeaders(last, batch, timeMs),
      data: Buffer.concat(batch.map(({ data }) => Buffer.from(data))),
      expected: last.streamSequence,
    })
    const entry = entryAfter(last, this.#topic, { batch, timeMs, streamSequence })
    this.#known = entry.place
    this.#isCurrent = true
    const excess = this.#trim.written(entry.place)
    if (excess !== null) this.#stream.drop(this.#topic, excess)
    return entry
  }

  /** Reads the place. A topic of which nothing is kept, or whose last messages are lost, begins again under another epoch. */
  async #place(): Promise<TopicPlace> {
    const last = await this.#stream.readLast(this.#topic)
    if (last === null) await this.#stream.admit()
    const streamSequence = last?.streamSequence ?? 0
    if (last !== null && last.epoch !== '' && !this.#isBehind(last)) return last
    return { epoch: this.#stream.createEpoch(), sequence: 0n, streamSequence, totalBytes: 0 }
  }

  /** Whether the stream has lost messages that were seen. */
  #isBehind({ epoch, sequence }: TopicPlace): boolean {
    return epoch === this.#known?.epoch && sequence < this.#known.sequence
  }
}
