/** What heads of the Connect protocol have in common, of unary calls and of streams. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { EncodableField } from '../../../../../wire/http2/http2.ts'
import { errorOfHttpStatus, fieldValue } from '../../../../../wire/read-status.ts'
import { clipValue } from '../../../../../wire/text/clip-text.ts'
import type { HttpHead } from '../../../contracts/http-exchange.ts'
import type { MethodPlan } from '../../method-plan.ts'
import { withHeadFields } from '../enveloped-attempt.ts'

/** The most that the 10 digits of `connect-timeout-ms` can say. */
const MAX_TIMEOUT_MS = 9_999_999_999

/** The fields of every request with a body, but for those of compression. */
export function connectFields({ settings }: MethodPlan, contentType: string): EncodableField[] {
  return [
    { name: 'content-type', value: contentType },
    { name: 'connect-protocol-version', value: '1' },
    { name: 'user-agent', value: settings.userAgent },
  ]
}

/** Rounded up, so that no server gives up too early; a time that is too long to be said is not cut, but left to us. */
export function connectTimeoutField(timeoutMs: number): EncodableField | null {
  const wholeMs = Math.ceil(timeoutMs)
  return wholeMs > MAX_TIMEOUT_MS ? null : { name: 'connect-timeout-ms', value: String(wholeMs) }
}

/** An answer that is not what was asked for; null: it is. */
export function contentFault(head: HttpHead, expected: string): ConnectError | null {
  const contentType = fieldValue(head.fields, 'content-type') ?? ''
  const [essence = ''] = contentType.split(';', 1)
  const type = essence.trim().toLowerCase()
  if (type === expected) return null
  const isConnect = /^application\/(?:connect\+)?(?:proto|json)$/.test(type)
  const error = isConnect
    ? new ConnectError(`the answer is "${clipValue(contentType)}", and must be "${expected}"`, Code.Internal)
    : new ConnectError(`the answer is "${clipValue(contentType)}", not Connect`, Code.Unknown)
  return withHeadFields(error, head)
}

/** The error of an answer that says no more than its HTTP status. */
export function httpError({ status }: HttpHead): ConnectError {
  return new ConnectError(`HTTP ${status}`, errorOfHttpStatus(status).code)
}
