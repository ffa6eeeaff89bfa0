/** One subscriber of the embedded hub. */
import { type Abortable, joinAbort, leaveAbort } from '../../../wire/abort-group.ts'
import type { MessageWindowLimits } from './message-window.ts'
import { SubscriberQueue } from './subscriber-queue.ts'
import type { TopicListener } from './topic.ts'
import type { SubscribeOptions, TopicDelivery, TopicMessage, TopicPosition, TopicSubscription } from './topic-hub.ts'
import type { Replay } from './topic-log.ts'

/** The hub that a subscriber belongs to. */
export interface SubscriptionOwner {
  /** How much a subscriber's queue holds. */
  readonly queueLimits: MessageWindowLimits
  /**
   * Makes the subscriber listen to a topic that it has not joined. Returns what it reads first; null if that is nothing.
   *
   * @throws TopicError, and then it does not listen
   */
  join(subscription: MemorySubscription, topic: string, after: TopicPosition | undefined): Replay | null
  /** The subscriber takes no more messages: from now on it receives none from its topics. */
  leave(subscription: MemorySubscription): void
  /** An ended subscriber holds this many bytes more, or less, that wait to be read. The hub may close it. */
  countEnded(subscription: MemorySubscription, bytes: number): void
  /** The subscriber is closed. */
  forget(subscription: MemorySubscription): void
}

const DONE: IteratorResult<TopicDelivery, undefined> = Object.freeze({ done: true, value: undefined })

/** Queues the messages of the joined topics and hands them to one reader. */
export class MemorySubscription
  implements TopicSubscription, TopicListener, Abortable, AsyncIterator<TopicDelivery, undefined>
{
  /** The names of the topics that it listens to. Empty once it takes no more messages. */
  readonly joined = new Set<string>()
  /** The client, for limits by client; undefined: none. */
  readonly peer: string | undefined
  readonly #owner: SubscriptionOwner
  readonly #queue: SubscriberQueue
  readonly #signal: AbortSignal | undefined
  /** Open, then perhaps ending (what is queued is still read), then closed. */
  #state: 'open' | 'ending' | 'closed' = 'open'
  #closeReason: unknown
  /** The read that waits for a message. There is one only while the queue is empty. */
  #pending: PromiseWithResolvers<IteratorResult<TopicDelivery, undefined>> | undefined

  constructor(owner: SubscriptionOwner, { signal, peer }: SubscribeOptions = {}) {
    this.#owner = owner
    this.peer = peer
    this.#queue = new SubscriberQueue(owner.queueLimits)
    this.#signal = signal
    if (signal !== undefined) joinAbort(signal, this)
  }

  join(name: string, after?: TopicPosition): void {
    this.assertOpen()
    if (this.joined.has(name)) return
    const replay = this.#owner.join(this, name, after)
    this.joined.add(name)
    if (replay !== null) this.#replay(name, replay)
  }

  /** Throws what close() was given, or an Error, if it takes no more messages. */
  assertOpen(): void {
    if (this.#state !== 'open') throw this.#closeReason ?? new Error('the subscription has ended')
  }

  push(message: TopicMessage): void {
    this.#queue.push(message)
    this.#deliver()
  }

  /** Counts messages of a topic that were lost right before the one that is pushed next. */
  addGap(topic: string, missed: bigint): void {
    this.#queue.addGap(topic, missed)
  }

  /** Marks the message of a topic that is pushed next as a reset. */
  addNewEpoch(topic: string): void {
    this.#queue.addNewEpoch(topic)
  }

  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    this.#owner.leave(this)
    // A read that waits shows that the queue is empty.
    if (this.#pending !== undefined) this.close()
    else this.#owner.countEnded(this, this.#queue.bytes)
  }

  close(reason?: unknown): void {
    if (this.#state === 'closed') return
    const wasOpen = this.#state === 'open'
    const { bytes } = this.#queue
    this.#state = 'closed'
    this.#closeReason = reason
    if (this.#signal !== undefined) leaveAbort(this.#signal, this)
    this.#queue.clear()
    if (wasOpen) this.#owner.leave(this)
    else this.#owner.countEnded(this, -bytes)
    this.#owner.forget(this)
    const pending = this.#pending
    this.#pending = undefined
    if (reason === undefined) pending?.resolve(DONE)
    else pending?.reject(reason)
  }

  /** From the signal. */
  abort(reason: unknown): void {
    this.close(reason)
  }

  next(): Promise<IteratorResult<TopicDelivery, undefined>> {
    if (this.#pending !== undefined) return Promise.reject(new Error('a subscription has one read at a time'))
    const delivery = this.#take()
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

  #closed(): Promise<IteratorResult<TopicDelivery, undefined>> {
    return this.#closeReason === undefined ? Promise.resolve(DONE) : Promise.reject(this.#closeReason)
  }

  #replay(name: string, { missed, isReset, messages }: Replay): void {
    if (isReset) this.#queue.addReset(name)
    this.#queue.addMissed(name, missed)
    for (const message of messages) this.#queue.push(message)
    this.#deliver()
  }

  #take(): TopicDelivery | undefined {
    if (this.#state !== 'ending') return this.#queue.take()
    const before = this.#queue.bytes
    const delivery = this.#queue.take()
    this.#owner.countEnded(this, this.#queue.bytes - before)
    return delivery
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
