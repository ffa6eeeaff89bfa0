/** A TCP port that serves TLS, HTTP/2 and HTTP/1.1. */
import { lookup } from 'node:dns'
import { type AddressInfo, Server, type Socket } from 'node:net'
import { Code, ConnectError } from '@connectrpc/connect'
import { RouteMemo } from '../../wire/http2/http2.ts'
import { ConnectionCounts } from '../observing/connection-counts.ts'
import { guardPortLog, type PortLog, SILENT_LOG } from '../observing/port-log.ts'
import type { NodeHandler, NodeRequest, NodeResponse } from '../rpc/exchange/node-request.ts'
import type { WorkerLink } from '../workers/contracts/worker-link.ts'
import { ConnectionLimits, type IdleConnection } from './connection-limits.ts'
import { HostGuard } from './host-guard.ts'
import { Http1Front } from './http1-front.ts'
import type { Http2Front } from './http2-front.ts'
import { NativeHttp2Front } from './native-http2-front.ts'
import type { ResolvedOnePortOptions } from './one-port-options.ts'
import { OtherListeners } from './other-listeners.ts'
import { PortCalls } from './port-calls.ts'
import type { PortConnection } from './port-connection.ts'
import type { PortWebSockets } from './port-websockets.ts'
import { refuseConnection } from './refuse-connection.ts'
import { requestEntrance } from './request-entrance.ts'
import { awaitFirstBytes, type WireProtocol } from './sniff.ts'
import { TlsFront } from './tls/tls-front.ts'
import type { WebSocketTunnels } from './websocket-tunnels.ts'

/** The kernel probes a silent peer after this time, since a host that disappears does not close its connections. */
const TCP_KEEPALIVE_MS = 60_000

/** How long HTTP/2 clients have to read that their connection is cut. */
const LAST_WORDS_MS = 100

/** Half-open: HTTP/1.1 clients may end their side and still read the response. */
const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true }

/** What a port works with. */
export interface PortParts {
  /** Default: empty; plugins add lanes. */
  readonly calls?: PortCalls
  /** Default: silent. */
  readonly log?: PortLog
  /** The primary, which counts the connections of all workers. Default: there are no workers. */
  readonly worker?: WorkerLink | undefined
  /** Whether `clientError` listeners answer unreadable HTTP/1.1. Default: the port does. */
  readonly leavesClientErrors?: boolean
}

/**
 * The server that `onePort` gives to Fastify. Fastify calls `listen` and `close`, and reads `address`. A request
 * reaches Fastify's handler after its head has passed the guard.
 */
export class OnePortServer extends Server {
  readonly options: ResolvedOnePortOptions
  /** Where plugins register calls before the port opens. */
  readonly calls: PortCalls
  readonly connectionCounts = new ConnectionCounts()
  readonly #hosts: HostGuard
  readonly #onRequest: NodeHandler
  readonly #http1: Http1Front
  readonly #tls: TlsFront | undefined
  readonly #limits: ConnectionLimits
  readonly #others: OtherListeners
  readonly #sockets = new Set<Socket>()
  readonly #unspoken = new Set<Socket>()
  /** The host that `listen` was given. */
  #name: string | undefined
  #http2: Http2Front | undefined
  #webSockets: PortWebSockets | null = null
  #isDraining = false
  #drainEndsAtMs: number | undefined
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
      worker: parts.worker,
      counts: this.connectionCounts,
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
      webSockets: () => this.#webSockets?.upgrades ?? null,
      leavesClientErrors: parts.leavesClientErrors ?? false,
    })
    const { handshakeTimeoutMs } = options
    const onSecure = (socket: Socket, protocol: 'http2' | 'http1') => this.#speak(socket, protocol)
    this.#tls = options.tls && new TlsFront(options.tls, { handshakeTimeoutMs, log, onSecure })
    this.on('connection', (socket: Socket) => this.#onConnection(socket))
    this.on('listening', () => this.#onListening())
    this.once('close', () => this.#others.whenClosed(() => this.#onClose()))
  }

  /** Whether the drain time ran out and connections were cut with calls still open. */
  get hasCutConnections(): boolean {
    return this.#hasCutConnections
  }

  /** Aborts when connections are about to be cut. Open calls then have a moment to send their end. */
  get cutSignal(): AbortSignal {
    return this.#cut.signal
  }

  /** All addresses that the port listens on; a string is a Unix socket. */
  get addresses(): readonly (AddressInfo | string)[] {
    const address = this.address()
    return address === null ? [] : [address, ...this.#others.addresses]
  }

  /** The open connections that speak HTTP, those of HTTP/2 first, each kind by age. */
  *openConnections(): Generator<PortConnection, void> {
    if (this.#http2 !== undefined) yield* this.#http2.connections()
    yield* this.#http1.connections()
  }

  /** The time of a drain, which `startDrainTime` or `drain` starts. */
  get drainTime(): { readonly totalMs: number; leftMs(): number } {
    const totalMs = this.options.drainTimeoutMs
    const leftMs = () => Math.max(0, (this.#drainEndsAtMs ?? Number.POSITIVE_INFINITY) - performance.now())
    return { totalMs, leftMs: () => Math.min(totalMs, leftMs()) }
  }

  /** Starts the time of the drain before the drain itself, so that a wait for balancers counts. */
  startDrainTime(): void {
    this.#drainEndsAtMs ??= performance.now() + this.options.drainTimeoutMs
  }

  /** Starts the drain. Fastify calls it, by this name, before `close`. */
  closeIdleConnections(): void {
    this.drain()
  }

  /** Cuts all connections. Fastify calls it before `close` if connections are to be closed forcibly. */
  closeAllConnections(): void {
    this.cutConnections()
  }

  /**
   * Reloads certificates and keys: new connections use them, open ones are not affected. Files are also watched, so
   * this is rarely needed. If reloading fails, those in use are kept and the log says why.
   *
   * @returns whether it succeeded; true without TLS
   */
  reloadCertificates(): boolean {
    return this.#tls?.reload() ?? true
  }

  /** Loads what answers calls over WebSockets, for the lanes that have them. Call it before the port opens. */
  async addWebSockets(): Promise<void> {
    const { PortWebSockets } = await import('./port-websockets.ts')
    this.#webSockets ??= new PortWebSockets({
      port: this,
      calls: this.calls,
      limits: this.options,
      serve: (request, response) => this.#http1.serve(request, response),
    })
  }

  /** As `Server.listen`, but binds all addresses of `localhost`, as Fastify's own servers do. */
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
   * Asks every connection to end: GOAWAY in two steps (RFC 9113 section 6.8), `connection: close`. Open calls may go on
   * until `drainTimeoutMs` is over; then their connections are cut. Emits `draining` once.
   */
  drain(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    this.startDrainTime()
    this.emit('draining')
    for (const socket of this.#unspoken) socket.destroy()
    this.#tls?.drain()
    this.#webSockets?.front.drain()
    this.#http1.drain()
    this.#http2?.drain()
    if (!this.listening && this.#sockets.size === 0) return
    this.#drainTimer = setTimeout(() => this.cutConnections(), this.drainTime.leftMs())
  }

  /** Ends calls with UNAVAILABLE, resets other streams, and destroys every connection a moment later. */
  cutConnections(): void {
    this.#hasCutConnections ||= this.#sockets.size > 0
    this.#cut.abort(new ConnectError('the server is shutting down', Code.Unavailable))
    this.#http2?.cut()
    this.#cutTimer ??= setTimeout(() => this.#destroyAll(), LAST_WORDS_MS)
  }

  /** Stops listening, drains, and calls back when the last connection has ended. */
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
   * Creates the request handler of the fronts. A request that is not a call is emitted as `request` before it goes to
   * Fastify, so that listeners can take it, as on a server of node:http. A request that others emit, such as adapters
   * for serverless platforms, enters here too.
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
    // A request that others emit did not arrive at the address that the port listens on, so the automatic guard does
    // not apply.
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
    // Stays for the life of the socket: a reset can come at any time, also after another owner has taken it.
    socket.on('error', () => {})
    const admission = this.#limits.admit(socket)
    if (admission === false) {
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
    if (admission === true) this.#awaitProtocol(socket)
    else void this.#awaitAdmission(socket, admission)
  }

  /** In a worker, the primary decides whether a connection may stay. What arrives meanwhile waits in the socket. */
  async #awaitAdmission(socket: Socket, admission: Promise<boolean>): Promise<void> {
    if (!(await admission)) socket.destroy()
    else if (!socket.destroyed) this.#awaitProtocol(socket)
  }

  #awaitProtocol(socket: Socket): void {
    awaitFirstBytes(socket, this.options.sniffTimeoutMs, (spoken, protocol) => {
      this.#unspoken.delete(spoken)
      this.#onProtocol(spoken, protocol)
    })
  }

  /** Refuses TLS on a cleartext port, and cleartext on a TLS port unless it is allowed. */
  #onProtocol(socket: Socket, protocol: WireProtocol): void {
    if (protocol === 'tls') {
      if (this.#tls === undefined) this.#refuse(socket, 'tls')
      else this.#tls.accept(socket)
    } else if (this.options.allowsCleartext) this.#speak(socket, protocol)
    else this.#refuse(socket, protocol)
  }

  #refuse(socket: Socket, protocol: WireProtocol): void {
    this.connectionCounts.onRefused('protocol')
    refuseConnection(socket, protocol)
  }

  /**
   * Passes a connection to the front of its protocol. The HTTP/2 front is created on first use, when plugins have
   * decided which one it is.
   */
  #speak(socket: Socket, protocol: 'http2' | 'http1'): void {
    this.connectionCounts.onAccepted(socket, protocol)
    if (protocol === 'http1') {
      this.#http1.accept(socket)
      return
    }
    this.#http2 ??= this.#createHttp2Front()
    this.#http2.accept(socket)
  }

  /** On our own sessions, unless a plugin requires others. */
  #createHttp2Front(): Http2Front {
    const { calls, options } = this
    if (calls.createHttp2Front !== undefined) return calls.createHttp2Front(options, this.#onRequest)
    const tunnels = this.#tunnels
    const allowsConnectProtocol = tunnels !== null
    return new NativeHttp2Front({
      calls,
      hosts: this.#hosts,
      tunnels,
      http2: Object.freeze({ ...options.http2, routes: new RouteMemo(calls.lanePaths), allowsConnectProtocol }),
      idleTimeoutMs: options.idleTimeoutMs,
      keepalive: options.keepalive,
      serve: (request, response) => this.#http1.serve(request, response),
    })
  }

  /**
   * What takes WebSockets over HTTP/2; null for none. A browser that may open them there opens no others, so they are not announced if the
   * program has WebSockets of its own, which need an upgrade of HTTP/1.1.
   */
  get #tunnels(): WebSocketTunnels | null {
    return this.listenerCount('upgrade') === 0 ? (this.#webSockets?.tunnels ?? null) : null
  }

  /** Compares the longest-idle connection of each front. */
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

/** Returns the host given to `listen`, in an options object or as the second argument. */
function hostNameOf([first, second]: readonly unknown[]): string | undefined {
  const host = isRecord(first) ? first.host : second
  return typeof host === 'string' ? host : undefined
}

/** Whether the options name a host with several addresses. */
function isByName(options: unknown): options is { host: 'localhost' } {
  return isRecord(options) && options.host === 'localhost'
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
