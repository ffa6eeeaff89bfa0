/** The contract of topic hubs, kept by one over Redis. */
import { afterAll, beforeAll } from 'vitest'
import type { BrokerProcess } from '../support/brokers/broker-process.ts'
import { RedisHubSetup } from '../support/brokers/redis-hub-setup.ts'
import { startRedisServer } from '../support/brokers/redis-server.ts'
import { testTopicHub } from '../support/contracts/topic-hub-contract.ts'

let server: BrokerProcess

beforeAll(async () => {
  server = await startRedisServer('most')
})
afterAll(() => server[Symbol.asyncDispose]())

testTopicHub({ setUp: async (options) => new RedisHubSetup(server, options) }, { hasBroker: true })
