/** The HTTP/1.1 side of the port: a node:http server that does not listen. */
import { channel } from 'node:diagnostics_channel'
import type { EventEmitter } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { CallStart } from '../../wire/call-observer.ts'
import { peerText } from '../observing/client-address.ts'
import type { ObserverList } from '../observing/observer-list.ts'
import type { NodeHandler } from '../rpc/exchange/node-request.ts'
import { codeOfHttpStatus } from '../rpc/exchange/refusal.ts'
import { ConnectionAges } from './connection-ages.ts'
import type { IdleConnection } from './connection-limits.ts'
import { MemorySocket } from './forwarded/memory-socket.ts'
import type { HostGuard } from './host-guard.ts'
import { type Http1Connection, http1ConnectionOf, idleSinceOf, knownHttp1Connection } from './http1-connection.ts'
import { Http1Upgrades } from './http1-upgrades.ts'
import { IdleQueue } from './idle-queue.ts'
import type { ResolvedOnePortOptions } from './one-port-options.ts'
import type { PortConnection } from './port-connection.ts'
import { refuseHttp1 } from './refuse-connection.ts'
import type { WebSocketUpgrades } from './websocket-upgrades.ts'

/** How often node:http checks for headers that take too long. */
const CHECK_INTERVAL_MS = 1_000

/**
 * The most pipelined requests per connection. node:http runs them all at once, which would bypass every limit on
 * concurrency. Legitimate clients stay far below this.
 */
const MAX_PIPELINED = 256

/** The channels on which node:http reports requests, for instrumentation. */
const requestStarts = channel('http.server.request.start')
const responseFinishes = channel('http.server.response.finish')

/** What a front needs from its port. */
export interface Http1FrontHost {
  /** The emitter of the `upgrade` and `connect` events. */
  readonly port: EventEmitter
  /** Observe requests with unreadable heads, which reach no handler. */
  readonly observers: ObserverList
  readonly hosts: HostGuard
  /** The calls over WebSockets; null if they are off. */
  readonly webSockets?: () => WebSocketUpgrades | null
  /** Whether the port's `clientError` listeners answer unreadable requests, as on a server of node:http. */
  readonly leavesClientErrors: boolean
}

/** Serves HTTP/1.1 connections, and ends them gracefully when the port closes. */
export class Http1Front {
  readonly #server: Server
  readonly #open = new Set<ServerResponse>()
  /** node:http itself closes connections that exceed `keepAliveTimeout`; this only finds the idle ones. */
  readonly #idle = new IdleQueue<Socket>({
    connections: () => this.#acceptedAtMs.keys(),
    idleSinceOf: (socket) => this.#idleSinceOf(socket),
  })
  /** When each connection was accepted, by `performance.now()`. */
  readonly #acceptedAtMs = new Map<Socket, number>()
  readonly #observers: ObserverList
  readonly #ages: ConnectionAges
  /** Connections that have reached their maximum age; null without one. */
  readonly #retired: WeakSet<Socket> | null
  /** How long a connection may have been idle to stay open after its next response. */
  readonly #maxIdleMs: number
  #isDraining = false

  readonly #upgrades: Http1Upgrades

  constructor(options: ResolvedOnePortOptions, handler: NodeHandler, host: Http1FrontHost) {
    const { port, observers, hosts } = host
    this.#observers = observers
    const { http2, idleTimeoutMs, keepalive, keepAliveTimeoutMs } = options
    this.#ages = new ConnectionAges(keepalive, { timers: http2.timers })
    this.#retired = keepalive.maxConnectionAgeMs === 0 ? null : new WeakSet()
    const isNeverIdle = idleTimeoutMs === 0 || (keepAliveTimeoutMs > 0 && keepAliveTimeoutMs <= idleTimeoutMs)
    this.#maxIdleMs = isNeverIdle ? Number.POSITIVE_INFINITY : idleTimeoutMs
    const onTaken = (socket: Socket) => this.#acceptedAtMs.delete(socket)
    const { webSockets = () => null } = host
    this.#upgrades = new Http1Upgrades({ limits: { ...options, hosts }, port, onTaken, webSockets })
    this.#server = createServer({
      headersTimeout: options.headerTimeoutMs,
      connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, options.headerTimeoutMs),
      // The stall watch times bodies: calls may last as long as they make progress.
      requestTimeout: 0,
      keepAliveTimeout: options.keepAliveTimeoutMs,
      maxHeaderSize: options.maxHeaderListBytes,
      insecureHTTPParser: false,
      shouldUpgradeCallback: this.#upgrades.takes,
    })
    // node:http silently drops fields above its limit. The request guard refuses such requests instead.
    this.#server.maxHeadersCount = 0
    this.#server.on('request', (request, response) => this.#onRequest(request, response, handler))
    // The handler decides whether it wants the body.
    this.#server.on('checkContinue', (request, response) => this.#onRequest(request, response, handler))
    this.#server.on('clientError', (error, socket) => {
      if (host.leavesClientErrors) this.#leaveClientError(port, error, socket as Socket)
      else this.#onClientError(error, socket as Socket)
    })
    this.#upgrades.listenTo(this.#server)
    // Starts connection tracking, which the header timeout and the drain need, on a server that does not listen.
    this.#server.emit('listening')
  }

  /** Takes over a connection whose first bytes have not been read. */
  accept(socket: Duplex): void {
    if (socket instanceof Socket) {
      this.#acceptedAtMs.set(socket, performance.now())
      const forgetAge = this.#ages.watch({
        retire: () => this.#retire(socket),
        // Listeners of upgrades own their connections.
        end: () => void (this.#acceptedAtMs.has(socket) && socket.destroy()),
      })
      socket.once('close', () => {
        this.#acceptedAtMs.delete(socket)
        forgetAge()
      })
    }
    this.#server.emit('connection', socket)
  }

  /**
   * Serves a request that arrived by other means as if node:http had parsed it, so that instrumentation of node:http
   * servers sees it too.
   */
  serve(request: IncomingMessage, response: ServerResponse): void {
    const server = this.#server
    const message = { request, response, socket: request.socket, server }
    if (requestStarts.hasSubscribers) requestStarts.publish(message)
    if (responseFinishes.hasSubscribers) response.once('finish', () => responseFinishes.publish(message))
    server.emit('request', request, response)
  }

  /** Returns the longest-idle connection. */
  findLongestIdle(now: number): IdleConnection | undefined {
    const longest = this.#idle.findLongest(now)
    if (longest === undefined) return undefined
    const end = () => {
      this.#idle.take()
      longest.connection.destroy()
    }
    return { idleMs: now - longest.sinceMs, end }
  }

  /** The open connections. */
  *connections(): Generator<PortConnection, void> {
    for (const socket of this.#acceptedAtMs.keys()) {
      yield { key: knownHttp1Connection(socket) ?? socket, socket, session: null }
    }
  }

  /** Drops the list of idle connections. */
  clearIdle(): void {
    this.#idle.clear()
  }

  /** Closes idle connections at once, and the others after their current response. */
  drain(): void {
    this.#isDraining = true
    for (const response of this.#open) closeBehind(response)
    this.#server.closeIdleConnections()
  }

  /** Stops the timer of node:http. Call it when no connection is left. */
  close(): void {
    this.#server.close()
  }

  #onRequest(request: IncomingMessage, response: ServerResponse, handler: NodeHandler): void {
    const { socket } = request
    if (socket instanceof MemorySocket) {
      handler(request, response)
      return
    }
    if (socket.isPaused()) keepRecords(socket)
    // Parsed together with the request that exceeded the limit.
    if (socket.destroyed) return
    const connection = http1ConnectionOf(request)
    connection.openRequests += 1
    if (connection.openRequests > MAX_PIPELINED) {
      socket.destroy()
      return
    }
    this.#open.add(response)
    response.on('close', () => {
      connection.openRequests -= 1
      this.#open.delete(response)
      if (connection.openRequests === 0) {
        connection.idleSinceMs = performance.now()
        connection.whenAnswered?.()
      }
      if (this.#isDraining) this.#server.closeIdleConnections()
    })
    const isLast = this.#isDraining || this.#retired?.has(socket) || this.#wasIdle(connection)
    if (!this.#upgrades.restore(request) || isFaultyFraming(request) || isLast) closeBehind(response)
    handler(request, response)
  }

  /** Closes a connection after its next response, or the one under way. */
  #retire(socket: Socket): void {
    this.#retired?.add(socket)
    for (const response of this.#open) if (response.socket === socket) closeBehind(response)
  }

  /** Whether a connection was idle for too long before its only open request. */
  #wasIdle({ openRequests, idleSinceMs }: Http1Connection): boolean {
    if (this.#maxIdleMs === Number.POSITIVE_INFINITY || openRequests > 1) return false
    return performance.now() - idleSinceMs > this.#maxIdleMs
  }

  #idleSinceOf(socket: Socket): number | undefined {
    const acceptedAtMs = this.#acceptedAtMs.get(socket)
    if (acceptedAtMs === undefined || socket.destroyed) return undefined
    const sinceMs = idleSinceOf(socket) ?? acceptedAtMs
    return sinceMs === 'busy' ? undefined : sinceMs
  }

  #leaveClientError(port: EventEmitter, error: ClientError, socket: Socket): void {
    const isInside = [...this.#open].some((response) => response.socket === socket)
    if (!isInside && error.code !== 'ECONNRESET') this.#observeRefusal(socket, Number.parseInt(statusOf(error), 10))
    port.emit('clientError', error, socket)
  }

  /** If a response is under way, an error response would be read as part of it, so the connection is just closed. */
  #onClientError(error: ClientError, socket: Socket): void {
    const isAnswering = [...this.#open].some((response) => response.socket === socket && response.headersSent)
    const isDeaf = socket.destroyed || !socket.writable || error.code === 'ECONNRESET' || isForeign(error)
    if (isAnswering || isDeaf) {
      socket.destroy()
      return
    }
    const status = statusOf(error)
    const isInside = [...this.#open].some((response) => response.socket === socket)
    if (!isInside) this.#observeRefusal(socket, Number.parseInt(status, 10))
    refuseHttp1(socket, status)
  }

  /** Reports a request of which nothing is known except its sender. */
  #observeRefusal(socket: Socket, httpStatus: number): void {
    const { remoteAddress = '', remotePort = 0 } = socket
    const peer = peerText(remoteAddress, remotePort)
    const start = { ...UNREADABLE, peer, startedAtMs: performance.now() }
    this.#observers.guarded?.onStart(start)?.onEnd({ ...NOTHING, code: codeOfHttpStatus(httpStatus), httpStatus, peer })
  }
}

const UNREADABLE: Omit<CallStart, 'peer' | 'startedAtMs'> = {
  side: 'server',
  protocol: 'http',
  path: '',
  method: undefined,
  httpMethod: '',
  httpVersion: '1.1',
  header: new Headers(),
  target: '',
}

const NOTHING = { error: null, receivedBytes: 0, sentBytes: 0, receivedMessages: 0, sentMessages: 0, durationMs: 0 }

/**
 * Works around HPE_PAUSED over TLS. node:http pauses the parser of a client that pipelines without reading; TLS still
 * passes decrypted records to the paused parser, which fails. With a `data` listener, node:http reads from the socket
 * instead, which buffers meanwhile. Pushing an empty string makes the socket read again.
 */
function keepRecords(socket: Socket): void {
  if (!(socket instanceof TLSSocket) || socket.listeners('data').includes(ignoreData)) return
  socket.on('data', ignoreData)
  socket.push('')
}

function ignoreData(): void {}

function closeBehind(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close')
}

/** An error as node:http reports it. */
interface ClientError extends NodeJS.ErrnoException {
  /** The input that the parser failed on. */
  readonly rawPacket?: Buffer
}

/**
 * Whether the input is not HTTP at all. A wrong preface is answered by closing the connection (RFC 9113 section 3.4).
 */
function isForeign({ code, rawPacket }: ClientError): boolean {
  return code === 'HPE_INVALID_METHOD' && rawPacket?.includes('HTTP/') === false
}

/** The status line for unreadable requests, by the error code of node:http. */
const STATUS_BY_CODE: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

function statusOf({ code = '' }: ClientError): string {
  return STATUS_BY_CODE[code] ?? '400 Bad Request'
}

/**
 * HTTP/1.0 has no Transfer-Encoding, so proxies may disagree about where such a request ends (RFC 9112 section 6.1).
 */
function isFaultyFraming({ httpVersion, headers }: IncomingMessage): boolean {
  return httpVersion === '1.0' && headers['transfer-encoding'] !== undefined
}
