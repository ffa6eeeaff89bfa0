/** How a message of the topic hub looks on the wire. */
import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt'
import type { TopicDelivery } from '../topics/topic-hub.ts'

/** The fields of GetStreamResponse; those of AllStreamResponse are the same, except `reset`. */
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
  /** The incarnation of the topic. */
  epoch: string
  /** The client resumed in another incarnation of the topic. */
  reset: boolean
}

/** Turns what the hub delivers into a response message. */
export function toStreamResponse({ message, missed, isReset }: TopicDelivery): StreamResponseInit {
  const { topic, epoch, sequence, timeMs, data } = message
  return { topic, sequence, time: timestampFromMs(timeMs), data, missed, epoch, reset: isReset }
}
