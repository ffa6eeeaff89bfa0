/**
 * Exempts streaming calls from the timeouts of servers other than our own, because a stream may be silent, and may
 * last, for any time.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Http2Server, Http2Session } from 'node:http2'
import { isHttp2, type NodeRequest, type NodeResponse } from '../rpc/exchange/node-request.ts'

/** Streaming calls per session of node:http2. Requests of node:http are single. */
const openStreams = new WeakMap<Http2Session, number>()
const exempted = new WeakSet<IncomingMessage>()

/** Exempts a stream. Called before its handler runs. */
export function exemptStream(request: NodeRequest, response: NodeResponse): void {
  if (isHttp2(request)) {
    countStream(request.stream.session, response)
    return
  }
  exempted.add(request)
  // node:http destroys a silent connection unless there is a listener.
  ;(response as ServerResponse).on('timeout', ignore)
}

/**
 * Makes a node:http2 server with a timeout destroy only silent sessions without streaming calls. By default it destroys
 * them all.
 */
export function keepSilentStreams(server: Http2Server): void {
  server.on('timeout', (session: Http2Session) => {
    if (!openStreams.has(session)) session.destroy()
  })
}

/**
 * Replaces the `requestTimeout` of a node:http server, which ends every request whose body takes longer to arrive, by
 * one that spares streaming calls.
 */
export function keepSlowStreams(server: Server): void {
  const { requestTimeout } = server
  if (requestTimeout === 0) return
  server.requestTimeout = 0
  server.prependListener('request', (request) => {
    if (request.complete) return
    /** Emits what node:http would, so that the server answers with its own 408. */
    const timer = setTimeout(() => {
      if (!request.complete && !exempted.has(request)) server.emit('clientError', timeoutError(), request.socket)
    }, requestTimeout)
    request.once('close', () => clearTimeout(timer))
  })
}

/** The error that node:http emits. */
function timeoutError(): Error {
  return Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
}

/** A session with several streams stays exempt until the last one ends. */
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
