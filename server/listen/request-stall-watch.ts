/** Ends requests of node:http and node:http2 whose client stops sending the body or reading the response. */

import { constants } from 'node:http2'
import { takenBytesOf } from '../../wire/socket-progress.ts'
import { CallHead, type HeadSource } from '../rpc/exchange/call-head.ts'
import { type CallerProtocol, refuse } from '../rpc/exchange/caller-protocol.ts'
import { headOf, isHttp2, type NodeRequest, type NodeResponse } from '../rpc/exchange/node-request.ts'
import { HeadFault, type Refusal, type RequestFault } from '../rpc/exchange/refusal.ts'
import { sendRefusal } from './end-request.ts'
import { ForwardedRequest } from './forwarded/forwarded-request.ts'
import type { BodyProgress } from './port-lane.ts'
import { RequestObservation } from './request-observation.ts'

/** How long a client may be silent, in milliseconds; 0 for no limit. */
export interface StallLimits {
  /** Between two bytes of a call, in either direction. */
  readonly stallTimeoutMs: number
  /** From the head of an ordinary HTTP request to the end of its body. */
  readonly requestTimeoutMs: number
}

/** A request that is being answered. */
export interface StartedRequest {
  readonly request: NodeRequest
  readonly response: NodeResponse
  readonly progress: BodyProgress
  /** Undefined for ordinary HTTP. */
  readonly protocol: CallerProtocol | undefined
}

class WatchedRequest {
  readonly started: StartedRequest
  readonly startedAtMs: number
  receivedBytes = 0
  unsentBytes = 0
  leftBytes = 0
  receivedAtMs: number
  sentAtMs: number

  constructor(started: StartedRequest, nowMs: number) {
    this.started = started
    this.startedAtMs = nowMs
    this.receivedAtMs = nowMs
    this.sentAtMs = nowMs
  }
}

/** Creates the refusal of a request in its own protocol. */
type Refuse = (protocol: CallerProtocol | undefined, head: HeadSource, fault: RequestFault) => Refusal

const refusePlainHead: Refuse = (protocol, head, fault) => refuse(protocol, new CallHead(head), fault)

/** Sweeps per limit. A stall is found late by a quarter of the limit at most. */
const SWEEPS_PER_LIMIT = 4
const LONGEST_SWEEP_MS = 5_000

/** One timer for all requests of a port. It runs only while there are any. */
export class RequestStallWatch {
  readonly #limits: StallLimits
  readonly #refuse: Refuse
  readonly #sweepMs: number
  readonly #exchanges = new Set<WatchedRequest>()
  #timer: NodeJS.Timeout | undefined

  /** @param refuseCall creates the response to a stalled request. Default: without CORS fields */
  constructor(limits: StallLimits, refuseCall: Refuse = refusePlainHead) {
    this.#limits = limits
    this.#refuse = refuseCall
    const shortest = Math.min(limits.stallTimeoutMs || Infinity, limits.requestTimeoutMs || Infinity)
    this.#sweepMs = Math.min(Math.ceil(shortest / SWEEPS_PER_LIMIT), LONGEST_SWEEP_MS)
  }

  /** Watches a request until both it and its response are over. */
  add(started: StartedRequest): void {
    const exchange = new WatchedRequest(started, performance.now())
    this.#exchanges.add(exchange)
    started.response.on('close', () => this.#onResponseClose(exchange))
    this.#timer ??= setInterval(() => this.#sweep(), this.#sweepMs).unref()
  }

  /** Over HTTP/1.1, the rest of a body is drained after an early response, so that the connection can be reused. */
  #onResponseClose(exchange: WatchedRequest): void {
    const { request, progress } = exchange.started
    const hasArrived = progress.isPeerDone === true || request.complete || request.destroyed
    if (hasArrived || isHttp2(request)) this.#remove(exchange)
    else request.once('close', () => this.#remove(exchange))
  }

  #remove(exchange: WatchedRequest): void {
    this.#exchanges.delete(exchange)
    if (this.#exchanges.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #sweep(): void {
    const now = performance.now()
    for (const exchange of this.#exchanges) {
      if (this.#isRequestStalled(exchange, now)) endStalledRequest(exchange.started, this.#refuse)
      else if (this.#isAnswerStalled(exchange, now)) cut(exchange.started)
    }
  }

  #isRequestStalled(exchange: WatchedRequest, now: number): boolean {
    const { request, response, progress, protocol } = exchange.started
    if (progress.receivedBytes !== exchange.receivedBytes) {
      exchange.receivedBytes = progress.receivedBytes
      exchange.receivedAtMs = now
    }
    if (request.complete) return false
    if (protocol === undefined) {
      return isOver(this.#limits.requestTimeoutMs, now - exchange.startedAtMs)
    }
    // While the handler does not read, flow control holds the client back, which is not the client's fault.
    const owesBytes = response.writableEnded || progress.isOwed
    return owesBytes && request.readableLength === 0 && isOver(this.#limits.stallTimeoutMs, now - exchange.receivedAtMs)
  }

  #isAnswerStalled(exchange: WatchedRequest, now: number): boolean {
    const unsentBytes = unsentBytesOf(exchange.started)
    const leftBytes = leftBytesOf(exchange.started.request)
    if (unsentBytes === 0 || unsentBytes !== exchange.unsentBytes || leftBytes !== exchange.leftBytes) {
      exchange.unsentBytes = unsentBytes
      exchange.leftBytes = leftBytes
      exchange.sentAtMs = now
      return false
    }
    return isOver(this.#limits.stallTimeoutMs, now - exchange.sentAtMs)
  }
}

function isOver(limitMs: number, elapsedMs: number): boolean {
  return limitMs > 0 && elapsedMs > limitMs
}

function unsentBytesOf({ request, response }: StartedRequest): number {
  if (!isHttp2(request)) return response.writableLength
  return request.stream.destroyed ? 0 : request.stream.writableLength
}

/** Octets that the client, or the system on its behalf, has taken from the connection or the stream. */
function leftBytesOf(request: NodeRequest): number {
  if (isHttp2(request)) return 0
  return ForwardedRequest.of(request)?.leftBytes ?? takenBytesOf(request.socket)
}

/** Reports the stall to the observer before the response is sent. */
function endStalledRequest(exchange: StartedRequest, refuseCall: Refuse): void {
  const { request, response, protocol, progress } = exchange
  if (response.headersSent) {
    cut(exchange)
    return
  }
  const fault = HeadFault.STOPPED_ARRIVING
  RequestObservation.of(request)?.onFault(fault)
  progress.onStall?.(fault)
  sendRefusal(request, response, refuseCall(protocol, headOf(request), fault))
}

function cut({ request, progress }: StartedRequest): void {
  RequestObservation.of(request)?.onFault(HeadFault.STALLED)
  progress.onStall?.(HeadFault.STALLED)
  if (isHttp2(request)) request.stream.close(constants.NGHTTP2_CANCEL)
  else request.socket.destroy()
}
