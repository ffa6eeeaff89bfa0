/** Reads how a gRPC call ended, from trailers or, where there are none, from what HTTP says. */
import { Code, ConnectError } from '@connectrpc/connect'
import { decodeGrpcMessage } from './grpc-message.ts'
import type { HeaderField } from './http2/http2.ts'
import { ErrorCode, errorCodeName, type StreamReset } from './http2/http2.ts'
import { readStatusDetails } from './status-details.ts'
import { clipValue } from './text/clip-text.ts'

/** HTTP to gRPC Status Code Mapping; what is not here is UNKNOWN. */
const HTTP_CODES: ReadonlyMap<number, Code> = new Map([
  [400, Code.Internal],
  [401, Code.Unauthenticated],
  [403, Code.PermissionDenied],
  [404, Code.Unimplemented],
  [429, Code.Unavailable],
  [502, Code.Unavailable],
  [503, Code.Unavailable],
  [504, Code.Unavailable],
])

/** gRPC over HTTP/2, Errors; what is not here is INTERNAL. */
const RESET_CODES: ReadonlyMap<number, Code> = new Map<number, Code>([
  [ErrorCode.REFUSED_STREAM, Code.Unavailable],
  [ErrorCode.CANCEL, Code.Canceled],
  [ErrorCode.ENHANCE_YOUR_CALM, Code.ResourceExhausted],
  [ErrorCode.INADEQUATE_SECURITY, Code.PermissionDenied],
])

/** All that matters here of a field; a `HeaderField` is one. */
type TextField = Pick<HeaderField, 'name' | 'value'>

/** Fields as applications get them. */
export function toHeaders(fields: readonly TextField[]): Headers {
  const headers = new Headers()
  for (const { name, value } of fields) headers.append(name, value)
  return headers
}

/** The value of a field, without making `Headers` of all. */
export function fieldValue(fields: readonly TextField[], name: string): string | undefined {
  for (const field of fields) if (field.name === name) return field.value
  return undefined
}

/**
 * The error that trailers (or the head of a Trailers-Only answer) state; null for OK, undefined where they state nothing.
 * Its metadata is all of them.
 */
export function errorOfTrailers(fields: readonly TextField[]): ConnectError | null | undefined {
  const status = fieldValue(fields, 'grpc-status')
  if (status === '0') return null
  if (status === undefined) return undefined
  const metadata = toHeaders(fields)
  const code = /^\d{1,2}$/.test(status) ? Number(status) : Number.NaN
  if (!(code in Code)) return new ConnectError(`unknown grpc-status "${clipValue(status)}"`, Code.Unknown, metadata)
  const error = new ConnectError(decodeGrpcMessage(fieldValue(fields, 'grpc-message') ?? ''), code, metadata)
  error.details = readStatusDetails(fieldValue(fields, 'grpc-status-details-bin') ?? '')
  // So that a handler that throws it on does not pass on the metadata of another server.
  error.isWireError = true
  return error
}

/** The error of an answer without a status. */
export function errorOfHttpStatus(status: number): ConnectError {
  const code = HTTP_CODES.get(status) ?? Code.Unknown
  return new ConnectError(status === 200 ? 'the answer has no grpc-status' : `HTTP status ${status}`, code)
}

/** The error of a stream that was reset, or whose connection broke. */
export function errorOfReset({ code, source, reason }: StreamReset): ConnectError {
  if (source === 'connection') return new ConnectError(connectionText(code, reason), Code.Unavailable)
  const meant = source === 'peer' ? RESET_CODES.get(code) : undefined
  return new ConnectError(`the stream was reset with ${errorCodeName(code)}: ${reason}`, meant ?? Code.Internal)
}

/** A connection that was cut, or left in peace, says so itself; a fault of the peer needs its name. */
function connectionText(code: number, reason: string): string {
  const isFault = code !== ErrorCode.CANCEL && code !== ErrorCode.NO_ERROR
  return isFault ? `the connection ended with ${errorCodeName(code)}: ${reason}` : reason
}
