/** One topic of the embedded hub. */
import type { MessageWindowLimits } from './message-window.ts'
import type { StockQuotes } from './stock-quotes.ts'
import type { TopicMessage } from './topic-hub.ts'
import { TopicLog } from './topic-log.ts'

/** What one kept message costs beside its data: the object, its number and time, the string's header, a slot. */
export const MESSAGE_OVERHEAD_BYTES = 160

/** What one topic costs beside its name and messages: the objects, and their entries in the maps of the hub. */
export const TOPIC_OVERHEAD_BYTES = 1_024

/** A subscriber as a topic sees it. */
export interface TopicListener {
  /** Receives each message as it is published. Must not throw, and must not join or leave within the call. */
  push(message: TopicMessage): void
}

/** The parts of a topic. */
export interface TopicInit {
  readonly name: string
  readonly limits: MessageWindowLimits
  /** Names this incarnation of the topic. */
  readonly epoch: string
  /** The prices that the server quotes here; undefined where clients publish. */
  readonly quotes: StockQuotes | undefined
}

/** The state of one topic. Changes go through TopicStore, which counts what all topics keep. */
export class Topic {
  /** The topic's name. */
  readonly name: string
  /** What the topic keeps. */
  readonly log: TopicLog
  /** The prices that the server quotes here; undefined where clients publish. */
  readonly quotes: StockQuotes | undefined

  constructor({ name, limits, epoch, quotes }: TopicInit) {
    this.name = name
    this.log = new TopicLog(limits, epoch)
    this.quotes = quotes
  }

  /** About how much memory the topic takes: data, name and overhead. */
  get keptBytes(): number {
    const { bytes, size } = this.log
    return TOPIC_OVERHEAD_BYTES + this.name.length + bytes + size * MESSAGE_OVERHEAD_BYTES
  }
}
