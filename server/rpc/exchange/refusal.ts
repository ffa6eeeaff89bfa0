/** Complete responses to requests that do not become calls. */
import { Buffer } from 'node:buffer'
import { Code, type ConnectError } from '@connectrpc/connect'
import { codeFromHttpStatus, codeToHttpStatus, errorToJson } from '@connectrpc/connect/protocol-connect'
import { type EncodableField, RequestVerdict } from '../../../wire/http2/http2.ts'
import { ResponseBlock } from './response-block.ts'

/** A complete response. */
export interface Refusal {
  readonly head: ResponseBlock
  readonly body: Uint8Array
  /** For observers; undefined for a response that is not a failure, such as that to a preflight. */
  readonly code: Code | undefined
}

/** Why a request is refused. */
export interface RequestFault {
  readonly code: Code
  /** Sent to the client, so it must not contain internals. */
  readonly message: string
  /** The status for ordinary HTTP. */
  readonly httpStatus: number
}

/** Everything that can be wrong with a head, in whichever transport it is found. */
export const HeadFault = Object.freeze({
  NO_HOST: badRequest('request has no Host'),
  MALFORMED_HOST: badRequest('malformed Host'),
  MORE_HOSTS: badRequest('request has more than one Host'),
  FOREIGN_HOST: fault(
    Code.PermissionDenied,
    'Host not allowed: add it to allowedHosts (node server: --allowed-host)',
    403,
  ),
  TARGET: badRequest('request target must be a path'),
  MORE_CONTENT_TYPES: badRequest('request has more than one content-type'),
  CODING: fault(Code.Unimplemented, 'unsupported transfer coding: only chunked is supported', 501),
  CONNECT: fault(Code.Unimplemented, 'CONNECT is not supported', 501),
  TOO_LARGE: fault(Code.ResourceExhausted, 'header fields too many or too large', 431),
  /** The client stopped reading the response, whose status has been sent. */
  STALLED: fault(Code.DeadlineExceeded, 'the client stopped reading the response', 408),
  /** The client stopped sending the request body. */
  STOPPED_ARRIVING: fault(Code.DeadlineExceeded, 'the request body stopped arriving', 408),
})

/** Returns the fault behind a verdict of the HTTP/2 layer; undefined if there is none. */
export function faultOfVerdict(verdict: RequestVerdict): RequestFault | undefined {
  switch (verdict) {
    case RequestVerdict.HOST_MISMATCH:
      return HeadFault.MORE_HOSTS
    case RequestVerdict.CONNECT:
      return HeadFault.CONNECT
    case RequestVerdict.TOO_LARGE:
      return HeadFault.TOO_LARGE
    default:
      return undefined
  }
}

/**
 * Adds the CORS fields that let a page of another origin read a refusal. A request with a foreign Host gets none of
 * them: in a DNS rebinding the attacker controls the Host on which they are based.
 */
export function withCorsFields(refusal: Refusal, fields: readonly EncodableField[], fault?: RequestFault): Refusal {
  if (fields.length === 0 || fault === HeadFault.FOREIGN_HOST) return refusal
  return { ...refusal, head: refusal.head.with(fields) }
}

/** Returns the code closest to an HTTP status, for observers. */
export function codeOfHttpStatus(httpStatus: number): Code {
  return NEAREST_CODES.get(httpStatus) ?? codeFromHttpStatus(httpStatus)
}

/** More specific than Connect's table, which clients use and which maps most of these to UNKNOWN. */
const NEAREST_CODES: ReadonlyMap<number, Code> = new Map([
  [400, Code.InvalidArgument],
  [405, Code.Unimplemented],
  [408, Code.DeadlineExceeded],
  [413, Code.ResourceExhausted],
  [415, Code.InvalidArgument],
  [417, Code.InvalidArgument],
  [429, Code.ResourceExhausted],
  [431, Code.ResourceExhausted],
  [501, Code.Unimplemented],
  [505, Code.Unimplemented],
])

/** Encodes an error for ordinary HTTP: JSON, as in unary Connect calls. */
export function refusePlainly(error: ConnectError, httpStatus = codeToHttpStatus(error.code)): Refusal {
  const body = Buffer.from(JSON.stringify(errorToJson(error, undefined)))
  const head = ResponseBlock.once(httpStatus, [{ name: 'content-type', value: 'application/json' }])
  return { head, body, code: error.code }
}

function badRequest(message: string): RequestFault {
  return fault(Code.Internal, message, 400)
}

function fault(code: Code, message: string, httpStatus: number): RequestFault {
  return Object.freeze({ code, message, httpStatus })
}
