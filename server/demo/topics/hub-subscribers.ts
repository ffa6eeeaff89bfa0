/** The subscribers of a hub, within its limits on their number and on what waits for those that have ended. */
import type { MemorySubscription } from './memory-subscription.ts'
import { TopicError } from './topic-error.ts'

/** How many subscribers a hub may have, and what those that ended may leave unread. */
export interface HubSubscriberLimits {
  readonly maxSubscriptions: number
  /** In bytes, overhead included. */
  readonly maxEndedQueueBytes: number
}

/** Counts subscribers. Closes those that ended first when too much waits for ended ones. */
export class HubSubscribers {
  readonly #limits: HubSubscriberLimits
  readonly #all = new Set<MemorySubscription>()
  /** Those that have ended with messages to read, the first one first. */
  readonly #ended = new Set<MemorySubscription>()
  #endedQueueBytes = 0

  constructor(limits: HubSubscriberLimits) {
    this.#limits = limits
  }

  /** How many there are. */
  get size(): number {
    return this.#all.size
  }

  /** How many bytes wait for those that have ended. */
  get endedQueueBytes(): number {
    return this.#endedQueueBytes
  }

  /** Throws a TopicError `limit_reached` if there is no room for another one. */
  assertRoom(): void {
    const { maxSubscriptions } = this.#limits
    if (this.#all.size < maxSubscriptions) return
    throw new TopicError('limit_reached', `limit of ${maxSubscriptions} subscribers reached`)
  }

  add(subscription: MemorySubscription): void {
    this.#all.add(subscription)
  }

  /** What waits for an ended subscriber is in no topic's books: closing those that ended first keeps it within its limit. */
  countEnded(subscription: MemorySubscription, bytes: number): void {
    this.#endedQueueBytes += bytes
    if (bytes > 0) this.#ended.add(subscription)
    for (const oldest of this.#ended) {
      if (this.#endedQueueBytes <= this.#limits.maxEndedQueueBytes) return
      oldest.close(new TopicError('limit_reached', 'the subscriber ended, but its messages are read too slowly'))
    }
  }

  delete(subscription: MemorySubscription): void {
    this.#all.delete(subscription)
    this.#ended.delete(subscription)
  }

  /** Closes all. */
  close(reason: TopicError): void {
    for (const subscription of this.#all) subscription.close(reason)
  }
}
