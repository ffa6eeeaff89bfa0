/** Room for topics in the stream, which itself limits messages only. */
import { DeliverPolicy } from '@nats-io/jetstream'
import { TimeoutError } from '@nats-io/transport-node'
import { TopicError } from '../topic-error.ts'
import { isUnanswered } from './nats-topic-errors.ts'
import type { TopicStorage } from './topic-storage.ts'
import type { TopicSubjects } from './topic-stream.ts'

/** How many topics are examined when some must be dropped. Those that are followed move to the end of the stream meanwhile. */
const MAX_CANDIDATES = 256
/** How many topics are dropped at once, as a share of all. Looking for them costs more the more there are. */
const DROPPED_SHARE = 0.01
/** The stream counts as nearly full from this share of its bytes on, and this share of its entries as old. */
const FULL_SHARE = 0.5
const OLD_SHARE = 0.5
/** How long a process that follows a topic has to say so, in milliseconds. */
const ANSWER_MS = 1_000
const FETCH_MS = 2_000

/** The last entry of a topic. */
interface LastEntry {
  readonly subject: string
  readonly streamSequence: number
}

/** Drops topics. */
export class TopicRoom {
  readonly #subjects: TopicSubjects
  readonly #maxTopics: number

  constructor(subjects: TopicSubjects, maxTopics: number) {
    this.#subjects = subjects
    this.#maxTopics = maxTopics
  }

  /**
   * Makes room for another topic: if there are as many as there may be, drops those that were published on least recently and that no
   * process follows. Processes that create topics at the same time may exceed the limit by a few.
   *
   * @throws TopicError `limit_reached` if all topics are followed
   */
  async makeRoom(storage: TopicStorage): Promise<void> {
    const { state } = await storage.jsm.streams.info(this.#subjects.stream)
    const excess = (state.num_subjects ?? 0) - this.#maxTopics + 1
    if (excess <= 0) return
    const wanted = Math.max(excess, Math.ceil(this.#maxTopics * DROPPED_SHARE))
    const dropped = await this.#dropTopics(storage, wanted)
    if (dropped < excess) throw new TopicError('limit_reached', `limit of ${this.#maxTopics} topics reached`)
  }

  /**
   * Returns the number of the stream before which messages may soon be dropped, as it is nearly full; 0 if it is not. Entries of topics
   * that must not be dropped are written again from there on.
   */
  async border({ jsm }: TopicStorage): Promise<number> {
    const { state, config } = await jsm.streams.info(this.#subjects.stream)
    if (state.bytes < config.max_bytes * FULL_SHARE) return 0
    return state.first_seq + (state.last_seq - state.first_seq) * OLD_SHARE
  }

  /** Drops what a topic had up to a number of the stream. */
  async drop({ jsm }: TopicStorage, subject: string, lastStreamSequence: number): Promise<void> {
    await jsm.streams.purge(this.#subjects.stream, { filter: subject, seq: lastStreamSequence + 1 })
  }

  /** Returns how many it dropped. */
  async #dropTopics(storage: TopicStorage, wanted: number): Promise<number> {
    let dropped = 0
    for (const { subject, streamSequence } of await this.#oldest(storage)) {
      if (dropped === wanted) break
      if (await this.#isFollowed(storage, subject)) continue
      // What is published on the topic from now on is kept.
      await this.drop(storage, subject, streamSequence)
      dropped += 1
    }
    return dropped
  }

  /** Lists topics by their last entries, those first that were published on least recently. */
  async #oldest({ js }: TopicStorage): Promise<LastEntry[]> {
    const consumer = await js.consumers.get(this.#subjects.stream, {
      deliver_policy: DeliverPolicy.LastPerSubject,
      filter_subjects: this.#subjects.kept('*'),
      headers_only: true,
    })
    const topics: LastEntry[] = []
    for await (const { subject, seq, info } of await consumer.fetch({
      max_messages: MAX_CANDIDATES,
      expires: FETCH_MS,
    })) {
      topics.push({ subject, streamSequence: seq })
      if (topics.length === MAX_CANDIDATES || info.pending === 0) break
    }
    await consumer.delete()
    return topics
  }

  /** Every process that follows a topic answers requests on its subject. If none does, NATS answers with "no responders". */
  async #isFollowed({ connection }: TopicStorage, keptSubject: string): Promise<boolean> {
    try {
      await connection.request(this.#subjects.live(this.#subjects.topicOf(keptSubject)), '', { timeout: ANSWER_MS })
      return true
    } catch (cause) {
      if (cause instanceof TimeoutError) return true
      if (isUnanswered(cause)) return false
      throw cause
    }
  }
}
