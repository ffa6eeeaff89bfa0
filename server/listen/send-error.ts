/** Puts a complete error response on a request of either HTTP version. */
import { constants } from 'node:http2'
import { type ErrorResponse, type ErrorResponseInit, encodeErrorResponse } from '../../wire/error-response.ts'
import { headerOf, isHttp2, type NodeRequest, type NodeResponse, protocolOf } from './node-exchange.ts'

/**
 * Answers a request with an error in the caller's own protocol. What is left of the request's body is not read: an
 * HTTP/1.1 connection is closed behind the answer.
 */
export function sendError(
  request: NodeRequest,
  response: NodeResponse,
  error: Omit<ErrorResponseInit, 'protocol' | 'contentType'>,
): void {
  const contentType = headerOf(request, 'content-type')
  write(request, response, encodeErrorResponse({ ...error, protocol: protocolOf(request), contentType }))
}

function write(request: NodeRequest, response: NodeResponse, answer: ErrorResponse): void {
  if (isHttp2(request)) {
    const { stream } = request
    if (stream.destroyed) return
    const headers = { ':status': answer.status, ...answer.headers }
    stream.respond(headers, { endStream: answer.body.byteLength === 0 })
    if (answer.body.byteLength > 0) stream.end(answer.body)
    // Behind the answer: asks the peer not to send the rest (RFC 9113 section 8.1).
    if (!request.complete) stream.close(constants.NGHTTP2_NO_ERROR)
    return
  }
  response.statusCode = answer.status
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value)
  response.setHeader('connection', 'close')
  response.end(answer.body)
}
