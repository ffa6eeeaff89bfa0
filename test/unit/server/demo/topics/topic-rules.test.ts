import { expect, test } from 'vitest'
import { TopicError } from '../../../../../server/demo/topics/topic-error.ts'
import { assertTopicName } from '../../../../../server/demo/topics/topic-rules.ts'

test.each(['a', 'Z9', 'a.b_c/d-e', '__proto__', '/', '..', 'x'.repeat(128)])('accepts %s', (name) => {
  expect(() => assertTopicName(name)).not.toThrow()
})

test.each(['', 'x'.repeat(129), 'a b', 'a\n', '\na', 'ä', 'a\0', '聊天', 'a:b', '*'])('rejects %j', (name) => {
  expect(() => assertTopicName(name)).toThrow(
    new TopicError('invalid_topic', 'must be 1 to 128 characters of A-Z a-z 0-9 . _ / -'),
  )
})
