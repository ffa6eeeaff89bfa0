/** The heads of the Connect protocol, for unary calls and streams. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { EncodableField } from '../../../../../wire/http2/http2.ts'
import { errorOfHttpStatus, fieldValue } from '../../../../../wire/read-status.ts'
import { clipValue } from '../../../../../wire/text/clip-text.ts'
import type { HttpHead } from '../../../contracts/http-exchange.ts'
import type { MethodPlan } from '../../method-plan.ts'
import { withHeadFields } from '../enveloped-attempt.ts'

/** Maximum of the 10 digits of `connect-timeout-ms`. */
const MAX_TIMEOUT_MS = 9_999_999_999

/** Returns the fields of every request with a body, except those of compression. */
export function connectFields({ settings }: MethodPlan, contentType: string): EncodableField[] {
  return [
    { name: 'content-type', value: contentType },
    { name: 'connect-protocol-version', value: '1' },
    { name: 'user-agent', value: settings.userAgent },
  ]
}

/** Returns the timeout field, rounded up so that a server does not end the call too early; null for a timeout that is too long. */
export function connectTimeoutField(timeoutMs: number): EncodableField | null {
  const wholeMs = Math.ceil(timeoutMs)
  return wholeMs > MAX_TIMEOUT_MS ? null : { name: 'connect-timeout-ms', value: String(wholeMs) }
}

/** Returns the error for an unexpected content type, or null. */
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

/** Returns the error for a response with an HTTP status only. */
export function httpError({ status }: HttpHead): ConnectError {
  return new ConnectError(`HTTP ${status}`, errorOfHttpStatus(status).code)
}
