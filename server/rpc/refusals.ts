/** Responses to requests for a known method that no protocol accepts. */
import { Buffer } from 'node:buffer'
import { Code, ConnectError } from '@connectrpc/connect'
import type { EncodableField } from '../../wire/http2/http2.ts'
import type { Cors } from './cors.ts'
import type { CallHead } from './exchange/call-head.ts'
import { codeOfHttpStatus, type Refusal, refusePlainly } from './exchange/refusal.ts'
import { ResponseBlock } from './exchange/response-block.ts'
import type { ServerProtocol } from './protocols/server-protocol.ts'

const NO_BODY = Buffer.alloc(0)

/** Why a request for a method is refused, in terms of HTTP. */
export interface Shortfall {
  readonly httpStatus: number
  /** Says what would be accepted. */
  readonly message: string
  /** Say the same in machine-readable form. */
  readonly fields: readonly EncodableField[]
}

/** 405: the method can be called with these HTTP methods only. */
export function wrongVerb(verbs: readonly string[]): Shortfall {
  const list = [...new Set(verbs)].toSorted().join(', ')
  return { httpStatus: 405, message: `HTTP method must be one of ${list}`, fields: [{ name: 'allow', value: list }] }
}

/** 415: the content type belongs to no protocol of the method. */
export function wrongMediaType(protocols: readonly ServerProtocol[]): Shortfall {
  const list = protocols.flatMap(({ contentTypes }) => contentTypes).join(', ')
  const message = `content-type must be one of ${list}`
  return { httpStatus: 415, message, fields: [{ name: 'accept-post', value: list }] }
}

/** 415: the media type is stated outside of the headers, so no header can say what is accepted. */
export function wrongMedia(message: string): Shortfall {
  return { httpStatus: 415, message, fields: [] }
}

/**
 * 505: bidirectional streams need HTTP/2. An HTTP/1.1 client that waits for messages while it sends would hang, so its
 * connection is closed (as in Connect).
 */
export function wrongHttpVersion(): Shortfall {
  const fields = [{ name: 'connection', value: 'close' }]
  return { httpStatus: 505, message: 'bidirectional streams need HTTP/2', fields }
}

/**
 * Refuses as plain HTTP, since the protocol of the request is unknown. Clients use the status; a 415 also has an
 * explanation as plain text, for people.
 */
export function refuseAsHttp(
  { httpStatus, message, fields }: Shortfall,
  corsFields: readonly EncodableField[],
): Refusal {
  const isTold = httpStatus === 415
  const type = isTold ? [{ name: 'content-type', value: 'text/plain; charset=utf-8' }] : []
  const head = ResponseBlock.once(httpStatus, [...type, ...fields, ...corsFields])
  return { head, body: isTold ? Buffer.from(`${message}\n`) : NO_BODY, code: codeOfHttpStatus(httpStatus) }
}

/** Refuses in the protocol whose route the request matched. */
export function refuseInProtocol(
  protocol: ServerProtocol,
  head: CallHead,
  { httpStatus, message, fields }: Shortfall,
): Refusal {
  const code = httpStatus === 415 ? Code.InvalidArgument : Code.Unimplemented
  const refusal = protocol.refuse(new ConnectError(message, code), head, httpStatus)
  return { ...refusal, head: refusal.head.with(fields) }
}

/**
 * Answers a preflight (Fetch standard, section 3.2.3).
 *
 * @param verbs the HTTP methods of a path that are not those of the standard protocols
 */
export function answerPreflight(cors: Cors, origin: string | undefined, verbs?: readonly string[]): Refusal {
  const vary = { name: 'vary', value: 'origin' }
  const headers = origin === undefined ? undefined : cors.preflightHeaders(origin, verbs)
  if (headers === undefined) {
    const { head, ...refusal } = refusePlainly(
      new ConnectError('origin not allowed: add it to cors.origins', Code.PermissionDenied),
    )
    return { ...refusal, head: head.with([vary]) }
  }
  const fields = [vary, ...Object.entries(headers).map(([name, value]) => ({ name, value }))]
  return { head: ResponseBlock.once(204, fields), body: NO_BODY, code: undefined }
}
