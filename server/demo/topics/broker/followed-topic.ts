/** One topic of a broker, as this process sees it. */
import { MessageWindow, type MessageWindowLimits } from '../message-window.ts'
import type { TopicMessage, TopicPosition } from '../topic-hub.ts'
import { LastPublished } from './last-published.ts'
import type { TopicBroker, TopicRange } from './topic-broker.ts'
import { ABOVE_ALL, TopicMirror } from './topic-mirror.ts'

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

/**
 * Follows a topic: puts what the broker reports into order, reads what is missing, and hands each message to the listeners once.
 *
 * While a read is under way, reported messages are held back: what came before the read began is in its answer. When a read fails,
 * the topic is stale, and reports are ignored until the next read.
 */
export class FollowedTopic {
  readonly name: string
  readonly listeners = new Set<FollowListener>()
  /** What the listeners have. */
  readonly mirror: TopicMirror
  /** How many joins need the topic besides its listeners. */
  holds = 0
  /** Something was reported since the last recheck. */
  isActive = false
  /** The last read has failed, or is under way. */
  isStale = true
  readonly #broker: TopicBroker
  readonly #onReadFailed: (error: unknown) => void
  readonly #published = new LastPublished()
  /** What was reported during a read. */
  readonly #held: MessageWindow
  /** The lowest number that the next read must begin after. */
  #wanted = ABOVE_ALL
  #following: Promise<void> | undefined
  #reading: Promise<void> | undefined
  /** The read that begins when the present one is done. */
  #nextRead: Promise<void> | undefined

  constructor({ name, broker, limits, onReadFailed }: FollowedTopicInit) {
    this.name = name
    this.#broker = broker
    this.mirror = new TopicMirror(limits)
    this.#onReadFailed = onReadFailed
    this.#held = new MessageWindow(limits)
  }

  /** The last message that this process published and that the listeners do not have yet; undefined if there is none. */
  get awaited(): TopicPosition | undefined {
    return this.#published.beyond(this.mirror.position)
  }

  /** This process has published a message. */
  accept(message: TopicMessage): void {
    this.#published.note(message)
  }

  /** Makes a replay of the mirror possible for a position, and moves on to the last message of now. Rejects with what the broker does. */
  async prepare(after: TopicPosition | undefined): Promise<void> {
    this.#following ??= this.#broker.follow(this.name)
    try {
      await this.#following
    } catch (error) {
      this.#following = undefined
      throw error
    }
    await this.sync(this.mirror.missingBefore(after))
    for (let from = this.mirror.missingBefore(after); from < ABOVE_ALL; from = this.mirror.missingBefore(after)) {
      await this.sync(from)
    }
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
    const from = this.mirror.readStart(wanted)
    const range = await this.#broker.read(this.name, from)
    // The numbers of another incarnation say nothing about those that were asked for.
    const isWhole = from === 0n || !this.mirror.isReplacedBy(range)
    if (isWhole) this.#apply(range, from)
    else this.#apply(await this.#broker.read(this.name, 0n), 0n)
    if (published === this.#published.position && this.awaited !== undefined) this.#losePublished()
  }

  /** The last message of this process was published before a read, which has not found it. */
  #losePublished(): void {
    this.#published.forget()
    for (const listener of this.listeners) listener.onLoss(this.name)
  }

  #apply(range: TopicRange, from: bigint): void {
    if (this.mirror.isReplacedBy(range)) this.#endEpoch(range)
    const known = this.mirror.takeKnown(range, from)
    for (const message of range.messages) if (message.sequence > known) this.#deliver(message)
    this.#skipTo(range.lastSequence)
  }

  #endEpoch(next: TopicRange): void {
    const { epoch } = this.mirror
    const isLost = this.#published.beyond({ epoch: next.epoch, sequence: next.lastSequence }) !== undefined
    if (isLost) this.#published.forget()
    for (const listener of this.listeners) {
      if (epoch !== '') listener.addNewEpoch(this.name)
      listener.onLoss(this.name)
    }
  }

  #take(message: TopicMessage): void {
    const { epoch, lastSequence } = this.mirror
    const { sequence } = message
    if (message.epoch === epoch && sequence <= lastSequence) return
    if (message.epoch === epoch && sequence === lastSequence + 1n) this.#deliver(message)
    else if (epoch === '' && sequence === 1n) this.#begin(message)
    else this.sync().catch(this.#onReadFailed)
  }

  /** Takes the first message of a topic that did not exist. */
  #begin(message: TopicMessage): void {
    this.mirror.begin(message.epoch)
    this.#deliver(message)
  }

  #deliver(message: TopicMessage): void {
    this.#skipTo(message.sequence - 1n)
    this.mirror.keep(message)
    for (const listener of this.listeners) listener.push(message)
  }

  #skipTo(sequence: bigint): void {
    const missed = this.mirror.skipTo(sequence)
    if (missed === 0n) return
    for (const listener of this.listeners) listener.addGap(this.name, missed)
  }
}
