import { describe } from 'vitest'
import { type BrokerTopicHub, createBrokerTopicHub } from '../../../../server/demo/topics/broker/broker-topic-hub.ts'
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
