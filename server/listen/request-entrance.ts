/** The path of each node:http and node:http2 request into the port: checked, timed, and passed to what answers it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { MemoryBudget } from '../../wire/http2/http2.ts'
import type { CallerProtocol } from '../rpc/exchange/caller-protocol.ts'
import { Http1Exchange } from '../rpc/exchange/http1-exchange.ts'
import {
  headOf,
  isHttp2,
  type NodeHandler,
  NodeHead,
  type NodeRequest,
  type NodeResponse,
} from '../rpc/exchange/node-request.ts'
import { endUnreadRequest, sendRefusal } from './end-request.ts'
import { ForwardedRequest } from './forwarded/forwarded-request.ts'
import type { NodePair } from './forwarded/node-http.ts'
import { type Http1Connection, http1ConnectionOf, type KnownHead } from './http1-connection.ts'
import type { PortCalls } from './port-calls.ts'
import type { PortLane } from './port-lane.ts'
import { type GuardLimits, guardRequest, toOriginForm } from './request-guard.ts'
import { type ObservedPair, RequestObservation } from './request-observation.ts'
import { RequestStallWatch, type StallLimits } from './request-stall-watch.ts'
import { Traffic, trafficOf, watchTraffic } from './traffic.ts'

/** The field that forwarding adds to an HTTP/2 request: Host. */
const FORWARDING_FIELDS = 1

/** What an entrance leads to. */
export interface RequestEntranceOptions {
  /** `http2` is the memory budget of the process, which HTTP/1.1 requests count towards too. */
  readonly limits: GuardLimits & StallLimits & { readonly http2: MemoryBudget }
  readonly calls: PortCalls
  /** Fastify. */
  readonly handler: NodeHandler
}

/** An HTTP/1.1 request and response, with their connection. */
interface Http1Pair extends NodePair {
  readonly connection: Http1Connection
}

/** Creates the handler of a node:http or node:http2 server. Requests that the guard refuses go no further. */
export function requestEntrance({ limits, calls, handler }: RequestEntranceOptions): NodeHandler {
  const stalls = new RequestStallWatch(limits, (...refused) => calls.refuse(...refused))
  const forwardedLimits = { ...limits, maxHeaderFields: limits.maxHeaderFields + FORWARDING_FIELDS }

  return function onRequest(request, response) {
    request.on('error', ignore)
    response.on('error', ignore)
    if (isHttp2(request)) {
      admitHttp2(request, response)
      return
    }
    const pair = { request, response: response as ServerResponse }
    const traffic = isForwarded(request) ? trafficOf(request) : undefined
    if (traffic === undefined) admitHttp1({ ...pair, connection: http1ConnectionOf(request) })
    else admitForwarded(pair, traffic)
  }

  /** A request of node:http2, on the reference lane. */
  function admitHttp2(request: NodeRequest, response: NodeResponse): void {
    const protocol = calls.protocolOf(headOf(request))
    if (refuses({ request, response, protocol }, limits)) return
    stalls.add({ request, response, progress: watch({ request, response, protocol }), protocol })
    endUnreadRequest(request, response)
    RequestObservation.start(calls, { request, response, protocol })
    handler(request, response)
  }

  function watch({ request, response, protocol }: ObservedPair): Traffic {
    return watchTraffic(request, response, new Traffic(protocol, calls.takesOne(headOf(request))))
  }

  /** A request of our own HTTP/2, which no lane has taken. */
  function admitForwarded({ request, response }: NodePair, traffic: Traffic): void {
    const { protocol } = traffic
    if (refuses({ request, response, protocol }, forwardedLimits)) return
    stalls.add({ request, response, progress: traffic, protocol })
    leave({ request, response }, protocol)
  }

  function admitHttp1(pair: Http1Pair): void {
    const { request, response, connection } = pair
    // The last head is compared without the authority of an absolute target.
    const isChanged = toOriginForm(request)
    const known = isChanged ? undefined : connection.recall(request)
    if (known !== undefined) {
      enter(known, pair)
      return
    }
    const head = new NodeHead(request, 0)
    const protocol = calls.protocolOf(head)
    if (refuses({ request, response, protocol }, limits)) return
    const lane = calls.laneAt(head.method, head.path) ?? calls.laneForOther(head)
    if (lane !== undefined) {
      const found = { lane, protocol, head }
      if (!isChanged) connection.remember(request, found)
      enter(found, pair)
      return
    }
    stalls.add({ request, response, progress: watch({ request, response, protocol }), protocol })
    endUnreadRequest(request, response)
    leave(pair, protocol)
  }

  /** Passes a request to Fastify. Calls that go through hooks ask for their body themselves. */
  function leave({ request, response }: NodePair, protocol: CallerProtocol | undefined): void {
    RequestObservation.start(calls, { request, response, protocol })
    const isMet = request.headers.expect === undefined || calls.isHooked(request.url ?? '')
    if (!isMet && !meetsExpectation(request, response)) return
    calls.watchUnserved(request, response, protocol)
    handler(request, response)
  }

  function enter({ lane, protocol, head }: KnownHead, { request, response, connection }: Http1Pair): void {
    const exchange = new Http1Exchange(request, response, { head, connection, budget: limits.http2 })
    stalls.add({ request, response, progress: exchange, protocol })
    if (head.contentLength > 0 && !exchange.isContinueDue) process.nextTick(acceptArrived, lane, exchange)
    else lane.accept(exchange)
  }

  /** Refuses a request that the guard rejects. Returns whether it did. */
  function refuses(pair: ObservedPair, held: GuardLimits): boolean {
    const { request, response, protocol } = pair
    const fault = guardRequest(request, held)
    if (fault === undefined) return false
    watch(pair)
    RequestObservation.start(calls, pair)
    RequestObservation.of(request)?.onFault(fault)
    sendRefusal(request, response, calls.refuse(protocol, headOf(request), fault))
    return true
  }
}

/** Runs when node:http has parsed the rest of what it has read: in most cases the whole body. */
function acceptArrived(lane: PortLane, exchange: Http1Exchange): void {
  exchange.takeArrived()
  lane.accept(exchange)
  exchange.holdUnread()
}

/** Sends `100 Continue` to a client that waits for it. HTTP/1.0 has no interim responses (RFC 9110 section 10.1.1). */
function meetsExpectation({ headers, httpVersion }: IncomingMessage, response: ServerResponse): boolean {
  if (httpVersion === '1.0') return true
  if (headers.expect?.toLowerCase() === '100-continue') {
    response.writeContinue()
    return true
  }
  response.writeHead(417).end()
  return false
}

/** Whether the request came over our own HTTP/2. */
function isForwarded(request: IncomingMessage): boolean {
  return ForwardedRequest.of(request) !== undefined
}

/** Errors reach readers and writers in other ways. */
function ignore(): void {}
