/** What errors of NATS mean for publishers, and for a start. */
import { JetStreamApiError, JetStreamError } from '@nats-io/jetstream'
import {
  InvalidArgumentError,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
} from '@nats-io/transport-node'
import { expect, test } from 'vitest'
import {
  brokerErrorOf,
  isBrokerAway,
  isConflict,
  refusalOf,
} from '../../../../../../server/demo/topics/nats/nats-topic-errors.ts'
import { TopicError } from '../../../../../../server/demo/topics/topic-error.ts'
import { NatsRefusal } from '../../../../../../wire/nats/connect-nats.ts'

const apiError = (code: number, err_code: number) => new JetStreamApiError({ code, err_code, description: 'what' })

test.each([
  ['a conflict', apiError(400, 10_071), 'unavailable', false],
  ['no room', apiError(500, 10_047), 'limit_reached', false],
  ['insufficient resources', apiError(503, 10_023), 'limit_reached', false],
  ['JetStream away', apiError(503, 10_008), 'unavailable', true],
  ['a timeout', new TimeoutError(), 'unavailable', true],
  ['nobody answers', new RequestError('no', { cause: new NoRespondersError('x') }), 'unavailable', true],
  ['too large', new InvalidArgumentError('payload max_payload size exceeded'), 'message_too_large', false],
  ['own', new TopicError('limit_reached', 'limit of 3 topics reached'), 'limit_reached', false],
  ['another', new Error('x'), 'unavailable', false],
])('%s', (_, error, reason, isAway) => {
  expect(brokerErrorOf(error)).toMatchObject({ name: 'TopicError', reason })
  expect(isBrokerAway(error)).toBe(isAway)
})

test('a conflict is known by its code', () => {
  expect([10_071, 10_164, 10_070].map((code) => isConflict(apiError(400, code)))).toEqual([true, true, false])
})

test.each([
  ['replicas without a cluster', apiError(500, 10_074), true],
  ['another use of the subjects', apiError(400, 10_065), true],
  ['the account has no JetStream', apiError(503, 10_039), true],
  ['a cluster that is starting', apiError(400, 10_005), false],
  ['JetStream that is starting', apiError(503, 10_008), false],
  ['a timeout', new TimeoutError(), false],
  ['an answer that is not one', new JetStreamError('bad'), true],
  ['a permission', new PermissionViolationError('no', 'publish', 'x', undefined), true],
  [
    'a permission',
    new RequestError('no', { cause: new PermissionViolationError('no', 'publish', 'x', undefined) }),
    true,
  ],
])('%s ends the start, or is met again: %o', (_, error, isFinal) => {
  expect(refusalOf(error) instanceof NatsRefusal).toBe(isFinal)
})
