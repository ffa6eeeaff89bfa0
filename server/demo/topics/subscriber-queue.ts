/** What waits for one subscriber: the newest messages of the topics it joined, and how many older ones it lost. */
import { MessageWindow, type MessageWindowLimits } from './message-window.ts'
import { MESSAGE_OVERHEAD_BYTES } from './topic.ts'
import type { TopicDelivery, TopicMessage } from './topic-hub.ts'

/**
 * One queue for all topics of a subscriber. It holds the message objects of the topics, not copies: as topics with
 * subscribers are never evicted, and keep by default at least what a queue holds, queues add only their slots.
 */
export class SubscriberQueue {
  readonly #window: MessageWindow
  /** By topic, what was lost since the last delivery. Has no zeros, so it is empty unless the subscriber is slow. */
  readonly #missed = new Map<string, bigint>()
  /** Topics whose next delivery is a reset. */
  readonly #resets = new Set<string>()

  constructor(limits: MessageWindowLimits) {
    this.#window = new MessageWindow(limits, (lost) => this.addMissed(lost.topic, 1n))
  }

  /** Adds the newest message. The oldest fall out for it, of whatever topic. */
  push(message: TopicMessage): void {
    this.#window.push(message)
  }

  /** Counts messages that were lost right before the next one of a topic. */
  addMissed(topic: string, count: bigint): void {
    if (count > 0n) this.#missed.set(topic, (this.#missed.get(topic) ?? 0n) + count)
  }

  /** Marks the next delivery of a topic as a reset. */
  addReset(topic: string): void {
    this.#resets.add(topic)
  }

  /** About how much memory the queue keeps from being freed. */
  get bytes(): number {
    return this.#window.bytes + this.#window.size * MESSAGE_OVERHEAD_BYTES
  }

  /** Takes the oldest message out; undefined when nothing waits. */
  take(): TopicDelivery | undefined {
    const message = this.#window.shift()
    if (message === undefined) return undefined
    const missed = this.#missed.size === 0 ? 0n : this.#takeMissed(message.topic)
    const isReset = this.#resets.size > 0 && this.#resets.delete(message.topic)
    return { message, missed: isReset ? 0n : missed, isReset }
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#window.clear()
    this.#missed.clear()
    this.#resets.clear()
  }

  #takeMissed(topic: string): bigint {
    const missed = this.#missed.get(topic) ?? 0n
    this.#missed.delete(topic)
    return missed
  }
}
