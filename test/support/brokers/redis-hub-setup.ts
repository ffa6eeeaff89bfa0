/** Topic hubs over a real Redis, for the contract suite: each reaches it through a proxy of its own, which can be cut. */
import { Redis } from 'ioredis'
import { type BrokerTopicHub, createBrokerTopicHub } from '../../../server/demo/topics/broker/broker-topic-hub.ts'
import {
  type BrokerTopicHubOptions,
  brokerLimitsOf,
} from '../../../server/demo/topics/broker/broker-topic-hub-options.ts'
import { createRedisTopicBroker } from '../../../server/demo/topics/redis/redis-topic-broker.ts'
import type { TopicHub } from '../../../server/demo/topics/topic-hub.ts'
import type { TopicHubOutages, TopicHubSetup } from '../contracts/topic-hub-bench.ts'
import { type CuttableProxy, startCuttableProxy } from '../cuttable-proxy.ts'
import type { BrokerProcess } from './broker-process.ts'
import { until } from './broker-recorder.ts'

const TIMES = { replyTimeoutMs: 5_000, pulseMs: 100, deadAfterMs: 500 }

let setups = 0

interface OpenHub {
  readonly hub: BrokerTopicHub
  readonly proxy: CuttableProxy
}

/** The hubs of one test, under a name of their own in a Redis that all tests share. */
export class RedisHubSetup implements TopicHubSetup, TopicHubOutages {
  readonly #server: BrokerProcess
  readonly #options: BrokerTopicHubOptions
  readonly #name: string
  readonly #hubs = new Map<TopicHub, OpenHub>()

  constructor(server: BrokerProcess, options: BrokerTopicHubOptions) {
    this.#server = server
    this.#options = options
    this.#name = `contract${++setups}`
  }

  get outages(): TopicHubOutages {
    return this
  }

  async open(): Promise<BrokerTopicHub> {
    const proxy = await startCuttableProxy(this.#server.port)
    const url = proxy.origin.replace('http:', 'redis:')
    const limits = brokerLimitsOf(this.#options)
    const hub = createBrokerTopicHub(
      createRedisTopicBroker({ url, limits, name: this.#name, times: TIMES }),
      this.#options,
    )
    this.#hubs.set(hub, { hub, proxy })
    await hub.started
    return hub
  }

  async cut(cut: TopicHub): Promise<void> {
    const { hub, proxy } = this.#find(cut)
    proxy.cut()
    await until(() => !hub.isAvailable)
  }

  async restore(cut: TopicHub): Promise<void> {
    const { hub, proxy } = this.#find(cut)
    proxy.mend()
    await until(() => hub.isAvailable)
  }

  /** Redis hears nothing more of it, not even that it is closed when the test ends. */
  async kill(hub: TopicHub): Promise<void> {
    this.#find(hub).proxy.cut()
  }

  async restart(): Promise<void> {
    await this.#server.stop('SIGKILL')
    await this.#server.start()
  }

  async wipe(): Promise<void> {
    const redis = new Redis(this.#server.port, '127.0.0.1')
    await redis.flushall()
    redis.disconnect()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { hub } of this.#hubs.values()) await hub.close()
  }

  #find(hub: TopicHub): OpenHub {
    const found = this.#hubs.get(hub)
    if (found === undefined) throw new Error('the hub is of another test')
    return found
  }
}
