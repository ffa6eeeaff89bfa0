/** One subscriber of a hub over a broker. */
import { MemorySubscription, type SubscriptionOwner } from '../memory-subscription.ts'
import type { SubscribeOptions, TopicMessage, TopicPosition } from '../topic-hub.ts'
import type { FollowListener } from './followed-topic.ts'

/** The hub that a subscriber belongs to. */
export interface BrokerSubscriptionOwner extends SubscriptionOwner {
  /** Prepares a topic, then calls `join` in the same turn. Rejects with a TopicError. */
  prepareJoin(request: JoinRequest): Promise<void>
  /** The last message of a joined topic that this process published and that the subscriber does not have yet. */
  awaitedOf(topic: string): TopicPosition | undefined
  /** The subscriber leaves one of its topics. */
  leaveTopic(subscription: BrokerSubscription, topic: string): void
}

/** A join under way. */
export interface JoinRequest {
  readonly subscription: BrokerSubscription
  readonly topic: string
  readonly after: TopicPosition | undefined
  /** Makes the subscriber listen; throws if it is closed by now. */
  readonly join: () => void
}

/** As the subscriber of the embedded hub, but a join waits for the broker, and so does the end for messages under way. */
export class BrokerSubscription extends MemorySubscription implements FollowListener {
  readonly #hub: BrokerSubscriptionOwner
  /** Joins that wait for the broker, by topic. */
  readonly #joining = new Map<string, Promise<void>>()
  /** After end(): by topic, the last message that is still delivered. */
  #awaited: Map<string, TopicPosition> | undefined

  constructor(hub: BrokerSubscriptionOwner, options: SubscribeOptions) {
    super(hub, options)
    this.#hub = hub
  }

  /** How many topics it has joined, or waits for. */
  get joinCount(): number {
    return this.joined.size + this.#joining.size
  }

  override async join(topic: string, after?: TopicPosition): Promise<void> {
    this.assertOpen()
    if (this.joined.has(topic)) return
    const known = this.#joining.get(topic)
    if (known !== undefined) return known
    const joining = this.#hub
      .prepareJoin({ subscription: this, topic, after, join: () => super.join(topic, after) })
      .finally(() => this.#joining.delete(topic))
    this.#joining.set(topic, joining)
    return joining
  }

  override assertOpen(): void {
    super.assertOpen()
    if (this.#awaited !== undefined) throw new Error('the subscription has ended')
  }

  override push(message: TopicMessage): void {
    const last = this.#awaited?.get(message.topic)
    const isAfter = last !== undefined && message.epoch === last.epoch && message.sequence > last.sequence
    if (!isAfter) super.push(message)
    const isThrough = isAfter || (message.epoch === last?.epoch && message.sequence === last.sequence)
    if (isThrough) this.#endTopic(message.topic)
  }

  onLoss(topic: string): void {
    if (!this.#awaited?.has(topic)) return
    const awaited = this.#hub.awaitedOf(topic)
    if (awaited === undefined) this.#endTopic(topic)
    else this.#awaited.set(topic, awaited)
  }

  override end(): void {
    if (this.#awaited !== undefined) return
    this.#awaited = new Map()
    for (const topic of [...this.joined]) {
      const awaited = this.#hub.awaitedOf(topic)
      if (awaited === undefined) this.#hub.leaveTopic(this, topic)
      else this.#awaited.set(topic, awaited)
    }
    if (this.#awaited.size === 0) super.end()
  }

  #endTopic(topic: string): void {
    this.#awaited?.delete(topic)
    this.#hub.leaveTopic(this, topic)
    if (this.#awaited?.size === 0) super.end()
  }
}
