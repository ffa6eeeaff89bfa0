/** Ends requests whose body is not read: with a refusal, or after the response they already have. */
import type { ServerResponse } from 'node:http'
import { constants, type Http2ServerRequest } from 'node:http2'
import type { Socket } from 'node:net'
import { lingerThenDestroy } from '../rpc/exchange/node-connection.ts'
import { isHttp2, type NodeRequest, type NodeResponse } from '../rpc/exchange/node-request.ts'
import type { Refusal } from '../rpc/exchange/refusal.ts'

/** The time for a response to leave. node:http2 drops what is still queued when it resets a stream. */
const RESET_DELAY_MS = 50

/** Sends a refusal. The rest of the request body is not read, so an HTTP/1.1 connection is closed afterwards. */
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

/** Asks the client to stop sending (RFC 9113 section 8.1). */
function resetSoon(request: Http2ServerRequest): void {
  const { stream } = request
  const timer = setTimeout(() => {
    if (!request.complete && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR)
  }, RESET_DELAY_MS)
  stream.once('close', () => clearTimeout(timer))
}

/**
 * Ends the request when its response is complete, even if the body was not read. Otherwise a client that reads no
 * response before it has sent everything would wait forever. Over HTTP/2 the stream is reset with NO_ERROR after the
 * response (RFC 9113 section 8.1); an HTTP/1.1 connection is closed after it (RFC 9112 section 9.6).
 */
export function endUnreadRequest(request: NodeRequest, response: NodeResponse): void {
  if (isHttp2(request)) resetBehindAnswer(request)
  else closeBehindAnswer(request, response as ServerResponse)
}

/** Resets the stream after the last frame of the response. */
function resetBehindAnswer(request: Http2ServerRequest): void {
  const { stream } = request
  // node:http2 asks for trailers when the body has left, and sends them in the next turn of the event loop.
  stream.once('wantTrailers', () =>
    setImmediate(() => {
      if (!request.complete && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR)
    }),
  )
}

function closeBehindAnswer(request: NodeRequest, response: ServerResponse): void {
  const writeHead = response.writeHead as (...args: unknown[]) => ServerResponse
  response.writeHead = (...args: unknown[]) => {
    // Announces the close, so that the client sends no further request on this connection.
    if (hasUnreadBody(request)) response.shouldKeepAlive = false
    return writeHead.apply(response, args)
  }
  response.once('prefinish', () => {
    if (hasUnreadBody(request)) linger(request)
  })
}

/** Without either field a request has no body (RFC 9112 section 6.3), even if node:http has not marked it complete. */
function hasUnreadBody({ complete, headers }: NodeRequest): boolean {
  return !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
}

/**
 * Closes our side only. If both were closed, the kernel would answer further bytes with a reset, and the client would
 * lose the response.
 */
function linger(request: NodeRequest): void {
  const socket = request.socket as Socket | null
  if (socket === null || socket.destroyed) return
  // node:http calls this method to close after a response with `connection: close`.
  socket.destroySoon = () => lingerThenDestroy(socket)
  // A handler that stopped reading may still have listeners, which keep the body paused.
  request.removeAllListeners('readable').removeAllListeners('data').resume()
}
