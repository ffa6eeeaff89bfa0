/** Puts a whole answer on a request of either HTTP version. */
import { constants } from 'node:http2'
import type { Refusal } from '../rpc/exchange/refusal.ts'
import { isHttp2, type NodeRequest, type NodeResponse } from './node-exchange.ts'

/** Answers a request. What is left of its body is not read: an HTTP/1.1 connection is closed behind the answer. */
export function sendRefusal(request: NodeRequest, response: NodeResponse, { head, body }: Refusal): void {
  if (isHttp2(request)) {
    const { stream } = request
    if (stream.destroyed) return
    const headers = Object.fromEntries(head.fields.map(({ name, value }) => [name, value]))
    stream.respond({ ':status': head.status, ...headers }, { endStream: body.byteLength === 0 })
    if (body.byteLength > 0) stream.end(body)
    // Behind the answer: asks the peer not to send the rest (RFC 9113 section 8.1).
    if (!request.complete) stream.close(constants.NGHTTP2_NO_ERROR)
    return
  }
  response.statusCode = head.status
  for (const { name, value } of head.fields) response.setHeader(name, value)
  response.setHeader('content-length', body.byteLength)
  response.setHeader('connection', 'close')
  response.end(body)
}
