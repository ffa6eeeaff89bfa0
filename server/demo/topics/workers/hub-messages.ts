/** What the hubs of workers and the topics of their primary send each other. Arrays, as keys would be sent with each message. */
import type { TopicErrorReason } from '../topic-error.ts'
import type { TopicMessage } from '../topic-hub.ts'

/** The channel of a link that the messages go over. */
export const HUB_CHANNEL = 'hub'

/** What a worker asks for. */
export type HubRequest =
  | { readonly kind: 'append'; readonly messages: readonly AppendedText[] }
  | { readonly kind: 'read'; readonly topic: string; readonly after: bigint }
  | { readonly kind: 'follow' | 'unfollow' | 'resign'; readonly topic: string }
  | { readonly kind: 'lead'; readonly topic: string; readonly ttlMs: number }

/** A text for a topic. */
export type AppendedText = readonly [topic: string, data: string, dataBytes: number]

/** Where a text was placed, or why it was refused. */
export type AppendResult =
  | readonly [epoch: string, sequence: bigint, timeMs: number]
  | { readonly reason: TopicErrorReason; readonly message: string }

/** What a topic keeps. */
export interface ReadResult {
  readonly epoch: string
  readonly lastSequence: bigint
  readonly messages: readonly SentMessage[]
}

/** A message of a topic on its way between processes. */
export type SentMessage = readonly [
  topic: string,
  epoch: string,
  sequence: bigint,
  timeMs: number,
  data: string,
  dataBytes: number,
]

/** Returns what is sent of a message. */
export function toSent({ topic, epoch, sequence, timeMs, data, dataBytes }: TopicMessage): SentMessage {
  return [topic, epoch, sequence, timeMs, data, dataBytes]
}

/** Returns the message that was sent. */
export function fromSent([topic, epoch, sequence, timeMs, data, dataBytes]: SentMessage): TopicMessage {
  return { topic, epoch, sequence, timeMs, data, dataBytes }
}
