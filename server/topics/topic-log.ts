/** The messages that a topic keeps for subscribers that come later or come back. */
import { MessageWindow, type MessageWindowLimits } from './message-window.ts'
import type { TopicMessage } from './topic-hub.ts'

/** Numbers the messages of one topic and keeps the newest of them. */
export class TopicLog {
  readonly #window: MessageWindow
  #lastSequence = 0n

  constructor(limits: MessageWindowLimits) {
    this.#window = new MessageWindow(limits)
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
  append(message: Omit<TopicMessage, 'sequence'>): TopicMessage {
    const { topic, timeMs, data, dataBytes } = message
    const numbered = { topic, sequence: this.#lastSequence + 1n, timeMs, data, dataBytes }
    this.#window.push(numbered)
    this.#lastSequence = numbered.sequence
    return numbered
  }

  /** What came after a message: those that are kept, oldest first, and how many before them are not. */
  after(sequence: bigint): { missed: bigint; messages: Iterable<TopicMessage> } {
    // A number from before a restart says nothing about the messages of now, so all of them are news.
    const seen = sequence > this.#lastSequence ? 0n : sequence
    const dropped = this.#lastSequence - BigInt(this.size)
    if (seen < dropped) return { missed: dropped - seen, messages: this.#from(0) }
    return { missed: 0n, messages: this.#from(Number(seen - dropped)) }
  }

  *#from(index: number): Iterable<TopicMessage> {
    for (let message = this.#window.at(index); message !== undefined; message = this.#window.at(++index)) yield message
  }
}
