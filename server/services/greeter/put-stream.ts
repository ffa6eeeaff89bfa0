/** PutStream: publishes many messages. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { PutStreamRequest } from '../../../gen/greeter/v1/greeter_pb.js'
import type { TopicHub } from '../../topics/topic-hub.ts'
import { toConnectError } from './to-connect-error.ts'

/** How many topics one call may publish on: the summary names each, and a stream may be long. */
export const MAX_TOPICS_PER_PUT = 1_000

/** What PutStream answers with. */
export interface PutStreamResponseInit {
  /** How many messages were accepted. */
  accepted: bigint
  /** For each topic, the number of the last message that this call put there. */
  lastSequence: Record<string, bigint>
}

/** Publishes what comes until the client ends. What was published before a failure stays so. */
export async function putStream(
  hub: TopicHub,
  requests: AsyncIterable<PutStreamRequest>,
): Promise<PutStreamResponseInit> {
  const lastSequence = new Map<string, bigint>()
  let accepted = 0n
  try {
    for await (const { topic, data } of requests) {
      if (lastSequence.size >= MAX_TOPICS_PER_PUT && !lastSequence.has(topic)) throw tooManyTopics()
      lastSequence.set(topic, await hub.publish(topic, data))
      accepted++
    }
  } catch (error) {
    throw toConnectError(error)
  }
  // Object.fromEntries defines properties, so that a topic called __proto__ is one like any other.
  return { accepted, lastSequence: Object.fromEntries(lastSequence) }
}

function tooManyTopics(): ConnectError {
  return new ConnectError(`topic: a call may name ${MAX_TOPICS_PER_PUT} at the most`, Code.ResourceExhausted)
}
