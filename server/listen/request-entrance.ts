/** The way of each request of node:http and node:http2 into the port: checked, timed, and handed to whoever answers it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { endUnreadRequest } from './end-unread-request.ts'
import { type Http1Connection, http1ConnectionOf, type KnownHead } from './http1-connection.ts'
import { MemorySocket } from './memory-socket.ts'
import { isHttp2, type NodeHandler, type NodeRequest, type NodeResponse, protocolOf } from './node-exchange.ts'
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

/** A request over HTTP/1.1, its response, and the connection that both take. */
interface Http1Pair {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly connection: Http1Connection
}

/** Makes the handler of a node:http or node:http2 server. What the guard refuses reaches nobody. */
export function requestEntrance({ options, calls, handler }: RequestEntranceOptions): NodeHandler {
  const stalls = new StallWatch(options)
  const forwardedLimits = { ...options, maxHeaderFields: options.maxHeaderFields + FORWARDING_FIELDS }
  return function onRequest(request, response) {
    request.on('error', ignore)
    response.on('error', ignore)
    // What came by our own HTTP/2 has been asked for by the entries already.
    const pair = isHttp2(request) || isForwarded(request) ? null : http1PairOf(request, response as ServerResponse)
    const known = pair?.connection.recall(pair.request)
    if (pair === null || known === undefined) admit(request, response, pair)
    else enter(known, pair)
  }

  function admit(request: NodeRequest, response: NodeResponse, pair: Http1Pair | null): void {
    const wasForwarded = pair === null && !isHttp2(request)
    const refusal = guardRequest(request, wasForwarded ? forwardedLimits : options)
    if (refusal !== undefined) {
      sendError(request, response, refusal)
      return
    }
    const stated = protocolOf(request)
    const target = request.url ?? ''
    const entry = pair && (calls.entryOf(target) ?? calls.entryOfUnserved(stated, request.method ?? '', target))
    const protocol = stated ?? (calls.hasMethod(target) ? 'connect-unary' : undefined)
    if (pair !== null && entry) {
      const known = { entry, protocol, memo: { head: undefined } }
      pair.connection.remember(pair.request, known)
      enter(known, pair)
      return
    }
    stalls.add({ request, response, progress: watchTraffic(request, response), protocol })
    if (isHttp2(request)) {
      endUnreadRequest(request, response)
      handler(request, response)
    } else answerOrdinary(request, response as ServerResponse)
  }

  function enter({ entry, protocol, memo }: KnownHead, { request, response, connection }: Http1Pair): void {
    const progress = entry.acceptHttp1(request, response, connection, memo)
    stalls.add({ request, response, progress, protocol })
  }

  function answerOrdinary(request: IncomingMessage, response: ServerResponse): void {
    endUnreadRequest(request, response)
    if (request.headers.expect !== undefined) response.writeContinue()
    handler(request, response)
  }
}

function http1PairOf(request: IncomingMessage, response: ServerResponse): Http1Pair {
  return { request, response, connection: http1ConnectionOf(request) }
}

/** By our own HTTP/2. */
function isForwarded(request: IncomingMessage): boolean {
  return request.socket instanceof MemorySocket
}

/** Whoever reads or writes learns of it by other means. */
function ignore(): void {}
