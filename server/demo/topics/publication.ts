/** What a hub checks before it publishes. */
import { isQuoteTopic } from './stock-quotes.ts'
import { TopicError } from './topic-error.ts'
import { assertTopicName } from './topic-name.ts'

/** Throws a TopicError `invalid_topic`, or `read_only` for a topic that the server alone quotes on. */
export function assertPublishable(topic: string): void {
  assertTopicName(topic)
  if (isQuoteTopic(topic)) throw new TopicError('read_only', 'stocks/ topics are quoted by the server alone')
}

/** How many bytes of UTF-8 a text has. Throws a TopicError `message_too_large` if they are more than the limit. */
export function messageBytes(data: string, maxMessageBytes: number): number {
  const dataBytes = Buffer.byteLength(data)
  if (dataBytes <= maxMessageBytes) return dataBytes
  throw new TopicError('message_too_large', `must be ${maxMessageBytes} bytes of UTF-8 at most, is ${dataBytes}`)
}
