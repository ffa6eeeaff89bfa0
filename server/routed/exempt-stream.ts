/** Keeps the timeouts of a server that is not ours from streams: a call may be silent, and last, for as long as it likes. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Http2Server, Http2Session } from 'node:http2'
import { isHttp2, type NodeRequest, type NodeResponse } from '../rpc/exchange/node-request.ts'

const openStreams = new WeakMap<Http2Session, number>()
const exempted = new WeakSet<IncomingMessage>()

/** Called for the request of a stream, before its handler runs. */
export function exemptStream(request: NodeRequest, response: NodeResponse): void {
  if (isHttp2(request)) {
    countStream(request.stream.session, response)
    return
  }
  exempted.add(request)
  // node:http destroys a silent connection unless somebody listens.
  ;(response as ServerResponse).on('timeout', ignore)
}

/**
 * Has a server of node:http2 destroy only those silent sessions that carry no stream; by itself it destroys all of them once it
 * has a timeout.
 */
export function keepSilentStreams(server: Http2Server): void {
  server.on('timeout', (session: Http2Session) => {
    if (!openStreams.has(session)) session.destroy()
  })
}

/**
 * Takes over the `requestTimeout` of a server of node:http, which cuts every request whose body takes longer to arrive: it holds
 * for all of them but streams.
 */
export function keepSlowStreams(server: Server): void {
  const { requestTimeout } = server
  if (requestTimeout === 0) return
  server.requestTimeout = 0
  server.prependListener('request', (request) => {
    if (request.complete) return
    const timer = setTimeout(() => {
      if (!request.complete && !exempted.has(request)) server.emit('clientError', timeoutError(), request.socket)
    }, requestTimeout)
    request.once('close', () => clearTimeout(timer))
  })
}

/** As node:http has it. */
function timeoutError(): Error {
  return Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
}

function countStream(session: Http2Session | undefined, response: NodeResponse): void {
  if (session === undefined) return
  openStreams.set(session, (openStreams.get(session) ?? 0) + 1)
  response.once('close', () => {
    const left = (openStreams.get(session) ?? 1) - 1
    if (left > 0) openStreams.set(session, left)
    else openStreams.delete(session)
  })
}

function ignore(): void {}
