/** Gaps and resets between the messages of a queue, where a broker lost some. */
import type { TopicMessage } from './topic-hub.ts'

/** What lies right before a message. */
export interface TopicBreak {
  /** How many messages were lost. */
  missed: bigint
  /** The message is of another incarnation of its topic. */
  isReset: boolean
}

/** Remembers breaks by the message that follows them. */
export class TopicBreaks {
  /** By topic, before a message that is still to come. */
  readonly #ahead = new Map<string, TopicBreak>()
  readonly #before = new Map<TopicMessage, TopicBreak>()

  /** Returns the break before the next message of a topic, for the caller to fill in. */
  ahead(topic: string): TopicBreak {
    const known = this.#ahead.get(topic)
    if (known !== undefined) return known
    const added = { missed: 0n, isReset: false }
    this.#ahead.set(topic, added)
    return added
  }

  /** Attaches the break ahead, if there is one, to the message that has come. */
  settle(message: TopicMessage): void {
    const ahead = this.#ahead.get(message.topic)
    if (ahead === undefined) return
    this.#ahead.delete(message.topic)
    this.#before.set(message, ahead)
  }

  /** Takes the break before a message out; undefined if there is none. */
  take(message: TopicMessage): TopicBreak | undefined {
    const found = this.#before.get(message)
    this.#before.delete(message)
    return found
  }
}
