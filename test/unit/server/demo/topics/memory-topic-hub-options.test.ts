import { expect, test } from 'vitest'
import { normalizeMemoryTopicHubOptions } from '../../../../../server/demo/topics/memory-topic-hub-options.ts'

test('the defaults match the documentation', () => {
  expect(normalizeMemoryTopicHubOptions()).toEqual({
    maxMessageBytes: 64 * 1024,
    maxTopicMessages: 1024,
    maxTopicBytes: 1024 * 1024,
    maxQueueMessages: 1024,
    maxQueueBytes: 1024 * 1024,
    maxTotalBytes: 64 * 1024 * 1024,
    maxTopics: 10_000,
    maxSubscriptions: 65_536,
    maxTopicsPerSubscription: 100,
    maxJoins: 200_000,
    maxJoinsPerPeer: 50_000,
    maxEndedQueueBytes: 16 * 1024 * 1024,
    quoteIntervalMs: 1_000,
    quoteSeed: 1,
    now: Date.now,
    createEpoch: expect.any(Function),
  })
})

test('given values are kept, the input is not modified and the result is frozen', () => {
  const given = Object.freeze({ maxTopics: 5, quoteSeed: 0 })
  const options = normalizeMemoryTopicHubOptions(given)
  expect(options).toMatchObject(given)
  expect(Object.isFrozen(options)).toBe(true)
})

test.each([
  [{ maxTopics: 0 }, 'topic hub: maxTopics must be a whole number from 1 to 1000000, is 0'],
  [{ quoteIntervalMs: 1.5 }, 'topic hub: quoteIntervalMs must be a whole number from 1 to 86400000, is 1.5'],
  [{ quoteSeed: Number.NaN }, 'topic hub: quoteSeed must be a whole number from 0 to 4294967295, is NaN'],
  [{ maxTopicBytes: 9, maxMessageBytes: 10 }, 'topic hub: maxTopicBytes must be at least maxMessageBytes, 10, is 9'],
  [
    { maxTopics: -1, maxQueueMessages: 0 },
    'topic hub: maxQueueMessages must be a whole number from 1 to 1048576, is 0; ' +
      'maxTopics must be a whole number from 1 to 1000000, is -1',
  ],
])('rejects %j and names every error', (options, message) => {
  expect(() => normalizeMemoryTopicHubOptions(options)).toThrow(new RangeError(message))
})
