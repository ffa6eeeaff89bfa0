/** Says in words what went wrong. */
import { ConnectError } from '@connectrpc/connect'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import { printable } from './terminal/printable.ts'

const NO_TLS = 'the server does not seem to speak TLS there: is --plaintext or an http:// address meant?'
const NO_TRUST = 'trust its certificate with --ca FILE, or accept any with --insecure'

/** What to do about it, for the failures that people meet first; by the code of Node. */
const HINTS: Readonly<Record<string, string>> = {
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  DEPTH_ZERO_SELF_SIGNED_CERT: NO_TRUST,
  SELF_SIGNED_CERT_IN_CHAIN: NO_TRUST,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NO_TRUST,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NO_TRUST,
  ERR_TLS_CERT_ALTNAME_INVALID: 'the name that it bears can be given with --servername',
}

/** What our HTTP/2 says of a server that answers by HTTP/1.1. */
const HTTP1_PEER = 'the peer speaks HTTP/1.1'
const NO_HTTP2 = 'for servers without HTTP/2 there is --http 1, with --protocol connect or grpc-web'

/** A chain of causes is not longer than this. */
const MAX_CAUSES = 10

/** The lines that describe an error to a person, without a stack. */
export function describeError(error: unknown): string[] {
  const hint = hintFor(error)
  return [...describe(error).map(printable), ...(hint === undefined ? [] : [`hint: ${hint}`])]
}

function describe(error: unknown): string[] {
  if (!(error instanceof ConnectError)) return [`error: ${error instanceof Error ? error.message : String(error)}`]
  const message = error.rawMessage.trim() || 'no reason is given'
  return [`error: ${codeToString(error.code)} (${error.code}): ${message}`, ...error.details.map(describeDetail)]
}

function describeDetail(detail: ConnectError['details'][number]): string {
  if (!('type' in detail)) return `detail: ${detail.desc.typeName}`
  const value = detail.debug === undefined ? Buffer.from(detail.value).toString('base64') : JSON.stringify(detail.debug)
  return `detail: ${detail.type} ${value}`
}

function hintFor(error: unknown): string | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < MAX_CAUSES; cause = cause.cause, depth++) {
    if ('code' in cause && typeof cause.code === 'string' && Object.hasOwn(HINTS, cause.code)) return HINTS[cause.code]
  }
  return error instanceof ConnectError && error.rawMessage.includes(HTTP1_PEER) ? NO_HTTP2 : undefined
}
