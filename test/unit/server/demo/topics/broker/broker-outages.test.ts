import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { BrokerTopicHub } from '../../../../../../server/demo/topics/broker/broker-topic-hub.ts'
import type { TopicDelivery, TopicMessage, TopicPosition } from '../../../../../../server/demo/topics/topic-hub.ts'
import { repetitions } from '../../../../../support/depth.ts'
import { SeededRandom } from '../../../../../support/seeded-random.ts'
import { MemoryBrokerSetup } from '../../../../../support/topics/memory-broker-setup.ts'

const SEEDS = Array.from({ length: repetitions({ narrow: 5, deep: 100 }) }, (_, index) => index + 1)
const LAST = 'the last one'

/** A run with random sizes and faults. */
class Run {
  readonly random: SeededRandom
  readonly setup: MemoryBrokerSetup
  readonly hubs: BrokerTopicHub[] = []
  readonly confirmed: TopicMessage[] = []
  /** What readers got, by epoch and number. */
  readonly read = new Map<string, string>()
  readonly faults: string[] = []
  isPublishing = true

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    const share = () => this.random.next() * 0.4
    const faults = { random: this.random, loss: share(), repetition: share(), delay: share() }
    const sizes = { maxTopicMessages: 5 + this.random.below(60), maxQueueMessages: 5 + this.random.below(200) }
    this.setup = new MemoryBrokerSetup({ recheckMs: 10, ...sizes }, faults)
  }

  async publish(hub: BrokerTopicHub, name: string): Promise<void> {
    for (let count = 1; this.isPublishing; count++) {
      const message = await hub.publish('t', `${name}${count}`).catch(() => undefined)
      if (message !== undefined) this.confirmed.push(message)
      if (this.random.below(3) === 0) await sleep(this.random.below(3))
    }
  }

  /** Comes again and again with the last position, until the last message is read. */
  async follow(hub: BrokerTopicHub): Promise<void> {
    for (let position: TopicPosition = { epoch: '', sequence: 0n }; ; ) {
      const subscription = hub.subscribe()
      // Without a broker, or with a position of an epoch that the broker lost.
      const isJoined = await subscription.join('t', position).then(
        () => true,
        () => false,
      )
      if (!isJoined) await sleep(1)
      for (let count = isJoined ? 1 + this.random.below(60) : 0; count > 0; count--) {
        const { value } = await subscription.next()
        if (value === undefined) throw new Error('the subscription has ended')
        this.#check(position, value)
        position = { epoch: value.message.epoch, sequence: value.message.sequence }
        if (value.message.data === LAST) return subscription.close()
      }
      subscription.close()
    }
  }

  async disturb(): Promise<void> {
    const { cut, restore, restart, wipe } = this.setup.outages
    const hub = this.random.pick(this.hubs)
    await sleep(this.random.below(8))
    const kind = this.random.below(8)
    if (kind === 0) return wipe()
    if (kind === 1) return restart()
    await cut(hub)
    await sleep(this.random.below(6))
    await restore(hub)
  }

  #check(position: TopicPosition, { message, missed, isReset }: TopicDelivery): void {
    const { epoch, sequence, data } = message
    const isNext = epoch === position.epoch && sequence === position.sequence + missed + 1n
    const isWhole = isReset ? epoch !== position.epoch : isNext || position.epoch === ''
    if (!isWhole) {
      this.faults.push(
        `${position.epoch} ${position.sequence}, then ${epoch} ${sequence}, reset ${isReset}, missed ${missed}`,
      )
    }
    const key = `${epoch} ${sequence}`
    if ((this.read.get(key) ?? data) !== data) this.faults.push(`${key} has two texts`)
    this.read.set(key, data)
  }
}

test.each(SEEDS)('whatever fails, messages come in order, each once, and losses are told (seed %i)', async (seed) => {
  const run = new Run(seed)
  for (let count = 0; count < 3; count++) run.hubs.push(await run.setup.open())
  const [first] = run.hubs as [BrokerTopicHub]
  const publishing = run.hubs.map((hub, index) => run.publish(hub, `${index} `))
  const following = [...run.hubs, ...run.hubs].map((hub) => run.follow(hub))
  for (let count = 0; count < 12; count++) await run.disturb()
  run.isPublishing = false
  await Promise.all(publishing)
  await first.publish('t', LAST)
  await Promise.all(following)
  expect(run.faults).toEqual([])
  const texts = run.confirmed.map(({ epoch, sequence, data }) => run.read.get(`${epoch} ${sequence}`) ?? data)
  expect(texts).toEqual(run.confirmed.map(({ data }) => data))
  for (const hub of run.hubs) await hub.close()
})
