/** The answers to requests that never become calls. */
import { Buffer } from 'node:buffer'
import { Code } from '@connectrpc/connect'
import { type ErrorResponseInit, encodeErrorResponse } from '../../wire/error-response.ts'
import { type EncodableField, RequestVerdict } from '../../wire/http2/http2.ts'
import type { RpcProtocol } from '../../wire/rpc-protocol.ts'
import type { Refusal } from './call-plan.ts'
import type { Cors } from './cors.ts'
import { ResponseBlock } from './exchange/response-block.ts'
import { MEDIA_TYPES, type MediaType } from './media-type.ts'
import type { MethodEntry } from './method-table.ts'

const NO_BODY = Buffer.alloc(0)

/** A refusal in the protocol of the caller; `fields` go with it. */
export function refuse(init: ErrorResponseInit, fields: readonly EncodableField[] = []): Refusal {
  const { status, headers, body } = encodeErrorResponse(init)
  const own = Object.entries(headers).filter(([name]) => name !== 'content-length')
  const list = [...own.map(([name, value]) => ({ name, value })), ...fields]
  return { head: ResponseBlock.once(status, list), body, code: init.code }
}

/** What the transport found wrong with the head, in the words of HTTP. */
export function refuseVerdict(verdict: RequestVerdict, protocol: RpcProtocol | undefined): Refusal {
  if (verdict === RequestVerdict.HOST_MISMATCH) {
    return refuse({ protocol, code: Code.Internal, message: 'the request names more than one Host', httpStatus: 400 })
  }
  if (verdict === RequestVerdict.CONNECT) {
    return refuse({ protocol, code: Code.Unimplemented, message: 'CONNECT is not served', httpStatus: 501 })
  }
  const message = 'the header fields are too many or too large'
  return refuse({ protocol, code: Code.ResourceExhausted, message, httpStatus: 431 })
}

/** 405, without a body: the verb is none of the method's in any protocol. */
export function refuseVerb(entry: MethodEntry, fields: readonly EncodableField[]): Refusal {
  const allow = isGettable(entry) ? 'GET, POST' : 'POST'
  return bare(405, [{ name: 'allow', value: allow }, ...fields])
}

/** 415: says which content types would be right. */
export function refuseMediaType(entry: MethodEntry, fields: readonly EncodableField[]): Refusal {
  const types = MEDIA_TYPES.filter(([, type]) => acceptsMediaType(entry, type)).map(([text]) => text)
  const list = types.join(', ')
  return refuseType(`the content-type must be one of ${list}`, [{ name: 'accept-post', value: list }, ...fields])
}

/** 415: a GET says in its query of what type the message is. */
export function refuseQuery(fields: readonly EncodableField[]): Refusal {
  return refuseType('the query must have encoding=json or encoding=proto, and the message', fields)
}

/** 505: HTTP/1.1 clients that wait for answers while they send would hang, so their connection ends (as in Connect). */
export function refuseHttpVersion(fields: readonly EncodableField[]): Refusal {
  return bare(505, [{ name: 'connection', value: 'close' }, ...fields])
}

/** The answer to a preflight (Fetch standard, section 3.2.3). */
export function answerPreflight(cors: Cors, origin: string | undefined): Refusal {
  const vary = { name: 'vary', value: 'origin' }
  const headers = origin === undefined ? undefined : cors.preflightHeaders(origin)
  if (headers === undefined) {
    const init = { protocol: undefined, code: Code.PermissionDenied, message: 'the origin may not call' } as const
    return refuse(init, [vary])
  }
  const fields = [vary, ...Object.entries(headers).map(([name, value]) => ({ name, value }))]
  return { head: ResponseBlock.once(204, fields), body: NO_BODY, code: undefined }
}

/** Whether a method is called by this content type. */
export function acceptsMediaType(entry: MethodEntry, { protocol }: MediaType): boolean {
  const { protocols, kind } = entry
  switch (protocol) {
    case 'grpc':
      return protocols.grpc
    case 'grpc-web':
    case 'grpc-web-text':
      return protocols.grpcWeb
    case 'connect-unary':
      return protocols.connect && kind === 'unary'
    case 'connect-stream':
      return protocols.connect && kind !== 'unary'
  }
}

/** Whether a method is called by GET. */
export function isGettable({ kind, isSafe, protocols }: MethodEntry): boolean {
  return kind === 'unary' && isSafe && protocols.connect
}

/** Clients go by the status; the sentence is for who reads the answer by eye, and so plain text. */
function refuseType(message: string, fields: readonly EncodableField[]): Refusal {
  const { head, code } = bare(415, [{ name: 'content-type', value: 'text/plain; charset=utf-8' }, ...fields])
  return { head, body: Buffer.from(`${message}\n`), code }
}

function bare(status: number, fields: readonly EncodableField[]): Refusal {
  return { head: ResponseBlock.once(status, fields), body: NO_BODY, code: Code.Unknown }
}
