/** Ends requests whose body nobody reads: with a refusal, or behind the answer that they have. */
import type { ServerResponse } from 'node:http'
import { constants, type Http2ServerRequest } from 'node:http2'
import type { Socket } from 'node:net'
import { lingerThenDestroy } from '../rpc/exchange/node-connection.ts'
import { isHttp2, type NodeRequest, type NodeResponse } from '../rpc/exchange/node-request.ts'
import type { Refusal } from '../rpc/exchange/refusal.ts'

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
    if (!request.complete && !stream.endAfterHeaders) resetSoon(request)
    return
  }
  response.statusCode = head.status
  for (const { name, value } of head.fields) response.setHeader(name, value)
  response.setHeader('content-length', body.byteLength)
  response.setHeader('connection', 'close')
  response.end(body)
}

/** Asks the peer not to send the rest (RFC 9113 section 8.1). */
function resetSoon(request: Http2ServerRequest): void {
  const { stream } = request
  const timer = setTimeout(() => {
    if (!request.complete && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR)
  }, RESET_DELAY_MS)
  stream.once('close', () => clearTimeout(timer))
}

/**
 * Ends the exchange once its answer is out, also where the request is not read to its end: a peer that reads no answer before
 * it has sent everything would wait for ever. HTTP/2 peers are told to stop (RST_STREAM with NO_ERROR behind the answer, RFC
 * 9113 section 8.1); the connection of an HTTP/1.1 peer is closed behind the answer, as RFC 9112 section 9.6 has it.
 */
export function endUnreadRequest(request: NodeRequest, response: NodeResponse): void {
  if (isHttp2(request)) resetBehindAnswer(request)
  else closeBehindAnswer(request, response as ServerResponse)
}

/** RST_STREAM with NO_ERROR behind the last frame of the answer (RFC 9113 section 8.1). */
function resetBehindAnswer(request: Http2ServerRequest): void {
  const { stream } = request
  // node:http2 asks for trailers when the body is out, and sends them in the next turn of the event loop.
  stream.once('wantTrailers', () =>
    setImmediate(() => {
      if (!request.complete && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR)
    }),
  )
}

function closeBehindAnswer(request: NodeRequest, response: ServerResponse): void {
  const writeHead = response.writeHead as (...args: unknown[]) => ServerResponse
  response.writeHead = (...args: unknown[]) => {
    // The peer must know before it sends another request.
    if (hasUnreadBody(request)) response.shouldKeepAlive = false
    return writeHead.apply(response, args)
  }
  response.once('prefinish', () => {
    if (hasUnreadBody(request)) linger(request)
  })
}

/** Without either field there is no body (RFC 9112 section 6.3), also while node:http has yet to say so. */
function hasUnreadBody({ complete, headers }: NodeRequest): boolean {
  return !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
}

/** Closes our side alone: a connection closed on both would answer what still comes with a reset, which eats the answer. */
function linger(request: NodeRequest): void {
  const socket = request.socket as Socket | null
  if (socket === null || socket.destroyed) return
  // node:http closes behind an answer that says so, with this method.
  socket.destroySoon = () => lingerThenDestroy(socket)
  // A reader that has lost interest may still listen, which keeps the body from flowing.
  request.removeAllListeners('readable').removeAllListeners('data').resume()
}
