/** Reports a request that no lane answers to the observers of the port: its start and its end. */
import type { X509Certificate } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { DescMethod } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { CallObservation, CallStart, CallTrace, HeaderReader } from '../../wire/call-observer.ts'
import { peerText } from '../observing/client-address.ts'
import type { CallerProtocol } from '../rpc/exchange/caller-protocol.ts'
import { readConnection, watchPipelined } from '../rpc/exchange/node-connection.ts'
import { headOf, isHttp2, type NodeRequest, type NodeResponse } from '../rpc/exchange/node-request.ts'
import { codeOfHttpStatus, type RequestFault } from '../rpc/exchange/refusal.ts'
import { MemorySocket } from './forwarded/memory-socket.ts'
import { http1ConnectionOf } from './http1-connection.ts'
import type { PortCalls } from './port-calls.ts'
import { trafficOf } from './traffic.ts'

/** A request and its response, before anything has answered. */
export interface ObservedPair {
  readonly request: NodeRequest
  readonly response: NodeResponse
  /** Undefined for ordinary HTTP. */
  readonly protocol: CallerProtocol | undefined
}

const observations = new WeakMap<object, RequestObservation>()

/**
 * Ends with the response, unless it was handed over to a call. What only the answering code knows is noted here; the
 * rest is read from the response.
 */
export class RequestObservation {
  /** Fastify's id of the request. */
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

  /** Starts an observation if the port has observers. */
  static start(calls: PortCalls, given: ObservedPair): void {
    const observer = calls.observers.guarded
    if (observer === null) return
    // A preflight names the path of a call, but is not one.
    const pair = given.request.method === 'OPTIONS' ? { ...given, protocol: undefined } : given
    const head = headOf(pair.request)
    const route = pair.protocol === undefined ? undefined : calls.routeOf(head)
    const start = new RequestStart(pair, { method: calls.methodOf(head), route })
    observations.set(pair.request, new RequestObservation(pair, start, observer.onStart(start)))
  }

  /** Returns the observation of a request; undefined without observers. */
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

  /** The span of the call; undefined without one. */
  get trace(): CallTrace | undefined {
    return this.#observation?.trace
  }

  /** Hands the observation over to a call, which reports the end itself. Null if no observer is interested. */
  handOver(): CallObservation | null {
    this.#isOver = true
    return this.#observation
  }

  /** Notes that the port answers the request with this fault. */
  onFault({ code, message, httpStatus }: RequestFault): void {
    const isCall = this.#pair.protocol !== undefined
    this.onFailure(new ConnectError(message, isCall ? code : codeOfHttpStatus(httpStatus)))
    this.#isFaulted = true
  }

  /** Notes that the request does not become a call. */
  onRefusal(code: Code | undefined): void {
    this.#code = code
  }

  /** Notes the error of a failed call. */
  onFailure(error: ConnectError, errorId?: string): void {
    // The fault came first; the error that the handler then saw is a consequence.
    if (this.#isFaulted) return
    this.#errorId = errorId
    this.#error = error
    this.#code = error.code
  }

  onMessage(direction: 'received' | 'sent'): void {
    if (direction === 'received') this.receivedMessages += 1
    else this.sentMessages += 1
  }

  /** Reports the end once, when the response has closed or the connection is lost. */
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
      trace: this.trace,
    })
  }

  /** Reads the code of a call that failed before or after its handler from the response, as far as that shows it. */
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
  readonly route: string | undefined
  readonly startedAtMs = performance.now()
  /** Read at the start, because a closed connection has no address. */
  readonly peer: string
  readonly #pair: ObservedPair

  constructor(pair: ObservedPair, { method, route }: Pick<CallStart, 'method' | 'route'>) {
    const { remoteAddress = '', remotePort = 0 } = pair.request.socket
    this.#pair = pair
    this.method = method
    this.route = route
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
    const { httpVersion, httpVersionMajor, socket } = this.#pair.request
    if (socket instanceof MemorySocket) return socket.carrier.connection.httpVersion
    return httpVersionMajor === 2 ? '2' : httpVersion
  }

  get header(): HeaderReader {
    const { headers } = this.#pair.request
    return {
      get: (name) => headers[name]?.toString() ?? null,
      keys: () => Object.keys(headers).filter((name) => !name.startsWith(':')),
    }
  }

  get certificate(): X509Certificate | undefined {
    return certificateOf(this.#pair.request)
  }

  get connection(): object | undefined {
    const { request } = this.#pair
    if (isHttp2(request)) return request.stream.session
    return request.socket instanceof MemorySocket ? request.socket.carrier.connection : http1ConnectionOf(request)
  }

  get target(): string {
    const { headers } = this.#pair.request
    return headers[':authority']?.toString() ?? headers.host ?? ''
  }
}

/** Requests of our own HTTP/2 have the connection of their carrier. `request.socket` of node:http2 hides most of the socket. */
function certificateOf(request: NodeRequest): X509Certificate | undefined {
  const { socket } = request
  if (socket instanceof MemorySocket) return socket.carrier.connection.tls?.certificate
  const held = isHttp2(request) ? request.stream.session?.socket : socket
  return held && readConnection(held, '1.1').tls?.certificate
}

/** The response of node:http2 does not know a head that was sent by its stream. */
function statusOf({ request, response }: ObservedPair): number | undefined {
  if (!response.headersSent) return undefined
  const sent = isHttp2(request) ? request.stream.sentHeaders?.[':status'] : undefined
  return sent === undefined ? response.statusCode : Number(sent)
}

/** node:http2 counts a response whose stream was reset as finished. */
function wasCutShort(response: NodeResponse): boolean {
  return !response.writableFinished || ('stream' in response && response.stream?.rstCode > 0)
}

/** Returns undefined for a body without an end of the protocol: an ordinary error page, or a compressed end. */
function endingCodeOf(protocol: CallerProtocol, status: number, lastChunk: Uint8Array): Code | undefined {
  try {
    return protocol.endingCodeOf(status, lastChunk)
  } catch {
    return undefined
  }
}
