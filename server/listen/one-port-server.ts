/** One TCP port that answers TLS, HTTP/2 and HTTP/1.1. */
import { lookup } from 'node:dns'
import { type AddressInfo, Server, type Socket } from 'node:net'
import { Code, ConnectError } from '@connectrpc/connect'
import { RouteMemo } from '../../wire/http2/http2.ts'
import { guardPortLog, type PortLog, SILENT_LOG } from '../observing/port-log.ts'
import type { NodeHandler, NodeRequest, NodeResponse } from '../rpc/exchange/node-request.ts'
import { ConnectionLimits, type IdleConnection } from './connection-limits.ts'
import { HostGuard } from './host-guard.ts'
import { Http1Front } from './http1-front.ts'
import type { Http2Front } from './http2-front.ts'
import { NativeHttp2Front } from './native-http2-front.ts'
import type { ResolvedOnePortOptions } from './one-port-options.ts'
import { OtherListeners } from './other-listeners.ts'
import { PortCalls } from './port-calls.ts'
import { refuseConnection } from './refuse-connection.ts'
import { requestEntrance } from './request-entrance.ts'
import { awaitFirstBytes, type WireProtocol } from './sniff.ts'
import { TlsFront } from './tls/tls-front.ts'

/** After so long without an octet the kernel asks whether the peer is still there: a host that is gone never says so. */
const TCP_KEEPALIVE_MS = 60_000

/** How long HTTP/2 peers have to read that they are cut off. */
const LAST_WORDS_MS = 100

/** HTTP/1.1 clients may end their half and still read the answer. */
const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true }

/** What a port works with. */
export interface PortParts {
  /** Default: none, and plugins add theirs. */
  readonly calls?: PortCalls
  /** Default: none. */
  readonly log?: PortLog
  /** Listeners for `clientError` answer HTTP/1.1 that cannot be read. Default: the port does. */
  readonly leavesClientErrors?: boolean
}

/**
 * The server that `onePort` gives to Fastify. Fastify calls `listen` and `close`, and reads `address`; a request reaches
 * Fastify's handler once its head has passed the guard.
 */
export class OnePortServer extends Server {
  readonly options: ResolvedOnePortOptions
  /** Where plugins say which requests are calls, before the port opens. */
  readonly calls: PortCalls
  readonly #hosts: HostGuard
  readonly #onRequest: NodeHandler
  readonly #http1: Http1Front
  readonly #tls: TlsFront | undefined
  readonly #limits: ConnectionLimits
  readonly #others: OtherListeners
  readonly #sockets = new Set<Socket>()
  readonly #unspoken = new Set<Socket>()
  /** What the port was told to listen on. */
  #name: string | undefined
  #http2: Http2Front | undefined
  #isDraining = false
  #isClosed = false
  #drainTimer: NodeJS.Timeout | undefined
  #cutTimer: NodeJS.Timeout | undefined
  #hasCutConnections = false
  readonly #cut = new AbortController()

  constructor(options: ResolvedOnePortOptions, handler: NodeHandler, parts: PortParts = {}) {
    const { calls = new PortCalls() } = parts
    const log = guardPortLog(parts.log ?? SILENT_LOG)
    super(SOCKET_OPTIONS)
    this.#others = new OtherListeners(SOCKET_OPTIONS, (socket) => this.emit('connection', socket))
    this.options = options
    this.#limits = new ConnectionLimits(options, {
      log,
      findLongestIdle: (now) => this.#findLongestIdle(now),
      clearIdle: () => {
        this.#http1.clearIdle()
        this.#http2?.clearIdle()
      },
    })
    this.calls = calls
    this.#hosts = new HostGuard(options.allowedHosts, log)
    this.#onRequest = this.#enterBy(handler)
    this.#http1 = new Http1Front(options, this.#onRequest, {
      port: this,
      observers: calls.observers,
      hosts: this.#hosts,
      leavesClientErrors: parts.leavesClientErrors ?? false,
    })
    const { handshakeTimeoutMs } = options
    const onSecure = (socket: Socket, protocol: 'http2' | 'http1') => this.#speak(socket, protocol)
    this.#tls = options.tls && new TlsFront(options.tls, { handshakeTimeoutMs, log, onSecure })
    this.on('connection', (socket: Socket) => this.#onConnection(socket))
    this.on('listening', () => this.#onListening())
    this.once('close', () => this.#others.whenClosed(() => this.#onClose()))
  }

  /** Whether the drain ran out of time, so that connections were cut with calls still open. */
  get hasCutConnections(): boolean {
    return this.#hasCutConnections
  }

  /** Aborts when connections are about to be cut: calls that are still open have a moment to say that they end. */
  get cutSignal(): AbortSignal {
    return this.#cut.signal
  }

  /** Closes what is idle; see `drain`. Fastify calls it before `close`, and looks for it by this name. */
  closeIdleConnections(): void {
    this.drain()
  }

  /** Cuts all that is open, at once. Fastify calls it before `close` where connections are to be forced to close. */
  closeAllConnections(): void {
    this.cutConnections()
  }

  /**
   * Reads certificates and keys again: new connections get them, those that are open go on. Files are watched anyway. Where they
   * cannot be used, those in use stay, and the log says why.
   *
   * @returns whether it was all right; true without TLS
   */
  reloadCertificates(): boolean {
    return this.#tls?.reload() ?? true
  }

  /** As of a server of node:net, but that all addresses of `localhost` are bound, as Fastify's own servers do. */
  override listen(...given: unknown[]): this {
    this.#name = hostNameOf(given)
    const listen = () => super.listen(...(given as Parameters<Server['listen']>))
    if (!isByName(given[0])) return listen()
    lookup(given[0].host, { all: true }, (_error, addresses = []) => {
      if (this.#isClosed) return
      this.prependOnceListener('listening', () => this.#others.listen(addresses, this.address() as AddressInfo))
      listen()
    })
    return this
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
    this.#tls?.drain()
    this.#http1.drain()
    this.#http2?.drain()
    if (!this.listening && this.#sockets.size === 0) return
    this.#drainTimer = setTimeout(() => this.cutConnections(), this.options.drainTimeoutMs)
  }

  /** Ends calls with UNAVAILABLE, resets what else is open, and destroys every connection a moment later. */
  cutConnections(): void {
    this.#hasCutConnections ||= this.#sockets.size > 0
    this.#cut.abort(new ConnectError('the server is shutting down', Code.Unavailable))
    this.#http2?.cut()
    this.#cutTimer ??= setTimeout(() => this.#destroyAll(), LAST_WORDS_MS)
  }

  /** Stops listening, drains, and reports once the last connection has ended. */
  override close(callback?: (error?: Error) => void): this {
    this.#isClosed = true
    super.close((error) => this.#others.whenClosed(() => callback?.(error)))
    this.#others.close()
    this.drain()
    return this
  }

  #onListening(): void {
    this.#hosts.bind(this.address(), this.#name)
    this.#tls?.watch()
  }

  /** The last connection has ended. */
  #onClose(): void {
    clearTimeout(this.#drainTimer)
    clearTimeout(this.#cutTimer)
    this.#http1.close()
    this.#tls?.close()
    this.#limits.close()
  }

  /**
   * Makes the way in. A request that is not a call is emitted as `request` on its way to Fastify, where others may take it, as on
   * a server of node:http. One that somebody else emits, as adapters for serverless platforms do, comes in here.
   */
  #enterBy(handler: NodeHandler): NodeHandler {
    const emitted = new WeakSet<NodeRequest>()
    const leave: NodeHandler = (request, response) => {
      if (emitted.has(request)) {
        handler(request, response)
        return
      }
      emitted.add(request)
      this.emit('request', request, response)
    }
    const entrance = { calls: this.calls, handler: leave }
    const enter = requestEntrance({ ...entrance, limits: { ...this.options, hosts: this.#hosts } })
    // What others emit has not come to the address that the port listens on.
    const hosts = this.options.allowedHosts === undefined ? null : this.#hosts
    const enterEmitted = requestEntrance({ ...entrance, limits: { ...this.options, hosts } })
    this.on('request', (request: NodeRequest, response: NodeResponse) => {
      const next = emitted.has(request) ? handler : enterEmitted
      emitted.add(request)
      next(request, response)
    })
    return enter
  }

  #onConnection(socket: Socket): void {
    // For life: a reset can come at any moment, whoever owns the socket then.
    socket.on('error', () => {})
    if (!this.#limits.admit(socket)) {
      socket.destroy()
      return
    }
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS)
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
    if (protocol === 'http1') {
      this.#http1.accept(socket)
      return
    }
    this.#http2 ??= this.#createHttp2Front()
    this.#http2.accept(socket)
  }

  /** On our own sessions, unless a plugin has brought others. */
  #createHttp2Front(): Http2Front {
    const { calls, options } = this
    if (calls.createHttp2Front !== undefined) return calls.createHttp2Front(options, this.#onRequest)
    return new NativeHttp2Front({
      calls,
      hosts: this.#hosts,
      http2: Object.freeze({ ...options.http2, routes: new RouteMemo(calls.lanePaths) }),
      idleTimeoutMs: options.idleTimeoutMs,
      serve: (request, response) => this.#http1.serve(request, response),
    })
  }

  #findLongestIdle(now: number): IdleConnection | undefined {
    const http1 = this.#http1.findLongestIdle(now)
    const http2 = this.#http2?.findLongestIdle(now)
    return (http1?.idleMs ?? -1) > (http2?.idleMs ?? -1) ? http1 : http2
  }

  #destroyAll(): void {
    this.#cutTimer = undefined
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** The host that `listen` is given: among its options, or behind the port. */
function hostNameOf([first, second]: readonly unknown[]): string | undefined {
  const host = isRecord(first) ? first.host : second
  return typeof host === 'string' ? host : undefined
}

/** Whether the options of `listen` name a host that has several addresses. */
function isByName(options: unknown): options is { host: 'localhost' } {
  return isRecord(options) && options.host === 'localhost'
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
