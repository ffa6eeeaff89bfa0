/** Writes an error as a whole response in the protocol of the caller, for requests that no method ever sees. */
import { type Code, ConnectError } from '@connectrpc/connect'
import { encodeEnvelope } from '@connectrpc/connect/protocol'
import { codeToHttpStatus, endStreamFlag, endStreamToJson, errorToJson } from '@connectrpc/connect/protocol-connect'
import { trailerFlag, trailerSerialize } from '@connectrpc/connect/protocol-grpc-web'
import type { RpcProtocol } from './rpc-protocol.ts'
import { statusFields } from './status-fields.ts'

/** A response that is complete: nothing follows the body. */
export interface ErrorResponse {
  readonly status: number
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** What is refused, and how. */
export interface ErrorResponseInit {
  /** The caller's protocol; undefined gives a plain HTTP error with a JSON body. */
  readonly protocol: RpcProtocol | undefined
  /**
   * The content type of the request. gRPC, gRPC-Web and Connect streams answer in the same one, as clients expect: it
   * names their codec, though an error has no message. Default: the plainest of the protocol.
   */
  readonly contentType?: string | undefined
  readonly code: Code
  /** A sentence for the caller. It is sent as it is, so it must hold nothing secret. */
  readonly message: string
  /**
   * The HTTP status. Default: 200 for gRPC, gRPC-Web and Connect streams, which carry the code inside; for the others
   * that of the code in Connect's table.
   */
  readonly httpStatus?: number
}

const NO_BODY = new Uint8Array(0)

/** Type and subtype are 127 characters each at most (RFC 6838 section 4.2): what is longer is no type to answer in. */
const MAX_TYPE_CHARS = 255

/**
 * Encodes an error as each protocol wants it: gRPC as one block of headers (Trailers-Only), gRPC-Web as a trailer frame,
 * Connect streams as an end-stream message, Connect unary and ordinary HTTP as JSON.
 */
export function encodeErrorResponse(init: ErrorResponseInit): ErrorResponse {
  const error = new ConnectError(init.message, init.code)
  switch (init.protocol) {
    case 'grpc':
      return grpcResponse(error, init)
    case 'grpc-web':
    case 'grpc-web-text':
      return grpcWebResponse(error, init)
    case 'connect-stream':
      // A Connect stream that fails before it begins may also fail as plain HTTP, and must where the status says so.
      return init.httpStatus === undefined ? connectStreamResponse(error, init) : jsonResponse(error, init.httpStatus)
    default:
      return jsonResponse(error, init.httpStatus ?? codeToHttpStatus(error.code))
  }
}

function grpcResponse(error: ConnectError, init: ErrorResponseInit): ErrorResponse {
  const headers = { 'content-type': contentTypeOf(init, 'application/grpc'), ...trailerFields(error) }
  return { status: init.httpStatus ?? 200, headers, body: NO_BODY }
}

function grpcWebResponse(error: ConnectError, init: ErrorResponseInit): ErrorResponse {
  const frame = encodeEnvelope(trailerFlag, trailerSerialize(new Headers(trailerFields(error))))
  const body = init.protocol === 'grpc-web-text' ? Buffer.from(Buffer.from(frame).toString('base64')) : frame
  const contentType = contentTypeOf(init, `application/${init.protocol}`)
  const headers = { 'content-type': contentType, 'content-length': String(body.byteLength) }
  return { status: init.httpStatus ?? 200, headers, body }
}

function connectStreamResponse(error: ConnectError, init: ErrorResponseInit): ErrorResponse {
  const end = JSON.stringify(endStreamToJson(new Headers(), error, undefined))
  const body = encodeEnvelope(endStreamFlag, Buffer.from(end))
  const contentType = contentTypeOf(init, 'application/connect+json')
  return { status: 200, headers: { 'content-type': contentType, 'content-length': String(body.byteLength) }, body }
}

function jsonResponse(error: ConnectError, status: number): ErrorResponse {
  const body = Buffer.from(JSON.stringify(errorToJson(error, undefined)))
  const headers = { 'content-type': 'application/json', 'content-length': String(body.byteLength) }
  return { status, headers, body }
}

function trailerFields(error: ConnectError): Record<string, string> {
  return Object.fromEntries(statusFields(error).map(({ name, value }) => [name, value]))
}

function contentTypeOf({ contentType = '' }: ErrorResponseInit, fallback: string): string {
  const essence = contentType.split(';', 1)[0]?.trim() ?? ''
  return essence === '' || essence.length > MAX_TYPE_CHARS ? fallback : essence
}
