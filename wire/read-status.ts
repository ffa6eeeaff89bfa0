/** Reads the status of a gRPC call from its trailers, or without trailers from the HTTP status or the reset. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { HeaderField } from './http2/http2.ts'
import { ErrorCode, errorCodeName, type StreamReset } from './http2/http2.ts'
import { readStatusDetails } from './status-details.ts'
import { decodeGrpcMessage } from './status-fields.ts'
import { clipValue } from './text/clip-text.ts'

/** The mapping of gRPC's document "HTTP to gRPC Status Code Mapping"; other statuses are UNKNOWN. */
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

/** The mapping of "gRPC over HTTP/2", section Errors; other codes are INTERNAL. */
const RESET_CODES: ReadonlyMap<number, Code> = new Map<number, Code>([
  [ErrorCode.REFUSED_STREAM, Code.Unavailable],
  [ErrorCode.CANCEL, Code.Canceled],
  [ErrorCode.ENHANCE_YOUR_CALM, Code.ResourceExhausted],
  [ErrorCode.INADEQUATE_SECURITY, Code.PermissionDenied],
])

/** A field with a text value; a `HeaderField` is one. */
type TextField = Pick<HeaderField, 'name' | 'value'>

/** Converts fields to the `Headers` that applications receive. */
export function toHeaders(fields: readonly TextField[]): Headers {
  const headers = new Headers()
  for (const { name, value } of fields) headers.append(name, value)
  return headers
}

/** Returns the value of the first field with a name, without creating `Headers`. */
export function fieldValue(fields: readonly TextField[], name: string): string | undefined {
  for (const field of fields) if (field.name === name) return field.value
  return undefined
}

/**
 * Returns the error in trailers, or in the head of a Trailers-Only response: null for OK, undefined without a status. All fields become
 * the metadata of the error.
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
  // A handler that rethrows the error must not forward the metadata of another server.
  error.isWireError = true
  return error
}

/** Returns the error for a response without a grpc-status. */
export function errorOfHttpStatus(status: number): ConnectError {
  const code = HTTP_CODES.get(status) ?? Code.Unknown
  return new ConnectError(status === 200 ? 'the answer has no grpc-status' : `HTTP status ${status}`, code)
}

/** Returns the error for a stream that was reset, or whose connection ended. */
export function errorOfReset({ code, source, reason }: StreamReset): ConnectError {
  if (source === 'connection') return new ConnectError(connectionText(code, reason), Code.Unavailable)
  const meant = source === 'peer' ? RESET_CODES.get(code) : undefined
  return new ConnectError(`the stream was reset with ${errorCodeName(code)}: ${reason}`, meant ?? Code.Internal)
}

/** The reason explains a connection that was cut or closed; for a protocol error the text names the code as well. */
function connectionText(code: number, reason: string): string {
  const isFault = code !== ErrorCode.CANCEL && code !== ErrorCode.NO_ERROR
  return isFault ? `the connection ended with ${errorCodeName(code)}: ${reason}` : reason
}
