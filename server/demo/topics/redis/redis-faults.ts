/** What errors of Redis, and of the connections to it, mean for the hub. */
import { brokerUnavailableError, TopicError } from '../topic-error.ts'

/** The first words of temporary errors: the server starts, fails over, cannot write, or is full. */
const PASSING = new Set([
  ...['LOADING', 'READONLY', 'MASTERDOWN', 'NOREPLICAS', 'MISCONF', 'OOM', 'BUSY'],
  ...['CLUSTERDOWN', 'TRYAGAIN', 'UNKILLABLE', 'NOSCRIPT'],
])
const TOO_MANY_CLIENTS = 'ERR max number of clients'
/** The error for an unknown command repeats its arguments: for AUTH, the password. */
const REPEATED_ARGUMENTS = /, with args beginning with.*$/is
const CERTIFICATE_FAULT = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH)/

/** Translates the error of a command. */
export function toTopicError(error: unknown): TopicError {
  if (error instanceof TopicError) return error
  if (error instanceof Error && isReply(error) && codeOf(error) === 'OOM')
    return new TopicError('limit_reached', 'the broker has no memory left for topics')
  return brokerUnavailableError()
}

/**
 * Says what is wrong if trying again does not help: a wrong password, a missing permission, a certificate. Returns undefined for
 * temporary errors. Errors of ioredis are never passed on: they contain the command, and so the password.
 */
export function refusalOf(error: unknown): string | undefined {
  if (error instanceof RedisRefusal) return error.message
  if (!(error instanceof Error)) return undefined
  if (isReply(error)) {
    return isPassing(error) ? undefined : `Redis answers: ${error.message.replace(REPEATED_ARGUMENTS, '')}`
  }
  const code = 'code' in error ? String(error.code) : ''
  return CERTIFICATE_FAULT.test(code) ? `the certificate of Redis is not accepted (${code})` : undefined
}

/** A server that cannot keep topics. */
export class RedisRefusal extends Error {}

/** Whether the server has become a replica. The next connection may reach the new primary. */
export function isDemoted(error: Error): boolean {
  return codeOf(error) === 'READONLY'
}

function isPassing(error: Error): boolean {
  return PASSING.has(codeOf(error)) || error.message.startsWith(TOO_MANY_CLIENTS)
}

function isReply(error: Error): boolean {
  return error.name === 'ReplyError'
}

function codeOf(error: Error): string {
  return error.message.split(' ', 1)[0] ?? ''
}
