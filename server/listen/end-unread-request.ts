/** Gets rid of a request body that nobody reads any more, because its answer is complete. */
import { constants, type Http2ServerRequest } from 'node:http2'
import { isHttp2, type NodeRequest, type NodeResponse } from './node-exchange.ts'

/**
 * Once the answer is out, tells an HTTP/2 peer to stop sending, and reads and drops what an HTTP/1.1 peer still sends, so
 * that the connection can serve its next request; the stall watch limits for how long. Without this, a peer that reads no
 * answer before it has sent everything would wait for ever, and its stream would count against the limit as long.
 */
export function endUnreadRequest(request: NodeRequest, response: NodeResponse): void {
  if (isHttp2(request)) resetBehindAnswer(request)
  else response.once('finish', () => request.resume())
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
