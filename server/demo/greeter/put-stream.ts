/** PutStream: publishes many messages. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { PutStreamRequest } from '../../../gen/greeter/v1/greeter_pb.js'
import type { TopicHub, TopicMessage } from '../topics/topic-hub.ts'
import { toConnectError } from './to-connect-error.ts'

/** How many topics one call may publish on: the summary names each, and a stream may be long. */
export const MAX_TOPICS_PER_PUT = 1_000

/** What PutStream answers with. */
export interface PutStreamResponseInit {
  /** How many messages were accepted. */
  accepted: bigint
  /** For each topic, the number of the last message that this call put there. */
  lastSequence: Record<string, bigint>
  /** For each topic, the epoch of that message. */
  lastEpoch: Record<string, string>
}

/** Publishes each message until the client ends. Messages published before a failure stay published. */
export async function putStream(
  hub: TopicHub,
  requests: AsyncIterable<PutStreamRequest>,
): Promise<PutStreamResponseInit> {
  const last = new Map<string, TopicMessage>()
  let accepted = 0n
  try {
    for await (const { topic, data } of requests) {
      if (last.size >= MAX_TOPICS_PER_PUT && !last.has(topic)) throw tooManyTopics()
      last.set(topic, await hub.publish(topic, data))
      accepted++
    }
  } catch (error) {
    throw toConnectError(error)
  }
  // Object.fromEntries defines properties, so that a topic called __proto__ is one like any other.
  return {
    accepted,
    lastSequence: Object.fromEntries([...last].map(([topic, { sequence }]) => [topic, sequence])),
    lastEpoch: Object.fromEntries([...last].map(([topic, { epoch }]) => [topic, epoch])),
  }
}

function tooManyTopics(): ConnectError {
  return new ConnectError(`topic: a call may name ${MAX_TOPICS_PER_PUT} topics at most`, Code.ResourceExhausted)
}
