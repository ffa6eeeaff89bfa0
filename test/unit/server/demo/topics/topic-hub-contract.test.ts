import { describe } from 'vitest'
import { createMemoryTopicHub } from '../../../../../server/demo/topics/memory-topic-hub.ts'
import type { TopicHubEngine } from '../../../../support/contracts/topic-hub-bench.ts'
import { testTopicHub } from '../../../../support/contracts/topic-hub-contract.ts'
import { SeededRandom } from '../../../../support/seeded-random.ts'
import { MemoryBrokerSetup } from '../../../../support/topics/memory-broker-setup.ts'

const memory: TopicHubEngine = {
  async setUp(options) {
    const hub = createMemoryTopicHub(options)
    return { open: async () => hub, outages: undefined, async [Symbol.asyncDispose]() {} }
  },
}

describe('the hub in memory', () => testTopicHub(memory, { hasBroker: false }))

describe('a hub over a broker', () => {
  testTopicHub({ setUp: async (options) => new MemoryBrokerSetup(options) }, { hasBroker: true })
})

describe('a hub over a broker that loses, repeats and delays reports', () => {
  const setUp: TopicHubEngine['setUp'] = async (options) => {
    const faults = { random: new SeededRandom(7), loss: 0.2, repetition: 0.2, delay: 0.2 }
    return new MemoryBrokerSetup({ recheckMs: 10, ...options }, faults)
  }
  testTopicHub({ setUp }, { hasBroker: true })
})
