/** How a message of the topic hub looks on the wire. */
import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt'
import type { TopicDelivery } from '../../topics/topic-hub.ts'

/** The fields that GetStreamResponse and AllStreamResponse have in common, which are all. */
export interface StreamResponseInit {
  /** The topic that the message was published on. */
  topic: string
  /** The number of the message in its topic. */
  sequence: bigint
  /** When the server accepted the message. */
  time: Timestamp
  /** The published text. */
  data: string
  /** How many messages were lost to this client right before this one. */
  missed: bigint
}

/** Turns what the hub delivers into a response message. */
export function toStreamResponse({ message, missed }: TopicDelivery): StreamResponseInit {
  const { topic, sequence, timeMs, data } = message
  return { topic, sequence, time: timestampFromMs(timeMs), data, missed }
}
