/** The contract of topic hubs, over NATS JetStream. Each test has a stream of its own. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe } from 'vitest'
import { type BrokerTopicHub, createBrokerTopicHub } from '../../server/demo/topics/broker/broker-topic-hub.ts'
import { type BrokerTopicHubOptions, brokerLimitsOf } from '../../server/demo/topics/broker/broker-topic-hub-options.ts'
import { createNatsTopicBroker } from '../../server/demo/topics/nats/nats-topic-broker.ts'
import type { TopicHub } from '../../server/demo/topics/topic-hub.ts'
import type { BrokerProcess } from '../support/brokers/broker-process.ts'
import { withJetStreamManager } from '../support/brokers/nats-manager.ts'
import { startNatsServer } from '../support/brokers/nats-server.ts'
import type { TopicHubOutages, TopicHubSetup } from '../support/contracts/topic-hub-bench.ts'
import { testTopicHub } from '../support/contracts/topic-hub-contract.ts'
import { type CuttableProxy, startCuttableProxy } from '../support/cuttable-proxy.ts'

let server: BrokerProcess

/** The processes of one test, each with a connection of its own that can be cut. */
class NatsSetup implements TopicHubSetup, TopicHubOutages {
  readonly outages = this
  readonly #options: BrokerTopicHubOptions
  readonly #stream = `test-${randomUUID()}`
  readonly #proxies = new Map<TopicHub, CuttableProxy>()

  constructor(options: BrokerTopicHubOptions) {
    this.#options = options
  }

  async open(): Promise<TopicHub> {
    const proxy = await startCuttableProxy(server.port)
    const url = proxy.origin.replace('http', 'nats')
    const limits = brokerLimitsOf(this.#options)
    // The shortest waits between attempts to connect.
    const broker = createNatsTopicBroker({ url, limits, stream: this.#stream, random: () => 0 })
    const hub = createBrokerTopicHub(broker, this.#options)
    await hub.started
    this.#proxies.set(hub, proxy)
    return hub
  }

  async cut(hub: BrokerTopicHub): Promise<void> {
    this.#proxies.get(hub)?.cut()
    while (hub.isAvailable) await sleep(1)
  }

  async restore(hub: TopicHub): Promise<void> {
    this.#proxies.get(hub)?.mend()
  }

  async kill(hub: BrokerTopicHub): Promise<void> {
    await this.cut(hub)
    await hub.close()
  }

  async restart(): Promise<void> {
    await server.stop('SIGKILL')
    await server.start()
  }

  async wipe(): Promise<void> {
    await withJetStreamManager(server.port, (manager) => manager.streams.purge(this.#stream))
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

describe('hub over NATS', () => {
  beforeAll(async () => {
    server = await startNatsServer()
  })

  afterAll(() => server[Symbol.asyncDispose]())

  testTopicHub({ setUp: async (options) => new NatsSetup(options) }, { hasBroker: true })
})
