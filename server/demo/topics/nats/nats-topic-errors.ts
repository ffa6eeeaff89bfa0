/** What errors of NATS mean for topics. */
import { JetStreamApiCodes, JetStreamApiError, JetStreamError } from '@nats-io/jetstream'
import {
  InvalidArgumentError,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
} from '@nats-io/transport-node'
import { NatsRefusal } from '../../../../wire/nats/connect-nats.ts'
import { brokerUnavailableError, TopicError } from '../topic-error.ts'

const UNAVAILABLE = 503
/** The cluster has too few servers at the moment for the copies of a stream. */
const NO_PEERS = 10_005
/** Insufficient resources, memory or storage, and too many bytes or messages for the account. */
const NO_ROOM: readonly number[] = [10_023, 10_028, 10_047, 10_048, 10_049, 10_077]

/** Whether a write was refused because another one came first. */
export function isConflict(cause: unknown): boolean {
  if (!(cause instanceof JetStreamApiError)) return false
  const { StreamWrongLastSequence, StreamWrongLastSequenceUnknown } = JetStreamApiCodes
  return cause.code === StreamWrongLastSequence || cause.code === StreamWrongLastSequenceUnknown
}

/** Whether an error says that the stream cannot be reached, though its server is connected. */
export function isBrokerAway(cause: unknown): boolean {
  if (cause instanceof JetStreamApiError) return cause.status === UNAVAILABLE && !NO_ROOM.includes(cause.code)
  return cause instanceof TimeoutError || isUnanswered(cause)
}

/** Whether nobody answers a request, such as one to JetStream. */
export function isUnanswered(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  return cause.name === 'JetStreamNotEnabled' || cause instanceof NoRespondersError || isUnanswered(cause.cause)
}

/** Returns what a caller of the broker sees. */
export function brokerErrorOf(cause: unknown): Error {
  if (cause instanceof TopicError) return cause
  if (cause instanceof InvalidArgumentError) {
    return new TopicError('message_too_large', 'is larger than the broker of the topics accepts')
  }
  if (cause instanceof JetStreamApiError && NO_ROOM.includes(cause.code)) {
    return new TopicError('limit_reached', 'the broker of the topics has no room')
  }
  return brokerUnavailableError()
}

/** Returns a NatsRefusal for an error that is met at the start and that will not go away; else the error. */
export function refusalOf(cause: unknown): unknown {
  if (cause instanceof RequestError && cause.cause instanceof PermissionViolationError) return refusalOf(cause.cause)
  if (cause instanceof PermissionViolationError) {
    const verb = cause.operation === 'subscription' ? 'subscribe' : 'publish'
    return new NatsRefusal(`nats: the account may not ${verb} to ${cause.subject}`)
  }
  if (isNotEnabled(cause)) return new NatsRefusal('nats: JetStream is not enabled for the account')
  const isFinal = cause instanceof JetStreamError || (cause instanceof JetStreamApiError && !isTransient(cause))
  return isFinal ? new NatsRefusal(`nats: ${cause.message}`) : cause
}

/** The client throws an error of its own for this code, as for a server that does not answer. */
function isNotEnabled(cause: unknown): boolean {
  const reason = cause instanceof Error && cause.cause instanceof JetStreamApiError ? cause.cause : cause
  return reason instanceof JetStreamApiError && reason.code === JetStreamApiCodes.JetStreamNotEnabledForAccount
}

/** Whether a cluster may still be starting. */
function isTransient({ code, status }: JetStreamApiError): boolean {
  return status === UNAVAILABLE || code === NO_PEERS
}
