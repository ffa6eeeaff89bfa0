/** Which names topics may have, on which of them clients publish, and how large a message may be. */
import { isQuoteTopic } from './stock-quotes.ts'
import { TopicError } from './topic-error.ts'

const TOPIC_NAME = /^[A-Za-z0-9._/-]{1,128}$/

/** Throws a TopicError `invalid_topic` unless the name is 1 to 128 characters of `A-Z a-z 0-9 . _ / -`. */
export function assertTopicName(name: string): void {
  if (TOPIC_NAME.test(name)) return
  throw new TopicError('invalid_topic', 'must be 1 to 128 characters of A-Z a-z 0-9 . _ / -')
}

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
