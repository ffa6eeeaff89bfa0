/** One TCP port that answers TLS, HTTP/2 and HTTP/1.1. */
import { Server, type Socket } from 'node:net'
import { endUnreadRequest } from './end-unread-request.ts'
import { awaitFirstBytes } from './first-bytes.ts'
import { Http1Front } from './http1-front.ts'
import { Http2Front } from './http2-front.ts'
import { type NodeHandler, type NodeRequest, type NodeResponse, protocolOf } from './node-exchange.ts'
import type { ResolvedOnePortOptions } from './one-port-options.ts'
import { refuseConnection } from './refuse-connection.ts'
import { guardRequest } from './request-guard.ts'
import { sendError } from './send-error.ts'
import type { WireProtocol } from './sniff.ts'
import { StallWatch } from './stall-watch.ts'
import { TlsFront } from './tls-front.ts'
import { watchTraffic } from './traffic.ts'

/**
 * The server that `onePort` gives to Fastify. Fastify calls `listen` and `close`, and reads `address`; a request reaches
 * Fastify's handler once its head has passed the guard.
 */
export class OnePortServer extends Server {
  readonly options: ResolvedOnePortOptions
  readonly #handler: NodeHandler
  readonly #http1: Http1Front
  readonly #http2: Http2Front
  readonly #tls: TlsFront | undefined
  readonly #stalls: StallWatch
  readonly #sockets = new Set<Socket>()
  readonly #unspoken = new Set<Socket>()
  readonly #rpcPaths = new Set<string>()
  #isDraining = false
  #hasCutConnections = false

  constructor(options: ResolvedOnePortOptions, handler: NodeHandler) {
    // HTTP/1.1 clients may end their half and still read the answer.
    super({ allowHalfOpen: true, noDelay: true })
    this.options = options
    this.maxConnections = options.maxConnections
    this.#handler = handler
    this.#stalls = new StallWatch(options)
    const onRequest: NodeHandler = (request, response) => this.#onRequest(request, response)
    this.#http1 = new Http1Front(options, onRequest)
    this.#http2 = new Http2Front(options, onRequest)
    this.#tls = options.tls && new TlsFront(options.tls, options, (socket, protocol) => this.#speak(socket, protocol))
    this.on('connection', (socket: Socket) => this.#onConnection(socket))
  }

  /** Whether the drain ran out of time, so that connections were cut with calls still open. */
  get hasCutConnections(): boolean {
    return this.#hasCutConnections
  }

  /** Tells which paths are calls, so that a JSON call is timed as a call too. */
  addRpcPaths(paths: ReadonlySet<string>): void {
    for (const path of paths) this.#rpcPaths.add(path)
  }

  /** Closes what is idle; see `drain`. Fastify calls it before `close`, and looks for it by this name. */
  closeIdleConnections(): void {
    this.drain()
  }

  /**
   * Asks every connection to end: GOAWAY in two steps, `connection: close`. Calls that have begun go on, for
   * `drainTimeoutMs` at the most; then their connections are cut. Emits `draining` once.
   */
  drain(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    this.emit('draining')
    for (const socket of this.#unspoken) socket.destroy()
    this.#http1.drain()
    this.#http2.drain()
    const timer = setTimeout(() => this.cutConnections(), this.options.drainTimeoutMs)
    this.once('close', () => clearTimeout(timer))
    if (!this.listening) clearTimeout(timer)
  }

  /** Destroys every connection at once. */
  cutConnections(): void {
    this.#hasCutConnections ||= this.#sockets.size > 0
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Stops listening, drains, and reports once the last connection has ended. */
  override close(callback?: (error?: Error) => void): this {
    super.close(callback)
    this.drain()
    this.once('close', () => this.#http1.close())
    return this
  }

  #onConnection(socket: Socket): void {
    // For life: a reset can come at any moment, whoever owns the socket then.
    socket.on('error', () => {})
    this.#sockets.add(socket)
    this.#unspoken.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#unspoken.delete(socket)
    })
    awaitFirstBytes(socket, this.options.sniffTimeoutMs, (spoken, protocol) => {
      this.#unspoken.delete(spoken)
      this.#onProtocol(spoken, protocol)
    })
  }

  #onProtocol(socket: Socket, protocol: WireProtocol): void {
    if (protocol === 'tls') {
      if (this.#tls === undefined) refuseConnection(socket, 'tls')
      else this.#tls.accept(socket)
    } else if (this.options.allowsCleartext) this.#speak(socket, protocol)
    else refuseConnection(socket, protocol)
  }

  #speak(socket: Socket, protocol: 'http2' | 'http1'): void {
    if (protocol === 'http2') this.#http2.accept(socket)
    else this.#http1.accept(socket)
  }

  #onRequest(request: NodeRequest, response: NodeResponse): void {
    request.on('error', () => {})
    response.on('error', () => {})
    const refusal = guardRequest(request, this.options)
    if (refusal !== undefined) {
      sendError(request, response, refusal)
      return
    }
    endUnreadRequest(request, response)
    const traffic = watchTraffic(request, response)
    this.#stalls.add({ request, response, traffic, protocol: this.#protocolOf(request) })
    this.#handler(request, response)
  }

  #protocolOf(request: NodeRequest) {
    const path = request.url?.split('?', 1)[0] ?? ''
    return protocolOf(request) ?? (this.#rpcPaths.has(path) ? 'connect-unary' : undefined)
  }
}
