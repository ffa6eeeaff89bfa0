/** A copy of what a broker keeps of one topic, up to the last message that this process has read or received. */
import type { MessageWindowLimits } from '../message-window.ts'
import { MESSAGE_OVERHEAD_BYTES } from '../topic.ts'
import type { TopicMessage, TopicPosition } from '../topic-hub.ts'
import { type Replay, TopicLog } from '../topic-log.ts'
import type { TopicRange } from './topic-broker.ts'

/** A number above those of all messages: reading after it returns none of them. Exact in brokers that count in doubles. */
export const ABOVE_ALL = BigInt(Number.MAX_SAFE_INTEGER)

/** Lets many subscribers that come back share one read and the message objects. It begins at the lowest position asked for: the floor. */
export class TopicMirror {
  readonly #limits: MessageWindowLimits
  /** Undefined before the first read. */
  #log: TopicLog | undefined
  /** The mirror has all that is kept after this number. */
  #floor = ABOVE_ALL

  /** `limits` are those of the topic. */
  constructor(limits: MessageWindowLimits) {
    this.#limits = limits
  }

  /** The last message; undefined before the first read. */
  get position(): TopicPosition | undefined {
    return this.#log && { epoch: this.#log.epoch, sequence: this.#log.lastSequence }
  }

  /** Empty before the first read, and while the topic does not exist. */
  get epoch(): string {
    return this.#log?.epoch ?? ''
  }

  /** The number of the last message; 0 before the first one. */
  get lastSequence(): bigint {
    return this.#log?.lastSequence ?? 0n
  }

  /** About how much memory it takes. */
  get bytes(): number {
    return this.#log === undefined ? 0 : this.#log.bytes + this.#log.size * MESSAGE_OVERHEAD_BYTES
  }

  /** Forgets the messages, but not the position. Later joins read from the broker what they need. */
  empty(): void {
    if (this.#log === undefined) return
    this.#floor = this.#log.lastSequence
    this.#log.skipTo(this.#floor)
  }

  /** What comes after a position. Throws a TopicError `out_of_range`. */
  replay(after: TopicPosition): Replay {
    if (this.#log === undefined) throw new Error('a topic must be prepared before it is replayed')
    return this.#log.after(after)
  }

  /** The number after which messages must be read for a position; ABOVE_ALL if the mirror has them all. */
  missingBefore(after: TopicPosition | undefined): bigint {
    if (after === undefined) return ABOVE_ALL
    const asked = minOf(after.sequence, ABOVE_ALL)
    if (this.#log === undefined) return asked
    const { epoch, lastSequence } = this.#log
    const isOther = after.epoch !== '' && after.epoch !== epoch
    const needed = isOther || after.sequence > lastSequence ? 0n : asked
    return needed < this.#floor ? needed : ABOVE_ALL
  }

  /** The number after which a read must begin to return what is wanted and what is new. */
  readStart(wanted: bigint): bigint {
    return this.#log === undefined ? wanted : minOf(wanted, this.#log.lastSequence)
  }

  /** Whether a range is of another incarnation, or of the same one with messages lost at its end, whose numbers are given again. */
  isReplacedBy({ epoch, lastSequence }: TopicRange): boolean {
    const log = this.#log
    return log !== undefined && (epoch !== log.epoch || lastSequence < log.lastSequence)
  }

  /**
   * Takes what is not new in the answer of a read after the number `from`. Returns the number of the last message that is not new: the
   * caller passes on those after it.
   */
  takeKnown(range: TopicRange, from: bigint): bigint {
    const { epoch, lastSequence, messages } = range
    const isReplaced = this.isReplacedBy(range)
    const known = isReplaced ? 0n : (this.#log?.lastSequence ?? lastSequence)
    if (this.#log === undefined || isReplaced || from < this.#floor) {
      this.#log = new TopicLog(this.#limits, epoch)
      for (const message of messages) if (message.sequence <= known) this.#log.keep(message)
      if (this.#log.lastSequence < known) this.#log.skipTo(known)
      this.#floor = minOf(from, known)
    }
    return known
  }

  /** Begins with a topic that did not exist. */
  begin(epoch: string): void {
    this.#log = new TopicLog(this.#limits, epoch)
    this.#floor = 0n
  }

  /** Adds the next message. */
  keep(message: TopicMessage): void {
    this.#log?.keep(message)
  }

  /** Moves on to a number. Returns how many messages that leaves out; 0 if it is not above the last one. */
  skipTo(sequence: bigint): bigint {
    const log = this.#log
    if (log === undefined || sequence <= log.lastSequence) return 0n
    const missed = sequence - log.lastSequence
    log.skipTo(sequence)
    return missed
  }
}

function minOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
