import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type BrokerTopicHub, createBrokerTopicHub } from '../../../../server/demo/topics/broker/broker-topic-hub.ts'
import type { TopicDelivery } from '../../../../server/demo/topics/topic-hub.ts'
import { servePrimaryTopics } from '../../../../server/demo/topics/workers/primary-topics.ts'
import { createWorkerTopicBroker } from '../../../../server/demo/topics/workers/worker-topic-broker.ts'
import type { TopicHubEngine } from '../../../support/contracts/topic-hub-bench.ts'
import { testTopicHub } from '../../../support/contracts/topic-hub-contract.ts'
import { workerLinks } from '../../../support/worker-links.ts'

/** Each hub is that of a worker; their primary keeps the topics. Without it there are no workers, so that it has no outages. */
const workers: TopicHubEngine = {
  async setUp(options) {
    const { primary, startWorker } = workerLinks()
    servePrimaryTopics(primary, options)
    return {
      outages: undefined,
      async open(): Promise<BrokerTopicHub> {
        const hub = createBrokerTopicHub(createWorkerTopicBroker(startWorker().link), options)
        await hub.started
        return hub
      },
      async [Symbol.asyncDispose]() {},
    }
  },
}

describe('the hub of a worker', () => testTopicHub(workers, { hasBroker: false }))

describe('a worker that stalls', () => {
  async function setUp(maxTopicMessages: number) {
    const { primary, startWorker } = workerLinks({ limits: { maxQueuedFrames: 4 } })
    servePrimaryTopics(primary, { maxTopicMessages })
    const open = async () => {
      const worker = startWorker()
      const hub = createBrokerTopicHub(createWorkerTopicBroker(worker.link))
      await hub.started
      return { worker, hub }
    }
    const [slow, quick] = [await open(), await open()]
    const publish = async (count: number) => {
      for (let n = 0; n < count; n += 1) {
        await quick.hub.publish('news', 'x')
        await turn()
      }
    }
    return { slow, quick, publish, close: () => Promise.all([slow.hub.close(), quick.hub.close()]) }
  }

  /** Reads up to a message. Returns how many came, and how many are told to be lost. */
  async function readUntil(subscription: AsyncIterable<TopicDelivery>, last: bigint) {
    let read = 0n
    let missed = 0n
    for await (const delivery of subscription) {
      missed += delivery.missed
      read += 1n
      expect(delivery.message.sequence).toBe(read + missed)
      if (delivery.message.sequence === last) break
    }
    return { read, missed }
  }

  test.each([
    { kept: 1_000, missed: 0n },
    { kept: 10, missed: 50n },
  ])('reads again what a topic that keeps $kept still has of 100, and tells the rest as missed', async (row) => {
    const { slow, publish, close } = await setUp(row.kept)
    const subscription = slow.hub.subscribe()
    await subscription.join('news')
    await publish(1)
    const reading = readUntil(subscription, 100n)
    await turn()
    slow.worker.stall()
    await publish(99)
    slow.worker.resume()
    const { read, missed } = await reading
    expect(read + missed).toBe(100n)
    if (row.missed === 0n) expect(missed).toBe(0n)
    else expect(missed).toBeGreaterThanOrEqual(row.missed)
    await close()
  })

  test('takes no time of publishers, whose messages the others get meanwhile', async () => {
    const { slow, quick, publish, close } = await setUp(1_000)
    await slow.hub.subscribe().join('news')
    const others = quick.hub.subscribe()
    await others.join('news')
    slow.worker.stall()
    await publish(50)
    expect(await readUntil(others, 50n)).toEqual({ read: 50n, missed: 0n })
    slow.worker.resume()
    await close()
  })
})
