/** Suggests what to try when a server cannot be reached as the flags say. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Protocol } from '../../transport-options.ts'

/** How the server was called. */
export interface Situation {
  /** How the program was called. */
  readonly programName: string
  /** As given. */
  readonly address: string
  readonly protocol: Protocol
  readonly httpVersion: '1.1' | '2'
  readonly isTls: boolean
  /** The given flags that require TLS. */
  readonly tlsFlags: readonly string[]
}

/** A failure, as far as hints depend on it. */
interface Trouble extends Situation {
  readonly code: Code
  readonly text: string
  /** Whether the server sent it. Its errors have the fields of the response as metadata. */
  readonly isFromServer: boolean
  /** Node's error codes along the chain of causes. */
  readonly nodeCodes: readonly string[]
}

type Rule = (trouble: Trouble) => string | false | undefined

/** Bounds the walk along the causes. */
const MAX_CAUSES = 10

const NOT_TLS = [
  'EPROTO',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
]
const NOT_TRUSTED = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]
const NO_ALPN = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'

/** The first rule that applies gives the hint. Following a hint must not lead back to the same hint. */
const RULES: readonly Rule[] = [
  (trouble) =>
    has(trouble, 'ECONNREFUSED') &&
    'nothing listens there: check that the server is running and that the port is right',
  ({ text, address }) =>
    text.includes('produced zero addresses') && `the name in ${address} has no address: check its spelling`,
  (trouble) =>
    has(trouble, 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH') && 'the host does not answer: check the address',
  (trouble) => trouble.isTls && has(trouble, ...NOT_TLS) && withoutTls(trouble),
  (trouble) => has(trouble, ...NOT_TRUSTED) && 'trust its certificate with --ca FILE, or accept any with --insecure',
  (trouble) =>
    has(trouble, 'ERR_TLS_CERT_ALTNAME_INVALID') && 'the name in the certificate can be given with --servername',
  (trouble) => (has(trouble, NO_ALPN) || trouble.text.includes('the peer speaks HTTP/1.1')) && otherHttp(trouble),
  (trouble) => has(trouble, 'HPE_INVALID_CONSTANT') && otherHttp(trouble),
  ({ text }) => text.includes('FRAME_SIZE_ERROR') && 'what listens there does not seem to speak HTTP: check the port',
  (trouble) =>
    !trouble.isTls &&
    (endedAtOnce(trouble) || asksForTls(trouble)) &&
    `the server may want TLS: try ${withTls(trouble)}`,
  (trouble) => trouble.isTls && endedAtOnce(trouble) && 'the server ended the TLS handshake: check the port',
  otherProtocol,
  ({ text, isFromServer }) =>
    !isFromServer && /exceeds readMaxBytes \d+$/.test(text) && 'larger messages are received with --max-receive SIZE',
]

/**
 * Returns a hint for a failed call.
 *
 * @returns undefined if there is none, and for errors that are not of calls: their own text says what to do
 */
export function hintFor(error: unknown, situation: Situation): string | undefined {
  if (!(error instanceof ConnectError)) return undefined
  const { code, rawMessage: text, metadata } = error
  const isFromServer = metadata.keys().next().done === false
  const trouble = { ...situation, code, text, isFromServer, nodeCodes: nodeCodesOf(error) }
  for (const rule of RULES) {
    const hint = rule(trouble)
    if (hint) return hint
  }
  return undefined
}

function nodeCodesOf(error: unknown): string[] {
  const codes: string[] = []
  for (let cause = error, depth = 0; cause instanceof Error && depth < MAX_CAUSES; cause = cause.cause, depth++) {
    if ('code' in cause && typeof cause.code === 'string') codes.push(cause.code)
  }
  return codes
}

function has({ nodeCodes }: Trouble, ...codes: readonly string[]): boolean {
  return nodeCodes.some((code) => codes.includes(code))
}

function endedAtOnce({ text, code }: Trouble): boolean {
  const isEnd = /the connection was closed$|socket hang up$|disconnected before secure TLS/.test(text)
  return code === Code.Unavailable && isEnd
}

/** Servers that require TLS, nginx and Portico among them, answer cleartext with 400 over HTTP/1.1. */
function asksForTls({ text }: Trouble): boolean {
  return /^HTTP (status )?400$/.test(text) || text.includes('this port speaks TLS')
}

/** `--plaintext` contradicts an https:// address and every flag that requires TLS. */
function withoutTls({ address, tlsFlags }: Trouble): string {
  const rest = tlsFlags.length === 0 ? '' : ` without ${tlsFlags.join(' ')}`
  const instead = /^https:/i.test(address) ? address.replace(/^https:/i, 'http:') : '--plaintext'
  return `the server does not seem to speak TLS there: try ${instead}${rest}`
}

function withTls({ address }: Trouble): string {
  return /^http:/i.test(address) ? address.replace(/^http:/i, 'https:') : 'without --plaintext'
}

function otherHttp({ httpVersion, protocol }: Trouble): string {
  if (httpVersion === '1.1') return 'the server does not speak HTTP/1.1 there: try without --http 1'
  if (protocol === 'grpc')
    return 'the server only speaks HTTP/1.1, which gRPC cannot use: try --protocol connect --http 1'
  return 'the server only speaks HTTP/1.1: try --http 1'
}

/** gRPC-only servers refuse other protocols with 415 or with gRPC's content type; other servers do not know the path. */
function otherProtocol({ programName, text, protocol, code }: Trouble): string | undefined {
  const isGrpcOnly = /^HTTP (status )?415$/.test(text) || text.includes('is "application/grpc')
  if (isGrpcOnly && protocol !== 'grpc')
    return 'the server may only speak gRPC: try --protocol grpc, and without --http 1'
  if (/^HTTP (status )?40[45]$/.test(text))
    return `the server has nothing at that path: check the port, and that it serves ${protocol}`
  if (/^HTTP (status )?415$/.test(text)) return 'the server may not speak gRPC: try --protocol connect'
  const isUnknownMethod = code === Code.Unimplemented
  return isUnknownMethod ? `${programName} list ADDRESS shows what the server has, if it has reflection` : undefined
}
