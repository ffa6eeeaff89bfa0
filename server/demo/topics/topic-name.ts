/** Which names a topic may have. */
import { TopicError } from './topic-error.ts'

const TOPIC_NAME = /^[A-Za-z0-9._/-]{1,128}$/

/** Throws a TopicError `invalid_topic` unless the name is 1 to 128 characters of `A-Z a-z 0-9 . _ / -`. */
export function assertTopicName(name: string): void {
  if (TOPIC_NAME.test(name)) return
  throw new TopicError('invalid_topic', 'must be 1 to 128 characters of A-Z a-z 0-9 . _ / -')
}
