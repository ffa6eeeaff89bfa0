/** One topic of a broker, as this process sees it. */
import { MessageWindow, type MessageWindowLimits } from '../message-window.ts'
import { MESSAGE_OVERHEAD_BYTES } from '../topic.ts'
import type { TopicMessage, TopicPosition } from '../topic-hub.ts'
import { type Replay, TopicLog } from '../topic-log.ts'
import { LastPublished } from './last-published.ts'
import type { TopicBroker, TopicRange } from './topic-broker.ts'

/** A subscriber as a followed topic sees it. It may leave within a call, but not join. */
export interface FollowListener {
  /** Receives the messages, each once and in order. */
  push(message: TopicMessage): void
  /** Messages right before the next one are no longer kept by the broker. */
  addGap(topic: string, missed: bigint): void
  /** The next message is of another incarnation of the topic. */
  addNewEpoch(topic: string): void
  /** The last message that this process published may be lost. */
  onLoss(topic: string): void
}

/** The parts of a followed topic. */
export interface FollowedTopicInit {
  readonly name: string
  readonly broker: TopicBroker
  /** How much a topic keeps. */
  readonly limits: MessageWindowLimits
  /** A read has failed whose result no caller awaits. The topic stays stale until sync() is called. */
  readonly onReadFailed: (error: unknown) => void
}

/** A number above those of all messages: reading after it returns none of them. Exact in brokers that count in doubles. */
const ABOVE_ALL = BigInt(Number.MAX_SAFE_INTEGER)

/**
 * Follows a topic: puts what the broker reports into order, reads what is missing, and hands each message to the listeners once.
 *
 * It mirrors what the topic keeps, so that many subscribers that come back share one read and the message objects. The mirror
 * begins at the lowest position that was asked for (the floor).
 *
 * While a read is under way, reported messages are held back: what came before the read began is in its answer. When a read fails,
 * the topic is stale, and reports are ignored until the next read.
 */
export class FollowedTopic {
  readonly name: string
  readonly listeners = new Set<FollowListener>()
  /** How many joins need the topic besides its listeners. */
  holds = 0
  /** Something was reported since the last recheck. */
  isActive = false
  /** The last read has failed, or is under way. */
  isStale = true
  readonly #broker: TopicBroker
  readonly #limits: MessageWindowLimits
  readonly #onReadFailed: (error: unknown) => void
  readonly #published = new LastPublished()
  /** What was reported during a read. */
  readonly #held: MessageWindow
  /** Undefined before the first read. */
  #log: TopicLog | undefined
  /** The mirror has all that is kept after this number. */
  #floor = ABOVE_ALL
  /** The lowest number that the next read must begin after. */
  #wanted = ABOVE_ALL
  #following: Promise<void> | undefined
  #reading: Promise<void> | undefined
  /** The read that begins when the present one is done. */
  #nextRead: Promise<void> | undefined

  constructor({ name, broker, limits, onReadFailed }: FollowedTopicInit) {
    this.name = name
    this.#broker = broker
    this.#limits = limits
    this.#onReadFailed = onReadFailed
    this.#held = new MessageWindow(limits)
  }

  /** The last message that the listeners have; undefined before the first read. */
  get position(): TopicPosition | undefined {
    return this.#log && { epoch: this.#log.epoch, sequence: this.#log.lastSequence }
  }

  /** The last message that this process published and that the listeners do not have yet; undefined if there is none. */
  get awaited(): TopicPosition | undefined {
    return this.#published.beyond(this.position)
  }

  /** About how much memory the mirror takes. */
  get mirrorBytes(): number {
    return this.#log === undefined ? 0 : this.#log.bytes + this.#log.size * MESSAGE_OVERHEAD_BYTES
  }

  /** Empties the mirror. Later joins read from the broker what they need. */
  emptyMirror(): void {
    if (this.#log === undefined) return
    this.#floor = this.#log.lastSequence
    this.#log.skipTo(this.#floor)
  }

  /** This process has published a message. */
  accept(message: TopicMessage): void {
    this.#published.note(message)
  }

  /** Makes {@link replay} possible for a position, and moves on to the last message of now. Rejects with what the broker does. */
  async prepare(after: TopicPosition | undefined): Promise<void> {
    this.#following ??= this.#broker.follow(this.name)
    try {
      await this.#following
    } catch (error) {
      this.#following = undefined
      throw error
    }
    await this.sync(this.#missingBefore(after))
    for (let from = this.#missingBefore(after); from < this.#floor; from = this.#missingBefore(after)) {
      await this.sync(from)
    }
  }

  /** What comes after a position. Throws a TopicError `out_of_range`. */
  replay(after: TopicPosition): Replay {
    if (this.#log === undefined) throw new Error('a topic must be prepared before it is replayed')
    return this.#log.after(after)
  }

  /** Takes a message that the broker reports. */
  report(message: TopicMessage): void {
    this.isActive = true
    if (this.#reading !== undefined) this.#held.push(message)
    else if (!this.isStale) this.#take(message)
  }

  /**
   * Reads what was not reported. Resolves after a read that began after the call. There is one read at a time: the answer to another one
   * could be older than what the listeners have by then, and be taken for a loss.
   */
  sync(from = ABOVE_ALL): Promise<void> {
    if (from < this.#wanted) this.#wanted = from
    if (this.#nextRead !== undefined) return this.#nextRead
    if (this.#reading === undefined) return this.#startRead()
    this.#nextRead = this.#reading.catch(() => {}).then(() => this.#startRead())
    return this.#nextRead
  }

  #startRead(): Promise<void> {
    this.#nextRead = undefined
    this.#held.clear()
    this.#reading = this.#read()
    return this.#reading
  }

  async #read(): Promise<void> {
    this.isStale = true
    try {
      await this.#refresh()
      this.isStale = false
    } finally {
      this.#reading = undefined
    }
    for (let held = this.#held.shift(); held !== undefined; held = this.#held.shift()) this.report(held)
  }

  async #refresh(): Promise<void> {
    const wanted = this.#wanted
    const published = this.#published.position
    this.#wanted = ABOVE_ALL
    const from = minOf(wanted, this.#log?.lastSequence ?? ABOVE_ALL)
    const range = await this.#broker.read(this.name, from)
    // The numbers of another incarnation say nothing about those that were asked for.
    const isWhole = from === 0n || this.#log === undefined || !this.#isOther(this.#log, range)
    if (isWhole) this.#apply(range, from)
    else this.#apply(await this.#broker.read(this.name, 0n), 0n)
    if (published === this.#published.position && this.awaited !== undefined) this.#losePublished()
  }

  /** The last message of this process was published before a read, which has not found it. */
  #losePublished(): void {
    this.#published.forget()
    for (const listener of this.listeners) listener.onLoss(this.name)
  }

  /** Another incarnation, or the same one with messages lost at its end, whose numbers are given again. */
  #isOther(log: TopicLog, { epoch, lastSequence }: TopicRange): boolean {
    return epoch !== log.epoch || lastSequence < log.lastSequence
  }

  #apply(range: TopicRange, from: bigint): void {
    const before = this.#log
    const { epoch, lastSequence, messages } = range
    const isOther = before !== undefined && this.#isOther(before, range)
    if (isOther) this.#endEpoch(before, range)
    const delivered = isOther ? 0n : (before?.lastSequence ?? lastSequence)
    if (before === undefined || isOther || from < this.#floor) {
      const old = messages.filter(({ sequence }) => sequence <= delivered)
      this.#log = this.#mirror(epoch, delivered, old)
      this.#floor = minOf(from, delivered)
    }
    for (const message of messages) if (message.sequence > delivered) this.#deliver(message)
    this.#skipTo(lastSequence)
  }

  #endEpoch({ epoch }: TopicLog, next: TopicRange): void {
    const isLost = this.#published.beyond({ epoch: next.epoch, sequence: next.lastSequence }) !== undefined
    if (isLost) this.#published.forget()
    for (const listener of this.listeners) {
      if (epoch !== '') listener.addNewEpoch(this.name)
      listener.onLoss(this.name)
    }
  }

  #mirror(epoch: string, lastSequence: bigint, messages: readonly TopicMessage[]): TopicLog {
    const log = new TopicLog(this.#limits, epoch)
    for (const message of messages) log.keep(message)
    if (log.lastSequence < lastSequence) log.skipTo(lastSequence)
    return log
  }

  #take(message: TopicMessage): void {
    const { epoch, lastSequence } = this.#log ?? NO_LOG
    const { sequence } = message
    if (message.epoch === epoch && sequence <= lastSequence) return
    if (message.epoch === epoch && sequence === lastSequence + 1n) this.#deliver(message)
    else if (epoch === '' && sequence === 1n) this.#begin(message)
    else this.sync().catch(this.#onReadFailed)
  }

  /** Takes the first message of a topic that did not exist. */
  #begin(message: TopicMessage): void {
    this.#log = new TopicLog(this.#limits, message.epoch)
    this.#floor = 0n
    this.#deliver(message)
  }

  #deliver(message: TopicMessage): void {
    this.#skipTo(message.sequence - 1n)
    this.#log?.keep(message)
    for (const listener of this.listeners) listener.push(message)
  }

  #skipTo(sequence: bigint): void {
    const log = this.#log
    if (log === undefined || sequence <= log.lastSequence) return
    const missed = sequence - log.lastSequence
    log.skipTo(sequence)
    for (const listener of this.listeners) listener.addGap(this.name, missed)
  }

  /** The number after which messages must be read for a position; ABOVE_ALL if the mirror has them all. */
  #missingBefore(after: TopicPosition | undefined): bigint {
    if (after === undefined) return ABOVE_ALL
    const asked = minOf(after.sequence, ABOVE_ALL)
    if (this.#log === undefined) return asked
    const { epoch, lastSequence } = this.#log
    const isOther = after.epoch !== '' && after.epoch !== epoch
    const needed = isOther || after.sequence > lastSequence ? 0n : asked
    return needed < this.#floor ? needed : ABOVE_ALL
  }
}

const NO_LOG = { epoch: '', lastSequence: 0n }

function minOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
