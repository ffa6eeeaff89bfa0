import { create } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { GetStreamResponseSchema } from '../../../../../gen/greeter/v1/greeter_pb.js'
import { SharedResponses } from '../../../../../server/demo/greeter/shared-responses.ts'
import type { TopicMessage } from '../../../../../server/demo/topics/topic-hub.ts'

const KIB = 1_024

function messageOf(sequence: number, dataBytes = 10): TopicMessage {
  return { topic: 't', epoch: 'e', sequence: BigInt(sequence), timeMs: 0, data: 'x'.repeat(dataBytes), dataBytes }
}

function responses() {
  return new SharedResponses(({ topic, data }) => create(GetStreamResponseSchema, { topic, data }))
}

test('subscribers of a topic share the response of a message', () => {
  const shared = responses()
  const [first, second] = [messageOf(1), messageOf(2)]
  expect(shared.of(first)).toBe(shared.of(first))
  expect(shared.of(second)).not.toBe(shared.of(first))
  expect(shared.of(first)).toMatchObject({ topic: 't', data: 'xxxxxxxxxx' })
})

test.each([
  ['1,024 short messages', 1_024, 10],
  ['1 MiB of long messages', 16, 64 * KIB],
])('the responses of the last %s are kept, and no others', (_what, count, dataBytes) => {
  const shared = responses()
  const messages = Array.from({ length: count + 1 }, (_, sequence) => messageOf(sequence, dataBytes))
  const made = messages.map((message) => shared.of(message))
  const [oldest, ...kept] = messages
  expect(kept.map((message) => shared.of(message))).toEqual(made.slice(1))
  for (const [i, message] of kept.entries()) expect(shared.of(message)).toBe(made[i + 1])
  expect(shared.of(oldest as TopicMessage)).not.toBe(made[0])
})

test('a message of any length has a response', () => {
  const shared = responses()
  const long = messageOf(1, 2 * KIB * KIB)
  expect(shared.of(long)).toBe(shared.of(long))
  expect(shared.of(messageOf(2)).data).toHaveLength(10)
})
