/** What waits for one subscriber: the newest messages of the topics it joined, and how many older ones it lost. */
import { MessageWindow, type MessageWindowLimits } from './message-window.ts'
import { MESSAGE_OVERHEAD_BYTES } from './topic.ts'
import { TopicBreaks } from './topic-breaks.ts'
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

  /** Only brokers lose messages, so most queues never need it. */
  #breaks: TopicBreaks | undefined

  constructor(limits: MessageWindowLimits) {
    this.#window = new MessageWindow(limits, (lost) => this.#drop(lost))
  }

  /** Adds the newest message. The oldest fall out for it, of whatever topic. */
  push(message: TopicMessage): void {
    if (this.#breaks !== undefined) this.#breaks.settle(message)
    this.#window.push(message)
  }

  /** Counts messages that were lost right before the one of a topic that is pushed next. */
  addGap(topic: string, missed: bigint): void {
    this.#breaks ??= new TopicBreaks()
    this.#breaks.ahead(topic).missed += missed
  }

  /** Marks the message of a topic that is pushed next as a reset. */
  addNewEpoch(topic: string): void {
    this.#breaks ??= new TopicBreaks()
    this.#breaks.ahead(topic).isReset = true
  }

  /** Counts messages that were lost right before the next one of a topic that is taken. */
  addMissed(topic: string, count: bigint): void {
    if (count > 0n) this.#missed.set(topic, (this.#missed.get(topic) ?? 0n) + count)
  }

  /** Marks the message of a topic that is taken next as a reset. */
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
    if (this.#breaks !== undefined) this.#passBreak(this.#breaks, message)
    const missed = this.#missed.size === 0 ? 0n : this.#takeMissed(message.topic)
    const isReset = this.#resets.size > 0 && this.#resets.delete(message.topic)
    return { message, missed: isReset ? 0n : missed, isReset }
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#window.clear()
    this.#missed.clear()
    this.#resets.clear()
    this.#breaks = undefined
  }

  #drop(lost: TopicMessage): void {
    if (this.#breaks !== undefined) this.#passBreak(this.#breaks, lost)
    this.addMissed(lost.topic, 1n)
  }

  /** The message leaves the queue: what lies before it now lies before the next one taken. */
  #passBreak(breaks: TopicBreaks, message: TopicMessage): void {
    const passed = breaks.take(message)
    if (passed === undefined) return
    this.addMissed(message.topic, passed.missed)
    if (passed.isReset) this.addReset(message.topic)
  }

  #takeMissed(topic: string): bigint {
    const missed = this.#missed.get(topic) ?? 0n
    this.#missed.delete(topic)
    return missed
  }
}
