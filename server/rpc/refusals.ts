/** The answers to requests for a method that none of its protocols takes. */
import { Buffer } from 'node:buffer'
import { Code, ConnectError } from '@connectrpc/connect'
import type { EncodableField } from '../../wire/http2/http2.ts'
import type { Cors } from './cors.ts'
import { type Refusal, refusePlainly } from './exchange/refusal.ts'
import { ResponseBlock } from './exchange/response-block.ts'
import type { MethodEntry } from './method-table.ts'
import type { ServerProtocol } from './protocols/server-protocol.ts'

const NO_BODY = Buffer.alloc(0)

/** 405, without a body: the verb is not one of the method's in any protocol. */
export function refuseVerb(
  { entry, protocols }: { readonly entry: MethodEntry; readonly protocols: readonly ServerProtocol[] },
  fields: readonly EncodableField[],
): Refusal {
  const verbs = [...new Set(protocols.flatMap((protocol) => protocol.verbsOf(entry)))]
  return bare(405, [{ name: 'allow', value: verbs.toSorted().join(', ') }, ...fields])
}

/** 415: says which content types would be right. */
export function refuseMediaType(protocols: readonly ServerProtocol[], fields: readonly EncodableField[]): Refusal {
  const list = protocols.flatMap(({ contentTypes }) => contentTypes).join(', ')
  const accepted = { name: 'accept-post', value: list }
  return refuseMedia(`the content-type must be one of ${list}`, [accepted, ...fields])
}

/** 415. Clients go by the status; the sentence is for people who read the answer, and so plain text. */
export function refuseMedia(message: string, fields: readonly EncodableField[]): Refusal {
  const { head, code } = bare(415, [{ name: 'content-type', value: 'text/plain; charset=utf-8' }, ...fields])
  return { head, body: Buffer.from(`${message}\n`), code }
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
    const { head, ...refusal } = refusePlainly(new ConnectError('the origin may not call', Code.PermissionDenied))
    return { ...refusal, head: head.with([vary]) }
  }
  const fields = [vary, ...Object.entries(headers).map(([name, value]) => ({ name, value }))]
  return { head: ResponseBlock.once(204, fields), body: NO_BODY, code: undefined }
}

function bare(status: number, fields: readonly EncodableField[]): Refusal {
  return { head: ResponseBlock.once(status, fields), body: NO_BODY, code: Code.Unknown }
}
