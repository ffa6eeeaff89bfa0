/** The newest messages of a stream of them, by number and by size: what a topic keeps and what a subscriber queues. */
import { RingBuffer } from './ring-buffer.ts'
import type { TopicMessage } from './topic-hub.ts'

/** How much a window holds. */
export interface MessageWindowLimits {
  /** The most messages, at least 1. */
  readonly maxMessages: number
  /** The most bytes of UTF-8 data, at least those of the largest message. */
  readonly maxBytes: number
}

/** Holds messages in the order in which they came; the oldest fall out for the newest. */
export class MessageWindow {
  readonly #messages = new RingBuffer<TopicMessage>()
  readonly #limits: MessageWindowLimits
  readonly #onDropped: ((message: TopicMessage) => void) | undefined
  #bytes = 0

  /** `onDropped` is called with each message that falls out. */
  constructor(limits: MessageWindowLimits, onDropped?: (message: TopicMessage) => void) {
    this.#limits = limits
    this.#onDropped = onDropped
  }

  /** How many messages there are. */
  get size(): number {
    return this.#messages.size
  }

  /** How many bytes of data they have together. */
  get bytes(): number {
    return this.#bytes
  }

  /** The message at the place counted from the oldest, which is 0. */
  at(index: number): TopicMessage | undefined {
    return this.#messages.at(index)
  }

  /** Drops the oldest messages until one more of that many bytes fits in. */
  makeRoom(bytes: number): void {
    const { maxMessages, maxBytes } = this.#limits
    while (this.size > 0 && (this.size >= maxMessages || this.#bytes + bytes > maxBytes)) {
      const dropped = this.shift()
      if (dropped !== undefined) this.#onDropped?.(dropped)
    }
  }

  /** Adds the newest message, after making room for it. */
  push(message: TopicMessage): void {
    this.makeRoom(message.dataBytes)
    this.#messages.push(message)
    this.#bytes += message.dataBytes
  }

  /** Takes the oldest message out. */
  shift(): TopicMessage | undefined {
    const message = this.#messages.shift()
    if (message !== undefined) this.#bytes -= message.dataBytes
    return message
  }

  /** Forgets all messages. They do not count as dropped. */
  clear(): void {
    this.#messages.clear()
    this.#bytes = 0
  }
}
