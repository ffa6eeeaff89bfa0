import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMemoryTopicHub } from '../../../../../server/demo/topics/memory-topic-hub.ts'
import type { TopicDelivery } from '../../../../../server/demo/topics/topic-hub.ts'

const TOPICS = ['a', 'b', 'c'] as const

/** Publishes on a topic, reads one message, or drops the subscriber and resumes from its last message. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant('publish'), fc.constantFrom(...TOPICS), fc.nat(20)) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('read'), fc.constant('a'), fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('return'), fc.constant('a'), fc.constant(0)) },
)

test('for each topic, read and missed messages of a subscriber add up to the published ones, each once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 150 }), sizes(), async (steps, limits) => {
      const hub = createMemoryTopicHub({ maxMessageBytes: 20, ...limits })
      const seen = new Map(TOPICS.map((topic) => [topic as string, 0n]))
      const published = new Map(seen)
      const come = () => {
        const subscription = hub.subscribe()
        for (const topic of TOPICS) subscription.join(topic, { epoch: '', sequence: seen.get(topic) ?? 0n })
        return subscription
      }
      const see = ({ message, missed }: TopicDelivery) => {
        // Nothing twice, nothing left out unsaid: the count closes the gap exactly.
        expect((seen.get(message.topic) ?? 0n) + missed + 1n).toBe(message.sequence)
        seen.set(message.topic, message.sequence)
      }

      let subscription = come()
      let waiting: Promise<void> | undefined
      for (const [name, topic, size] of steps) {
        if (name === 'publish') {
          published.set(topic, hub.publish(topic, 'x'.repeat(size)).sequence)
          await waiting
          waiting = undefined
        } else if (name === 'read') {
          waiting ??= subscription.next().then(({ value }) => value && see(value))
        } else {
          subscription.close()
          await waiting
          waiting = undefined
          subscription = come()
        }
      }
      // What fell out last shows only with the next message of its topic, so each topic gets one.
      for (const topic of TOPICS) {
        published.set(topic, hub.publish(topic, '').sequence)
        await waiting
        waiting = undefined
        while (seen.get(topic) !== published.get(topic))
          await subscription.next().then(({ value }) => value && see(value))
      }
      subscription.end()
      expect(await subscription.next()).toEqual({ done: true, value: undefined })
      expect(seen).toEqual(published)
      hub.close()
    }),
    { numRuns: 300 },
  )
})

function sizes() {
  return fc.record({
    maxTopicMessages: fc.integer({ min: 1, max: 12 }),
    maxTopicBytes: fc.integer({ min: 20, max: 200 }),
    maxQueueMessages: fc.integer({ min: 1, max: 12 }),
    maxQueueBytes: fc.integer({ min: 20, max: 200 }),
  })
}
