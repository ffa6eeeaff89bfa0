/** Whole answers to requests that never become calls. */
import { Buffer } from 'node:buffer'
import { Code, type ConnectError } from '@connectrpc/connect'
import { codeFromHttpStatus, codeToHttpStatus, errorToJson } from '@connectrpc/connect/protocol-connect'
import { type EncodableField, RequestVerdict } from '../../../wire/http2/http2.ts'
import { ResponseBlock } from './response-block.ts'

/** A response that is complete: nothing follows the body. */
export interface Refusal {
  readonly head: ResponseBlock
  readonly body: Uint8Array
  /** For observers; undefined for an answer that is not a failure, as that to a preflight. */
  readonly code: Code | undefined
}

/** Why a request is refused. */
export interface RequestFault {
  readonly code: Code
  /** A sentence for the caller. It is sent as it is, so it must hold nothing secret. */
  readonly message: string
  /** The status for those who read the answer as ordinary HTTP. */
  readonly httpStatus: number
}

/** What can be wrong with the authority or the target, whichever transport finds it. */
export const HeadFault = Object.freeze({
  NO_HOST: badRequest('the request has no Host'),
  MALFORMED_HOST: badRequest('the Host is malformed'),
  MORE_HOSTS: badRequest('the request names more than one Host'),
  FOREIGN_HOST: fault(
    Code.PermissionDenied,
    'the Host of this request is not allowed here: add it to allowedHosts (node server: --allowed-host)',
    403,
  ),
  TARGET: badRequest('the request target must be a path'),
  MORE_CONTENT_TYPES: badRequest('the request has more than one content-type'),
  CODING: fault(Code.Unimplemented, 'of the transfer codings only chunked is served', 501),
  CONNECT: fault(Code.Unimplemented, 'CONNECT is not served', 501),
  TOO_LARGE: fault(Code.ResourceExhausted, 'the header fields are too many or too large', 431),
  /** The answer, of which the peer takes no more; it has its status already. */
  STALLED: fault(Code.DeadlineExceeded, 'the peer does not take its answer', 408),
  /** The body, behind a head that is right. */
  STOPPED_ARRIVING: fault(Code.DeadlineExceeded, 'the request body stopped arriving', 408),
})

/** What HTTP/2 found wrong with a head; undefined for nothing. */
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
 * Adds the fields by which a page of another origin can read why it was refused. A rebound page gets none: what it may read is not
 * for its own Host to say.
 */
export function withCorsFields(refusal: Refusal, fields: readonly EncodableField[], fault?: RequestFault): Refusal {
  if (fields.length === 0 || fault === HeadFault.FOREIGN_HOST) return refusal
  return { ...refusal, head: refusal.head.with(fields) }
}

/** The code nearest to the HTTP status of a refusal that states none, for observers. */
export function codeOfHttpStatus(httpStatus: number): Code {
  return NEAREST_CODES.get(httpStatus) ?? codeFromHttpStatus(httpStatus)
}

/** Where the table that clients of Connect go by says less than it could. */
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

/** An error of ordinary HTTP: JSON, as Connect's unary calls have it. */
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
