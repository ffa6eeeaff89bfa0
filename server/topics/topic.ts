/** One topic of the embedded hub: what it keeps and who listens. */
import type { MessageWindowLimits } from './message-window.ts'
import type { StockQuotes } from './stock-quotes.ts'
import type { TopicMessage } from './topic-hub.ts'
import { TopicLog } from './topic-log.ts'

/** What one kept message costs beside its data: the object, its number and time, the string's header, a slot. */
export const MESSAGE_OVERHEAD_BYTES = 160

/** What one topic costs beside its name and messages: the objects, and their entries in the maps of the hub. */
export const TOPIC_OVERHEAD_BYTES = 1_024

/** Who listens to a topic. */
export interface TopicListener {
  /** Called with each message as it is published. Must not throw, and must not join or leave within the call. */
  push(message: TopicMessage): void
}

/** The state of one topic. Those who change it keep the hub's accounts: see TopicStore. */
export class Topic {
  /** The topic's name. */
  readonly name: string
  /** What the topic keeps. */
  readonly log: TopicLog
  /** Who reads it now. */
  readonly listeners = new Set<TopicListener>()
  /** The prices that the server quotes here; undefined where clients publish. */
  readonly quotes: StockQuotes | undefined

  constructor(name: string, limits: MessageWindowLimits, quotes: StockQuotes | undefined) {
    this.name = name
    this.log = new TopicLog(limits)
    this.quotes = quotes
  }

  /** About how much memory the topic takes: data, name and overhead. */
  get keptBytes(): number {
    const { bytes, size } = this.log
    return TOPIC_OVERHEAD_BYTES + this.name.length + bytes + size * MESSAGE_OVERHEAD_BYTES
  }
}
