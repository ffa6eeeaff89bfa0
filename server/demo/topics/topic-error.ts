/** Why a topic hub refuses something. */

/**
 * The reasons that a caller may tell apart:
 * - `invalid_topic`: no topic can have that name;
 * - `message_too_large`: the text of one message is over the limit;
 * - `read_only`: only the server publishes on that topic;
 * - `limit_reached`: a limit on topics, kept bytes, subscribers or what they join or leave unread is reached;
 * - `out_of_range`: the topic has no such position;
 * - `unavailable`: the broker that keeps the topics cannot be reached;
 * - `closed`: the hub has been closed.
 */
export type TopicErrorReason =
  | 'invalid_topic'
  | 'message_too_large'
  | 'read_only'
  | 'limit_reached'
  | 'out_of_range'
  | 'unavailable'
  | 'closed'

/** What a topic hub throws. Its message is meant for the client: it names limits, never anything of other clients. */
export class TopicError extends Error {
  /** What a caller branches on. */
  readonly reason: TopicErrorReason

  constructor(reason: TopicErrorReason, message: string) {
    super(message)
    this.name = 'TopicError'
    this.reason = reason
  }
}

/** What is thrown while the broker cannot be used. It says nothing of the broker, as clients see it. */
export function brokerUnavailableError(): TopicError {
  return new TopicError('unavailable', 'the broker that keeps the topics cannot be reached')
}

/** What a closed hub throws. */
export function hubClosedError(): TopicError {
  return new TopicError('closed', 'the topic hub has been closed')
}
