/** Puts a whole answer on a request of either HTTP version. */
import { constants, type Http2ServerRequest } from 'node:http2'
import type { Refusal } from '../rpc/exchange/refusal.ts'
import { isHttp2, type NodeRequest, type NodeResponse } from './node-exchange.ts'

/** Time for an answer to leave: one that still waits for the socket is dropped by node:http2 with the reset of its stream. */
const RESET_DELAY_MS = 50

/** Answers a request. What is left of its body is not read: an HTTP/1.1 connection is closed behind the answer. */
export function sendRefusal(request: NodeRequest, response: NodeResponse, { head, body }: Refusal): void {
  if (isHttp2(request)) {
    const { stream } = request
    if (stream.destroyed) return
    const headers = Object.fromEntries(head.fields.map(({ name, value }) => [name, value]))
    stream.respond({ ':status': head.status, ...headers }, { endStream: body.byteLength === 0 })
    if (body.byteLength > 0) stream.end(body)
    if (!request.complete && !stream.endAfterHeaders) resetBehindAnswer(request)
    return
  }
  response.statusCode = head.status
  for (const { name, value } of head.fields) response.setHeader(name, value)
  response.setHeader('content-length', body.byteLength)
  response.setHeader('connection', 'close')
  response.end(body)
}

/** Asks the peer not to send the rest (RFC 9113 section 8.1). */
function resetBehindAnswer(request: Http2ServerRequest): void {
  const { stream } = request
  const timer = setTimeout(() => {
    if (!request.complete && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR)
  }, RESET_DELAY_MS)
  stream.once('close', () => clearTimeout(timer))
}
