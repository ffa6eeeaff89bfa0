/** The bodies of errors: `google.rpc.Status`, problem details (RFC 9457), and the form of Google's APIs (AIP-193). */
import { Buffer } from 'node:buffer'
import type { JsonObject, JsonValue } from '@bufbuild/protobuf'
import { Code, type ConnectError } from '@connectrpc/connect'
import { grpcStatus } from '../../../../../wire/telemetry/rpc-names.ts'
import { acceptedItems } from '../../../exchange/accepted-items.ts'
import type { CallHead } from '../../../exchange/call-head.ts'
import type { ErrorForm } from '../rest-options.ts'
import { type DetailWriting, detailJson } from './detail-json.ts'
import { codeNamed, reasonOf } from './http-status.ts'

/** What bodies of errors are written with. */
export interface ErrorWriting extends DetailWriting {
  readonly form: ErrorForm
}

/** An error and how it is sent. */
export interface SentError {
  readonly error: ConnectError
  /** The code in the body: that of the error, unless the HTTP status says more. */
  readonly code: Code
  readonly httpStatus: number
}

/** Returns `problem` for a client that lists its media type in Accept (RFC 9457 section 3), else the form of the options. */
export function errorFormFor(head: CallHead, form: ErrorForm): ErrorForm {
  const accept = head.list('accept')
  if (form === 'problem' || accept?.includes('problem+json') !== true) return form
  const isWanted = acceptedItems(accept).some(
    ({ value, weight }) => weight > 0 && value.toLowerCase() === 'application/problem+json',
  )
  return isWanted ? 'problem' : form
}

/** Returns the content type of errors in a form. */
export function errorContentType(form: ErrorForm): string {
  return form === 'problem' ? 'application/problem+json' : 'application/json'
}

/** Returns the body of an error. Never throws: details that cannot be written are left out. */
export function errorJson(sent: SentError, writing: ErrorWriting): string {
  const value = errorValue(sent, writing)
  return writing.form === 'aip193' ? `{"error":${value}}` : value
}

/** Returns the JSON of an error for a place that says that it is one, such as the last line of a stream. */
export function errorValue(sent: SentError, writing: ErrorWriting): string {
  const { form, json } = writing
  const list = sent.error.details.flatMap((detail) => safeDetail(detail, writing))
  // Without details the list is an empty repeated field of google.rpc.Status.
  const isListed = list.length > 0 || json.emitUnpopulated || json.alwaysEmitImplicit
  return JSON.stringify(WRITERS[form](sent, isListed ? { details: list } : {}))
}

const WRITERS: Readonly<Record<ErrorForm, (sent: SentError, details: JsonObject) => JsonObject>> = {
  status: ({ error, code }, details) => ({ code, message: error.rawMessage, ...details }),
  problem: ({ error, code, httpStatus }, details) => ({
    // Without a type of its own, the title is that of the status (RFC 9457 section 4.2.1).
    type: 'about:blank',
    title: reasonOf(httpStatus),
    status: httpStatus,
    detail: error.rawMessage,
    code: grpcStatus(code),
    ...details,
  }),
  aip193: ({ error, code, httpStatus }, details) => ({
    code: httpStatus,
    message: error.rawMessage,
    status: grpcStatus(code),
    ...details,
  }),
}

/** An application may give a detail that cannot be encoded. The error is sent without it. */
function safeDetail(detail: ConnectError['details'][number], writing: DetailWriting): JsonObject[] {
  try {
    return [detailJson(detail, writing)]
  } catch {
    return []
  }
}

/** The error at the end of server-sent events. */
const LATE_EVENT = /(?:^|\n)event: error\n/

/**
 * Returns the code in the last octets of a response; undefined if there is none. With the status 200 only the late error of a stream has
 * one, as messages may have fields of the same names.
 */
export function codeInBody(httpStatus: number, lastChunk: Uint8Array): Code | undefined {
  const text = Buffer.from(lastChunk).toString().trimEnd()
  const json = parse(text) ?? parse(text.slice(text.lastIndexOf('\n') + 1).replace(/^data: /, ''))
  const isBare = httpStatus !== 200 || LATE_EVENT.test(text)
  const error = member(json, 'error') ?? (isBare ? json : undefined)
  const code = member(error, 'code')
  const status = member(error, 'status')
  if (typeof status === 'string') return codeNamed(status)
  if (typeof code === 'string') return codeNamed(code)
  return typeof code === 'number' && Code[code] !== undefined ? code : undefined
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

function member(json: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined
  return Object.hasOwn(json, name) ? json[name] : undefined
}
