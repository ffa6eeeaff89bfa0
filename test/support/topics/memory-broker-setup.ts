/** Hubs over a broker in memory, for the contract suite. */
import { type BrokerTopicHub, createBrokerTopicHub } from '../../../server/demo/topics/broker/broker-topic-hub.ts'
import {
  type BrokerTopicHubOptions,
  brokerLimitsOf,
} from '../../../server/demo/topics/broker/broker-topic-hub-options.ts'
import type { TopicHub } from '../../../server/demo/topics/topic-hub.ts'
import type { TopicHubOutages, TopicHubSetup } from '../contracts/topic-hub-bench.ts'
import { MemoryBrokerStore, MemoryTopicBroker, type ReportFaults } from './memory-topic-broker.ts'

/** One store, with a broker for each hub. */
export class MemoryBrokerSetup implements TopicHubSetup {
  readonly store: MemoryBrokerStore
  readonly outages: TopicHubOutages = {
    cut: async (hub) => this.brokerOf(hub).cut(),
    restore: async (hub) => this.brokerOf(hub).restore(),
    kill: async (hub) => this.#kill(hub),
    restart: async () => {
      this.store.stop()
      this.store.start()
    },
    wipe: async () => {
      this.store.stop()
      this.store.wipe()
      this.store.start()
    },
  }
  readonly #options: BrokerTopicHubOptions
  readonly #faults: ReportFaults | undefined
  readonly #brokers = new Map<TopicHub, MemoryTopicBroker>()

  constructor(options: BrokerTopicHubOptions, faults?: ReportFaults) {
    this.store = new MemoryBrokerStore(brokerLimitsOf(options))
    this.#options = options
    this.#faults = faults
  }

  async open(): Promise<BrokerTopicHub> {
    const broker = new MemoryTopicBroker(this.store, this.#faults)
    const hub = createBrokerTopicHub(broker, this.#options)
    this.#brokers.set(hub, broker)
    await hub.started
    return hub
  }

  /** The broker of a hub that this setup opened. */
  brokerOf(hub: TopicHub): MemoryTopicBroker {
    const broker = this.#brokers.get(hub)
    if (broker === undefined) throw new Error('the hub is of another setup')
    return broker
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** The process is gone: nothing that it does reaches the broker. */
  async #kill(hub: TopicHub): Promise<void> {
    this.brokerOf(hub).kill()
    await hub.close()
  }
}
