/** The way of each request of node:http and node:http2 into the port: checked, timed, and handed to whoever answers it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CallEntry } from './call-entry.ts'
import { endUnreadRequest } from './end-unread-request.ts'
import { MemorySocket } from './memory-socket.ts'
import { isHttp2, type NodeHandler, type NodeRequest, protocolOf } from './node-exchange.ts'
import { peerOf } from './peer.ts'
import type { PortCalls } from './port-calls.ts'
import { type GuardLimits, guardRequest } from './request-guard.ts'
import { sendError } from './send-error.ts'
import { type StallLimits, StallWatch } from './stall-watch.ts'
import { watchTraffic } from './traffic.ts'

/** What forwarding adds to the fields of a request over HTTP/2: Host, Transfer-Encoding. */
const FORWARDING_FIELDS = 2

/** What an entrance leads to. */
export interface RequestEntranceOptions {
  readonly options: GuardLimits & StallLimits
  readonly calls: PortCalls
  /** Fastify. */
  readonly handler: NodeHandler
}

/** Makes the handler of a node:http or node:http2 server. What the guard refuses reaches nobody. */
export function requestEntrance({ options, calls, handler }: RequestEntranceOptions): NodeHandler {
  const stalls = new StallWatch(options)
  const forwardedLimits = { ...options, maxHeaderFields: options.maxHeaderFields + FORWARDING_FIELDS }
  return function onRequest(request, response) {
    request.on('error', () => {})
    response.on('error', () => {})
    const refusal = guardRequest(request, isForwarded(request) ? forwardedLimits : options)
    if (refusal !== undefined) {
      sendError(request, response, refusal)
      return
    }
    const stated = protocolOf(request)
    const isMethod = calls.hasMethod(request.url ?? '')
    const traffic = watchTraffic(request, response)
    stalls.add({ request, response, traffic, protocol: stated ?? (isMethod ? 'connect-unary' : undefined) })
    if (isHttp2(request)) {
      endUnreadRequest(request, response)
      handler(request, response)
      return
    }
    const entry = isForwarded(request) ? undefined : (calls.entryOf(request.url ?? '') ?? calls.entryOfUnserved(stated))
    if (entry === undefined) answerOrdinary(request, response as ServerResponse)
    else enter(entry, request, response as ServerResponse)
  }

  function answerOrdinary(request: IncomingMessage, response: ServerResponse): void {
    endUnreadRequest(request, response)
    if (request.headers.expect !== undefined) response.writeContinue()
    handler(request, response)
  }
}

/** It came by our own HTTP/2, which has asked the entries already. */
function isForwarded(request: NodeRequest): boolean {
  return request.socket instanceof MemorySocket
}

function enter(entry: CallEntry, request: IncomingMessage, response: ServerResponse): void {
  const version = request.httpVersion === '1.0' ? '1.0' : '1.1'
  entry.acceptHttp1(request, response, peerOf(request.socket, version))
}
