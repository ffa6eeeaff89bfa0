/** The contract of every topic hub. */
import { describe } from 'vitest'
import type { TopicHubEngine } from './topic-hub-bench.ts'
import { testTopicMessages } from './topic-hub-messages.ts'
import { testTopicOutages } from './topic-hub-outages.ts'
import { testTopicPositions } from './topic-hub-positions.ts'
import { testTopicQuotes } from './topic-hub-quotes.ts'
import { testTopicSubscribers } from './topic-hub-subscribers.ts'

/**
 * Registers the tests of an engine. Each test asks for a setup of its own, opens up to three hubs there (processes over the same
 * broker), and closes them. With `hasBroker` it also cuts, kills and restarts by the setup's `outages`.
 *
 *     testTopicHub({ setUp: (options) => RedisSetup.create(server, options) }, { hasBroker: true })
 */
export function testTopicHub(engine: TopicHubEngine, { hasBroker }: { readonly hasBroker: boolean }): void {
  describe('messages', () => testTopicMessages(engine))
  describe('positions', () => testTopicPositions(engine))
  describe('subscribers', () => testTopicSubscribers(engine))
  describe('quotes', () => testTopicQuotes(engine))
  if (hasBroker) describe('outages of the broker', () => testTopicOutages(engine))
}
