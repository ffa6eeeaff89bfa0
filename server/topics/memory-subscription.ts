/** One subscriber of the embedded hub. */
import type { MessageWindowLimits } from './message-window.ts'
import { SubscriberQueue } from './subscriber-queue.ts'
import type { Topic, TopicListener } from './topic.ts'
import type { TopicDelivery, TopicMessage, TopicSubscription } from './topic-hub.ts'

/** What a subscriber asks of the hub that it belongs to. */
export interface SubscriptionOwner {
  /** How much a subscriber's queue holds. */
  readonly queueLimits: MessageWindowLimits
  /** Makes the subscriber listen to a topic that is not among those it joined, or throws a TopicError. */
  join(subscription: MemorySubscription, topic: string): Topic
  /** Called when the subscriber takes no more messages: it must get none from any of its topics after that. */
  leave(subscription: MemorySubscription): void
}

const DONE: IteratorResult<TopicDelivery, undefined> = Object.freeze({ done: true, value: undefined })

/** Queues the messages of the joined topics and hands them to one reader. */
export class MemorySubscription implements TopicSubscription, TopicListener, AsyncIterator<TopicDelivery, undefined> {
  /** The topics that it listens to, by name. Empty once it takes no more messages. */
  readonly joined = new Map<string, Topic>()
  readonly #owner: SubscriptionOwner
  readonly #queue: SubscriberQueue
  readonly #signal: AbortSignal | undefined
  /** Open, then perhaps ending (what is queued is still read), then closed. */
  #state: 'open' | 'ending' | 'closed' = 'open'
  #closeReason: unknown
  /** The read that waits for a message. There is one only while the queue is empty. */
  #pending: PromiseWithResolvers<IteratorResult<TopicDelivery, undefined>> | undefined

  constructor(owner: SubscriptionOwner, signal?: AbortSignal) {
    this.#owner = owner
    this.#queue = new SubscriberQueue(owner.queueLimits)
    this.#signal = signal
    if (signal?.aborted) this.close(signal.reason)
    else signal?.addEventListener('abort', this.#onAbort)
  }

  join(name: string, afterSequence?: bigint): void {
    if (this.#state !== 'open') throw this.#closeReason ?? new Error('the subscription has ended')
    if (this.joined.has(name)) return
    const topic = this.#owner.join(this, name)
    this.joined.set(name, topic)
    if (afterSequence !== undefined) this.#replay(topic, afterSequence)
  }

  push(message: TopicMessage): void {
    this.#queue.push(message)
    this.#deliver()
  }

  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    this.#owner.leave(this)
    // A read that waits says that the queue is empty.
    if (this.#pending !== undefined) this.close()
  }

  close(reason?: unknown): void {
    if (this.#state === 'closed') return
    const wasOpen = this.#state === 'open'
    this.#state = 'closed'
    this.#closeReason = reason
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#queue.clear()
    if (wasOpen) this.#owner.leave(this)
    const pending = this.#pending
    this.#pending = undefined
    if (reason === undefined) pending?.resolve(DONE)
    else pending?.reject(reason)
  }

  next(): Promise<IteratorResult<TopicDelivery, undefined>> {
    if (this.#pending !== undefined) return Promise.reject(new Error('a subscription has one read at a time'))
    const delivery = this.#queue.take()
    if (delivery !== undefined) return Promise.resolve({ done: false, value: delivery })
    if (this.#state === 'ending') this.close()
    if (this.#state === 'closed') return this.#closed()
    this.#pending = Promise.withResolvers()
    return this.#pending.promise
  }

  return(): Promise<IteratorResult<TopicDelivery, undefined>> {
    this.close()
    return Promise.resolve(DONE)
  }

  [Symbol.asyncIterator](): AsyncIterator<TopicDelivery, undefined> {
    return this
  }

  readonly #onAbort = (): void => this.close(this.#signal?.reason)

  #closed(): Promise<IteratorResult<TopicDelivery, undefined>> {
    return this.#closeReason === undefined ? Promise.resolve(DONE) : Promise.reject(this.#closeReason)
  }

  #replay(topic: Topic, afterSequence: bigint): void {
    const { missed, messages } = topic.log.after(afterSequence)
    this.#queue.addMissed(topic.name, missed)
    for (const message of messages) this.#queue.push(message)
    this.#deliver()
  }

  /** Gives the oldest message to the read that waits. */
  #deliver(): void {
    const pending = this.#pending
    if (pending === undefined) return
    const delivery = this.#queue.take()
    if (delivery === undefined) return
    this.#pending = undefined
    pending.resolve({ done: false, value: delivery })
  }
}
