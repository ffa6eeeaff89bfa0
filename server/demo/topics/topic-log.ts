/** The messages that a topic keeps for subscribers that come later or come back. */
import { randomBytes } from 'node:crypto'
import { MessageWindow, type MessageWindowLimits } from './message-window.ts'
import { TopicError } from './topic-error.ts'
import type { TopicMessage, TopicPosition } from './topic-hub.ts'

/** A message that has no place in a topic yet. */
export type UnplacedMessage = Omit<TopicMessage, 'epoch' | 'sequence'>

/** What a subscriber reads first after a reconnect. */
export interface Replay {
  /** How many messages after its position are no longer kept. */
  readonly missed: bigint
  /** The position was of another incarnation of the topic. */
  readonly isReset: boolean
  /** Oldest first. */
  readonly messages: Iterable<TopicMessage>
}

const EPOCH_BYTES = 12

/** Makes the epoch of a new topic: 96 random bits in base64url. */
export function randomEpoch(): string {
  return randomBytes(EPOCH_BYTES).toString('base64url')
}

/** Numbers the messages of one topic and keeps the newest of them. */
export class TopicLog {
  /** Names this incarnation of the topic. */
  readonly epoch: string
  readonly #window: MessageWindow
  #lastSequence = 0n

  /** `lastSequence` is the number of the last message before those that are kept here. */
  constructor(limits: MessageWindowLimits, epoch: string, lastSequence = 0n) {
    this.epoch = epoch
    this.#window = new MessageWindow(limits)
    this.#lastSequence = lastSequence
  }

  /** The number of the newest message; 0 before the first. */
  get lastSequence(): bigint {
    return this.#lastSequence
  }

  /** How many messages are kept. */
  get size(): number {
    return this.#window.size
  }

  /** How many bytes of data are kept. */
  get bytes(): number {
    return this.#window.bytes
  }

  /** Drops the oldest messages until one more of that many bytes can be kept. */
  makeRoom(bytes: number): void {
    this.#window.makeRoom(bytes)
  }

  /** Keeps a message under the next number. */
  append(message: UnplacedMessage): TopicMessage {
    const { topic, timeMs, data, dataBytes } = message
    const placed = { topic, epoch: this.epoch, sequence: this.#lastSequence + 1n, timeMs, data, dataBytes }
    this.#push(placed)
    return placed
  }

  /** Keeps a message that has its number. If that is not the next one, the messages before it are no longer kept. */
  keep(placed: TopicMessage): void {
    if (placed.sequence !== this.#lastSequence + 1n) this.#window.clear()
    this.#push(placed)
  }

  /** Forgets the messages up to a number above the last one. */
  skipTo(sequence: bigint): void {
    this.#window.clear()
    this.#lastSequence = sequence
  }

  /**
   * Returns what came after a position.
   *
   * @throws TopicError `out_of_range` for a number of this epoch that no message has yet
   */
  after({ epoch, sequence }: TopicPosition): Replay {
    if (epoch !== '' && epoch !== this.epoch) return { missed: 0n, isReset: true, messages: this.#from(0) }
    const isAhead = sequence > this.#lastSequence
    if (isAhead && epoch !== '') {
      throw new TopicError('out_of_range', `is ${sequence}, but the last message of the topic is ${this.#lastSequence}`)
    }
    // Without an epoch it is a number from before a restart, which says nothing about the messages of now.
    return this.#afterSequence(isAhead ? 0n : sequence)
  }

  #afterSequence(seen: bigint): Replay {
    const dropped = this.#lastSequence - BigInt(this.size)
    if (seen < dropped) return { missed: dropped - seen, isReset: false, messages: this.#from(0) }
    return { missed: 0n, isReset: false, messages: this.#from(Number(seen - dropped)) }
  }

  #push(placed: TopicMessage): void {
    this.#window.push(placed)
    this.#lastSequence = placed.sequence
  }

  *#from(index: number): Iterable<TopicMessage> {
    for (let message = this.#window.at(index); message !== undefined; message = this.#window.at(++index)) yield message
  }
}
