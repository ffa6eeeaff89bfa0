/** The answers to requests for a method that none of its protocols takes. */
import { Buffer } from 'node:buffer'
import { Code, ConnectError } from '@connectrpc/connect'
import type { EncodableField } from '../../wire/http2/http2.ts'
import type { Cors } from './cors.ts'
import type { CallHead } from './exchange/call-head.ts'
import { codeOfHttpStatus, type Refusal, refusePlainly } from './exchange/refusal.ts'
import { ResponseBlock } from './exchange/response-block.ts'
import type { MethodEntry } from './method-table.ts'
import type { ServerProtocol } from './protocols/server-protocol.ts'

const NO_BODY = Buffer.alloc(0)

/** What a request for a method lacks, in the words of HTTP. */
export interface Shortfall {
  readonly httpStatus: number
  /** What would be right. */
  readonly message: string
  /** Fields that say so to programs. */
  readonly fields: readonly EncodableField[]
}

/** 405: the verb is not one of the method's. */
export function wrongVerb(entry: MethodEntry, protocols: readonly ServerProtocol[]): Shortfall {
  const verbs = [...new Set(protocols.flatMap((protocol) => protocol.verbsOf(entry)))].toSorted().join(', ')
  return { httpStatus: 405, message: `the verb must be one of ${verbs}`, fields: [{ name: 'allow', value: verbs }] }
}

/** 415: the content type is not one of the method's. */
export function wrongMediaType(protocols: readonly ServerProtocol[]): Shortfall {
  const list = protocols.flatMap(({ contentTypes }) => contentTypes).join(', ')
  const message = `the content-type must be one of ${list}`
  return { httpStatus: 415, message, fields: [{ name: 'accept-post', value: list }] }
}

/** 415: what states the type stands elsewhere, and says nothing that is right. */
export function wrongMedia(message: string): Shortfall {
  return { httpStatus: 415, message, fields: [] }
}

/** 505: HTTP/1.1 clients that wait for answers while they send would hang, so their connection ends (as in Connect). */
export function wrongHttpVersion(): Shortfall {
  const fields = [{ name: 'connection', value: 'close' }]
  return { httpStatus: 505, message: 'streams in both directions need HTTP/2', fields }
}

/**
 * Refuses as HTTP does, where a request may have been in any protocol. Clients go by the status; a wrong media type is told in a
 * sentence, as plain text, for people who read the answer.
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

/** Refuses in a protocol whose own way to name methods the request takes. */
export function refuseInProtocol(
  protocol: ServerProtocol,
  head: CallHead,
  { httpStatus, message, fields }: Shortfall,
): Refusal {
  const code = httpStatus === 415 ? Code.InvalidArgument : Code.Unimplemented
  const refusal = protocol.refuse(new ConnectError(message, code), head, httpStatus)
  return { ...refusal, head: refusal.head.with(fields) }
}

/** The answer to a preflight (Fetch standard, section 3.2.3). */
export function answerPreflight(cors: Cors, origin: string | undefined): Refusal {
  const vary = { name: 'vary', value: 'origin' }
  const headers = origin === undefined ? undefined : cors.preflightHeaders(origin)
  if (headers === undefined) {
    const { head, ...refusal } = refusePlainly(new ConnectError('the origin may not call', Code.PermissionDenied))
    return { ...refusal, head: head.with([vary]) }
  }
  const fields = [vary, ...Object.entries(headers).map(([name, value]) => ({ name, value }))]
  return { head: ResponseBlock.once(204, fields), body: NO_BODY, code: undefined }
}
