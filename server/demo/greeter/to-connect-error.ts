/** Maps the errors of the topic hub to those that clients receive. */
import { Code, ConnectError } from '@connectrpc/connect'
import { TopicError, type TopicErrorReason } from '../topics/topic-error.ts'

/** The code, and the request's field that is to blame, if there is one. */
const BY_REASON: Readonly<Record<TopicErrorReason, readonly [code: Code, field?: string]>> = {
  invalid_topic: [Code.InvalidArgument, 'topic'],
  message_too_large: [Code.ResourceExhausted, 'data'],
  read_only: [Code.PermissionDenied, 'topic'],
  limit_reached: [Code.ResourceExhausted],
  out_of_range: [Code.OutOfRange, 'after_sequence'],
  unavailable: [Code.Unavailable],
  closed: [Code.Unavailable],
}

/** The ConnectError for a TopicError; anything else comes back as it is. */
export function toConnectError(error: unknown): unknown {
  if (!(error instanceof TopicError)) return error
  const [code, field] = BY_REASON[error.reason]
  const message = field === undefined ? error.message : `${field}: ${error.message}`
  return new ConnectError(message, code, undefined, undefined, error)
}
