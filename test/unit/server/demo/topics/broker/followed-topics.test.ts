import { expect, it, onTestFinished } from 'vitest'
import {
  brokerLimitsOf,
  normalizeBrokerTopicHubOptions,
} from '../../../../../../server/demo/topics/broker/broker-topic-hub-options.ts'
import { FollowedTopics } from '../../../../../../server/demo/topics/broker/followed-topics.ts'
import { numbered } from '../../../../../support/contracts/topic-hub-bench.ts'
import { MemoryBrokerStore, MemoryTopicBroker } from '../../../../../support/topics/memory-topic-broker.ts'

const MAX_TOTAL_BYTES = 100_000
const TEXT = 'x'.repeat(500)

it('mirrors of many topics together take no more than a broker keeps, and nothing is lost', async () => {
  // Each topic may keep all that it gets here: only together they are too large.
  const broker = new MemoryTopicBroker(new MemoryBrokerStore(brokerLimitsOf()))
  onTestFinished(() => broker.close())
  const options = normalizeBrokerTopicHubOptions({ maxTotalBytes: MAX_TOTAL_BYTES })
  const topics = new FollowedTopics(broker, options)
  onTestFinished(() => topics.close())
  await broker.start({ onMessage: (message) => topics.report(message), onAvailable() {} })

  const followed = numbered(20).map((name) => topics.hold(name))
  for (const topic of followed) await topic.prepare(undefined)
  for (let count = 1; count <= 30; count += 1) {
    await Promise.all(followed.map(({ name }) => broker.append(name, TEXT, TEXT.length)))
    await Promise.all(followed.map((topic) => topic.sync()))
    const bytes = followed.reduce((sum, { mirror }) => sum + mirror.bytes, 0)
    expect(bytes).toBeLessThanOrEqual(MAX_TOTAL_BYTES)
  }
  for (const topic of followed) {
    const start = { epoch: topic.mirror.epoch, sequence: 3n }
    await topic.prepare(start)
    const { missed, messages } = topic.mirror.replay(start)
    expect([missed, [...messages].map(({ sequence }) => Number(sequence))]).toEqual([
      0n,
      Array.from({ length: 27 }, (_, index) => index + 4),
    ])
  }
})
