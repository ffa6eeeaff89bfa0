/** Reads what the stream keeps of a topic. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CompletionResult,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  type StoredMsg,
} from '@nats-io/jetstream'
import { TimeoutError } from '@nats-io/transport-node'
import type { TopicBrokerLimits, TopicRange } from '../broker/topic-broker.ts'
import type { TopicMessage } from '../topic-hub.ts'
import { readEntry, type StoredEntry, type TopicEntry, type TopicPlace } from './topic-entry.ts'
import type { TopicSubjects } from './topic-stream.ts'

/** How many entries are requested at a time. */
const BATCH = 512
/** How long a consumer may take to deliver a batch, in milliseconds. */
const FETCH_MS = 3_000
/** After so long without a message, in milliseconds, the server that answers a direct read counts as gone. */
const SILENCE_MS = 3_000
/** How often a read is repeated because the copy that answered was behind, and after how many milliseconds. */
const MAX_REPEATS = 20
const REPEAT_MS = 50
/** Direct reads of several messages need 2.11. */
const DIRECT_BATCHES = { major: 2, minor: 11 }

/** What a read needs of a connection. */
export interface JetStreamAccess {
  readonly js: JetStreamClient
  readonly jsm: JetStreamManager
  readonly version: ServerVersion
}

/** Where a read starts. */
export interface RangeStart {
  /** The number before the first that is wanted. */
  readonly after: bigint
  /** A place of the topic that the caller has seen. */
  readonly known: TopicPlace | null
}

/** What was read. */
export interface TopicRead {
  readonly range: TopicRange
  /** Where the topic was; null if it does not exist. */
  readonly place: TopicPlace | null
}

/** The version of a server of NATS. */
export interface ServerVersion {
  readonly major: number
  readonly minor: number
}

/** Whether a version is the other one, or a later one. */
export function isAtLeast(version: ServerVersion, other: ServerVersion): boolean {
  return version.major > other.major || (version.major === other.major && version.minor >= other.minor)
}

/** Reads topics from one stream. */
export class TopicReader {
  readonly #subjects: TopicSubjects
  readonly #limits: TopicBrokerLimits

  constructor(subjects: TopicSubjects, limits: TopicBrokerLimits) {
    this.#subjects = subjects
    this.#limits = limits
  }

  /**
   * Returns the last entry of a topic, or null if it has none. What others wrote on its subject counts as an entry of no epoch.
   *
   * The server that leads the stream answers. Copies, which answer direct reads, may be behind.
   */
  async last({ jsm }: JetStreamAccess, topic: string): Promise<TopicPlace | null> {
    const subject = this.#subjects.kept(topic)
    const stored = await jsm.streams.getMessage(this.#subjects.stream, { last_by_subj: subject }).catch(nullIfNotFound)
    if (stored === null) return null
    const foreign = { epoch: '', sequence: 0n, streamSequence: stored.seq, totalBytes: 0 }
    return readEntry(topic, stored)?.place ?? foreign
  }

  /**
   * Returns what a topic keeps after a number. If the caller knows the place of that number or of an earlier one, only what came
   * after that is read.
   *
   * Old messages may be dropped while they are read. Those before a gap, or of another incarnation, are not kept any more. The last entry
   * may be missing in the copy that answers: the read is repeated until it has that, or that is dropped as well.
   */
  async range(access: JetStreamAccess, topic: string, { after, known }: RangeStart): Promise<TopicRead> {
    for (let repeats = 0; ; repeats += 1) {
      const last = await this.last(access, topic)
      if (last === null || last.epoch === '') return NOTHING

      const isUseful = known !== null && known.epoch === last.epoch && known.sequence <= after
      const from = isUseful ? known.streamSequence + 1 : 1
      const entries = await this.#entries(access, topic, { from, to: last.streamSequence })
      const place = entries.at(-1)?.place ?? last
      const isWhole = entries.length === 0 ? from > last.streamSequence : place.streamSequence >= last.streamSequence
      if (isWhole) return { place, range: this.#rangeOf(entries, place, after) }
      if (repeats === MAX_REPEATS) throw new Error('nats: a copy of the stream is behind')
      await sleep(REPEAT_MS)
    }
  }

  #rangeOf(entries: readonly TopicEntry[], { epoch, sequence }: TopicPlace, after: bigint): TopicRange {
    const messages = this.#keptOf(entries.flatMap((entry) => entry.messages))
    return { epoch, lastSequence: sequence, messages: messages.filter((message) => message.sequence > after) }
  }

  /** Reads all entries between two numbers of the stream, and those that came meanwhile. */
  async #entries(
    access: JetStreamAccess,
    topic: string,
    { from, to }: { from: number; to: number },
  ): Promise<TopicEntry[]> {
    const read = isAtLeast(access.version, DIRECT_BATCHES) ? readDirectly : readByConsumer
    const entries: TopicEntry[] = []
    for (let next = from; next <= to; ) {
      const batch = await read(access, { stream: this.#subjects.stream, subject: this.#subjects.kept(topic), next, to })
      for (const stored of batch) {
        const entry = readEntry(topic, stored)
        if (entry !== null) entries.push(entry)
      }
      // The last one was dropped meanwhile, or the copy that answers is behind.
      const reached = batch.at(-1)?.seq ?? to
      next = reached + 1
    }
    return entries
  }

  /** The newest messages that follow each other and that the topic keeps: JetStream keeps more than the limits, as it counts entries. */
  #keptOf(messages: readonly TopicMessage[]): readonly TopicMessage[] {
    const { maxTopicMessages, maxTopicBytes } = this.#limits
    let bytes = 0
    let first = messages.length
    while (first > 0 && messages.length - first < maxTopicMessages) {
      const message = messages[first - 1]
      const next = messages[first]
      if (message === undefined || (next !== undefined && !isFollowedBy(message, next))) break
      bytes += message.dataBytes
      if (bytes > maxTopicBytes) break
      first -= 1
    }
    return messages.slice(first)
  }
}

const NOTHING: TopicRead = { place: null, range: { epoch: '', lastSequence: 0n, messages: [] } }

interface BatchRequest {
  readonly stream: string
  readonly subject: string
  readonly next: number
  readonly to: number
}

/** By a callback: with an iterator, the client keeps the subscription for the answers, and never stops waiting for one that is lost. */
async function readDirectly({ jsm }: JetStreamAccess, { stream, subject, next }: BatchRequest): Promise<StoredEntry[]> {
  const { promise, resolve, reject } = Promise.withResolvers<StoredEntry[]>()
  const entries: StoredEntry[] = []
  const callback = (end: CompletionResult | null, stored: StoredMsg) => {
    if (end === null) {
      entries.push(stored)
      silence.refresh()
      return
    }
    clearTimeout(silence)
    if (end.err === undefined) resolve(entries)
    else reject(end.err)
  }
  const batch = await jsm.direct.getBatch(stream, { seq: next, next_by_subj: subject, batch: BATCH, callback })
  const silence = setTimeout(() => batch.stop(new TimeoutError()), SILENCE_MS)
  return promise
}

/** Servers before 2.11 need a consumer. It ends with the read, or soon after if the connection is lost. */
async function readByConsumer(
  { js }: JetStreamAccess,
  { stream, subject, next, to }: BatchRequest,
): Promise<StoredEntry[]> {
  const consumer = await js.consumers.get(stream, {
    filter_subjects: subject,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: next,
  })
  const entries: StoredEntry[] = []
  const fetched = await consumer.fetch({ max_messages: BATCH, expires: FETCH_MS })
  for await (const message of fetched) {
    entries.push({ header: message.headers, data: message.data, seq: message.seq })
    if (message.seq >= to || message.info.pending === 0) break
  }
  await consumer.delete()
  return entries
}

function isFollowedBy(message: TopicMessage, next: TopicMessage): boolean {
  return message.epoch === next.epoch && message.sequence + 1n === next.sequence
}

function nullIfNotFound(cause: unknown): null {
  if (cause instanceof JetStreamApiError && cause.code === JetStreamApiCodes.NoMessageFound) return null
  throw cause
}
