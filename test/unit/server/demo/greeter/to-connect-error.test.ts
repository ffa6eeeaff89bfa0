import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { toConnectError } from '../../../../../server/demo/greeter/to-connect-error.ts'
import { TopicError } from '../../../../../server/demo/topics/topic-error.ts'

test.each([
  ['invalid_topic', Code.InvalidArgument, 'topic: why'],
  ['message_too_large', Code.ResourceExhausted, 'data: why'],
  ['read_only', Code.PermissionDenied, 'topic: why'],
  ['limit_reached', Code.ResourceExhausted, 'why'],
  ['closed', Code.Unavailable, 'why'],
] as const)('%s has its code, and names its field', (reason, code, rawMessage) => {
  const cause = new TopicError(reason, 'why')
  expect(toConnectError(cause)).toMatchObject({ name: 'ConnectError', code, rawMessage, cause })
})

test('other errors are unchanged', () => {
  const error = new Error('internal')
  expect(toConnectError(error)).toBe(error)
})
