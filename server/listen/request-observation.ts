/** Reports to the observers of a port a request that no call entry answers: one start, one end. */
import type { ServerResponse } from 'node:http'
import type { DescMethod } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { CallObservation, CallStart, HeaderReader } from '../../wire/call-observer.ts'
import { peerText } from '../observing/client-address.ts'
import type { CallerProtocol } from '../rpc/exchange/caller-protocol.ts'
import { watchPipelined } from '../rpc/exchange/node-connection.ts'
import { headOf, isHttp2, type NodeRequest, type NodeResponse } from '../rpc/exchange/node-request.ts'
import { codeOfHttpStatus, type RequestFault } from '../rpc/exchange/refusal.ts'
import type { PortCalls } from './port-calls.ts'
import { trafficOf } from './traffic.ts'

/** A request and its response, before anybody has answered. */
export interface ObservedPair {
  readonly request: NodeRequest
  readonly response: NodeResponse
  /** The protocol of a call; undefined for ordinary HTTP. */
  readonly protocol: CallerProtocol | undefined
}

const observations = new WeakMap<object, RequestObservation>()

/**
 * Ends with its response, unless it was handed over. What only those know who answer it, they note here; of the rest the answer
 * itself tells.
 */
export class RequestObservation {
  /** The id that Fastify gave the request. */
  requestId: string | undefined
  receivedMessages = 0
  sentMessages = 0
  readonly #pair: ObservedPair
  /** Null if no observer is interested. */
  readonly #observation: CallObservation | null
  readonly #startedAtMs: number
  readonly #peer: string
  #error: ConnectError | null = null
  #errorId: string | undefined
  #code: Code | undefined
  #isFaulted = false
  #isOver = false

  /** Starts it, if the port has observers. */
  static start(calls: PortCalls, given: ObservedPair): void {
    const observer = calls.observers.guarded
    if (observer === null) return
    // The preflight of a browser asks for a path of calls, and is none.
    const pair = given.request.method === 'OPTIONS' ? { ...given, protocol: undefined } : given
    const start = new RequestStart(pair, calls.methodOf(headOf(pair.request)))
    observations.set(pair.request, new RequestObservation(pair, start, observer.onStart(start)))
  }

  /** That of a request of node:http or node:http2; undefined where nobody observes. */
  static of(request: object): RequestObservation | undefined {
    return observations.get(request)
  }

  private constructor(pair: ObservedPair, { peer, startedAtMs }: CallStart, observation: CallObservation | null) {
    this.#pair = pair
    this.#observation = observation
    this.#startedAtMs = startedAtMs
    this.#peer = peer
    const { request, response } = pair
    const end = () => this.#end()
    response.once('close', end)
    if (!isHttp2(request) && response.socket === null) watchPipelined(request, response as ServerResponse, end)
  }

  /** The call of this request reports itself from here on; null if nobody is interested. */
  handOver(): CallObservation | null {
    this.#isOver = true
    return this.#observation
  }

  /** The port answers this, and nobody else will. */
  onFault({ code, message, httpStatus }: RequestFault): void {
    const isCall = this.#pair.protocol !== undefined
    this.onFailure(new ConnectError(message, isCall ? code : codeOfHttpStatus(httpStatus)))
    this.#isFaulted = true
  }

  /** The request never becomes a call. */
  onRefusal(code: Code | undefined): void {
    this.#code = code
  }

  /** The call failed, and its caller is told so. */
  onFailure(error: ConnectError, errorId?: string): void {
    // What a handler makes of the end of its call changes nothing of the reason.
    if (this.#isFaulted) return
    this.#errorId = errorId
    this.#error = error
    this.#code = error.code
  }

  onMessage(direction: 'received' | 'sent'): void {
    if (direction === 'received') this.receivedMessages += 1
    else this.sentMessages += 1
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    const { receivedBytes = 0, sentBytes = 0 } = trafficOf(this.#pair.request) ?? {}
    const httpStatus = statusOf(this.#pair)
    this.#observation?.onEnd({
      code: this.#code ?? this.#codeOfAnswer(httpStatus),
      error: this.#error,
      ...(this.#errorId === undefined ? {} : { errorId: this.#errorId }),
      ...(this.requestId === undefined ? {} : { requestId: this.requestId }),
      httpStatus,
      receivedBytes,
      sentBytes,
      receivedMessages: this.receivedMessages,
      sentMessages: this.sentMessages,
      durationMs: performance.now() - this.#startedAtMs,
      peer: this.#peer,
    })
  }

  /** Of calls that failed before any handler, or behind it, as far as the answer tells. */
  #codeOfAnswer(httpStatus: number | undefined): Code | undefined {
    const { request, response, protocol } = this.#pair
    if (protocol === undefined) return undefined
    const { lastSent, grpcStatus } = trafficOf(request) ?? {}
    const stated = lastSent && httpStatus && endingCodeOf(protocol, httpStatus, lastSent)
    if (stated) return stated
    if (httpStatus === undefined || wasCutShort(response)) return Code.Canceled
    if (grpcStatus !== undefined) return grpcStatus === '0' ? undefined : (Number(grpcStatus) as Code)
    return httpStatus >= 400 ? codeOfHttpStatus(httpStatus) : undefined
  }
}

class RequestStart implements CallStart {
  readonly side = 'server'
  readonly method: DescMethod | undefined
  readonly startedAtMs = performance.now()
  /** A closed connection has no address any more. */
  readonly peer: string
  readonly #pair: ObservedPair

  constructor(pair: ObservedPair, method: DescMethod | undefined) {
    const { remoteAddress = '', remotePort = 0 } = pair.request.socket
    this.#pair = pair
    this.method = method
    this.peer = peerText(remoteAddress, remotePort)
  }

  get protocol(): string {
    return this.#pair.protocol?.name ?? 'http'
  }

  get path(): string {
    return this.#pair.request.url?.split('?', 1)[0] ?? ''
  }

  get httpMethod(): string {
    return this.#pair.request.method ?? ''
  }

  get httpVersion(): string {
    const { httpVersion, httpVersionMajor } = this.#pair.request
    return httpVersionMajor === 2 ? '2' : httpVersion
  }

  get header(): HeaderReader {
    const { headers } = this.#pair.request
    return {
      get: (name) => headers[name]?.toString() ?? null,
      keys: () => Object.keys(headers).filter((name) => !name.startsWith(':')),
    }
  }

  get target(): string {
    const { headers } = this.#pair.request
    return headers[':authority']?.toString() ?? headers.host ?? ''
  }
}

/** node:http2's own response does not know of a head that was sent by its stream. */
function statusOf({ request, response }: ObservedPair): number | undefined {
  if (!response.headersSent) return undefined
  const sent = isHttp2(request) ? request.stream.sentHeaders?.[':status'] : undefined
  return sent === undefined ? response.statusCode : Number(sent)
}

/** node:http2 counts an answer whose stream was reset as finished. */
function wasCutShort(response: NodeResponse): boolean {
  return !response.writableFinished || ('stream' in response && response.stream?.rstCode > 0)
}

/** Undefined for what is not an end of the protocol: an ordinary error page, or an end that was compressed. */
function endingCodeOf(protocol: CallerProtocol, status: number, lastChunk: Uint8Array): Code | undefined {
  try {
    return protocol.endingCodeOf(status, lastChunk)
  } catch {
    return undefined
  }
}
