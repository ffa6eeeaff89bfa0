/** The way of each request of node:http and node:http2 into the port: checked, timed, and handed to whoever answers it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ErrorCode } from '../../wire/http2/http2.ts'
import { CallHead } from '../rpc/exchange/call-head.ts'
import { refuse } from '../rpc/exchange/caller-protocol.ts'
import type { MemoryBudget } from '../rpc/exchange/held-bytes.ts'
import { Http1Exchange } from '../rpc/exchange/http1-exchange.ts'
import { Http1Head } from '../rpc/exchange/http1-head.ts'
import { endUnreadRequest } from './end-unread-request.ts'
import { type Http1Connection, http1ConnectionOf, type KnownHead } from './http1-connection.ts'
import { MemorySocket } from './memory-socket.ts'
import { headOf, isHttp2, type NodeHandler, type NodeRequest, type NodeResponse } from './node-exchange.ts'
import type { PortCalls } from './port-calls.ts'
import { type GuardLimits, guardRequest } from './request-guard.ts'
import { sendRefusal } from './send-refusal.ts'
import { type StallLimits, StallWatch } from './stall-watch.ts'
import { watchTraffic } from './traffic.ts'

/** What forwarding adds to the fields of a request over HTTP/2: Host, Transfer-Encoding. */
const FORWARDING_FIELDS = 2

/** What an entrance leads to. */
export interface RequestEntranceOptions {
  /** `http2` says what requests may hold together, those over HTTP/1.1 among them. */
  readonly options: GuardLimits & StallLimits & { readonly http2: MemoryBudget }
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
    const fault = guardRequest(request, wasForwarded ? forwardedLimits : options)
    const head = pair === null ? headOf(request) : new Http1Head(pair.request)
    const protocol = calls.protocolOf(head)
    if (fault !== undefined) {
      sendRefusal(request, response, refuse(protocol, new CallHead(head), fault))
      return
    }
    const entry = pair && (calls.entryAt(head.method, head.path) ?? calls.entryOfOther(head))
    if (pair !== null && entry && head instanceof Http1Head) {
      const known = { entry, protocol, head }
      pair.connection.remember(pair.request, known)
      enter(known, pair)
      return
    }
    stalls.add({ request, response, progress: watchTraffic(request, response, protocol), protocol })
    if (isHttp2(request)) {
      endUnreadRequest(request, response)
      handler(request, response)
    } else answerOrdinary(request, response as ServerResponse)
  }

  function enter({ entry, protocol, head }: KnownHead, { request, response, connection }: Http1Pair): void {
    const exchange = new Http1Exchange(request, response, { head, connection, budget: options.http2 })
    try {
      entry.accept(exchange)
    } catch (error) {
      exchange.reset(ErrorCode.INTERNAL_ERROR)
      entry.onFault(error)
    }
    stalls.add({ request, response, progress: exchange, protocol })
  }

  function answerOrdinary(request: IncomingMessage, response: ServerResponse): void {
    endUnreadRequest(request, response)
    // A call asks for its body itself, if it wants one.
    if (request.headers.expect !== undefined && !calls.isHooked(request.url ?? '')) response.writeContinue()
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
