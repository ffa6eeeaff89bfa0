/** The HTTP/1.1 half of the port: a node:http server that never listens itself. */
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
import type { IdleConnection } from './connection-limits.ts'
import { MemorySocket } from './forwarded/memory-socket.ts'
import type { HostGuard } from './host-guard.ts'
import { http1ConnectionOf, idleSinceOf } from './http1-connection.ts'
import { Http1Upgrades } from './http1-upgrades.ts'
import { IdleQueue } from './idle-queue.ts'
import type { ResolvedOnePortOptions } from './one-port-options.ts'
import { refuseHttp1 } from './refuse-connection.ts'

/** How often node:http looks for requests whose headers take too long. */
const CHECK_INTERVAL_MS = 1_000

/**
 * Requests of one connection that wait for their answers. node:http runs all that a client sends ahead at once, so that more
 * would get around every limit of what runs; no client that is no attack sends so many ahead.
 */
const MAX_PIPELINED = 256

/** Where node:http announces the requests that it has parsed; instrumentation listens there. */
const requestStarts = channel('http.server.request.start')
const responseFinishes = channel('http.server.response.finish')

/** What a front needs of its port. */
export interface Http1FrontHost {
  /** Has the listeners for upgrades. */
  readonly port: EventEmitter
  /** Receive requests whose heads cannot be read, of which no handler learns. */
  readonly observers: ObserverList
  readonly hosts: HostGuard
  /** Listeners for `clientError` of the port answer what cannot be read, as on a server of node:http. */
  readonly leavesClientErrors: boolean
}

/** Answers the connections that speak HTTP/1.1, and ends them politely when the port closes. */
export class Http1Front {
  readonly #server: Server
  readonly #open = new Set<ServerResponse>()
  /** node:http itself ends those that idle for too long. */
  readonly #idle = new IdleQueue<Socket>({
    connections: () => this.#acceptedAtMs.keys(),
    idleSinceOf: (socket) => this.#idleSinceOf(socket),
  })
  /** When each connection came, by `performance.now()`. */
  readonly #acceptedAtMs = new Map<Socket, number>()
  readonly #observers: ObserverList
  #isDraining = false

  readonly #upgrades: Http1Upgrades

  constructor(options: ResolvedOnePortOptions, handler: NodeHandler, host: Http1FrontHost) {
    const { port, observers, hosts } = host
    this.#observers = observers
    const onTaken = (socket: Socket) => this.#acceptedAtMs.delete(socket)
    this.#upgrades = new Http1Upgrades({ limits: { ...options, hosts }, port, onTaken })
    this.#server = createServer({
      headersTimeout: options.headerTimeoutMs,
      connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, options.headerTimeoutMs),
      // The stall watch times bodies: calls may take as long as they move.
      requestTimeout: 0,
      keepAliveTimeout: options.keepAliveTimeoutMs,
      maxHeaderSize: options.maxHeaderListBytes,
      insecureHTTPParser: false,
      shouldUpgradeCallback: this.#upgrades.takes,
    })
    // No limit here, because node:http drops fields above it without a word; the request guard refuses them.
    this.#server.maxHeadersCount = 0
    this.#server.on('request', (request, response) => this.#onRequest(request, response, handler))
    // Whoever answers decides whether the body is wanted.
    this.#server.on('checkContinue', (request, response) => this.#onRequest(request, response, handler))
    this.#server.on('clientError', (error, socket) => {
      if (host.leavesClientErrors) this.#leaveClientError(port, error, socket as Socket)
      else this.#onClientError(error, socket as Socket)
    })
    this.#upgrades.listenTo(this.#server)
    // A server that never listens would not track its connections, which the header timeout and the drain rest on.
    this.#server.emit('listening')
  }

  /** Takes over a connection whose first bytes are not read yet. */
  accept(socket: Duplex): void {
    if (socket instanceof Socket) {
      this.#acceptedAtMs.set(socket, performance.now())
      socket.once('close', () => this.#acceptedAtMs.delete(socket))
    }
    this.#server.emit('connection', socket)
  }

  /**
   * Serves a request that came another way as if node:http had parsed it: whatever observes or replaces the handlers of its
   * servers sees this request too.
   */
  serve(request: IncomingMessage, response: ServerResponse): void {
    const server = this.#server
    const message = { request, response, socket: request.socket, server }
    if (requestStarts.hasSubscribers) requestStarts.publish(message)
    if (responseFinishes.hasSubscribers) response.once('finish', () => responseFinishes.publish(message))
    server.emit('request', request, response)
  }

  /** The connection without a request that can be missed best. */
  findLongestIdle(now: number): IdleConnection | undefined {
    const longest = this.#idle.findLongest(now)
    if (longest === undefined) return undefined
    const end = () => {
      this.#idle.take()
      longest.connection.destroy()
    }
    return { idleMs: now - longest.sinceMs, end }
  }

  /** Keeps no connection that could make room. */
  clearIdle(): void {
    this.#idle.clear()
  }

  /** Closes what is idle, and each connection behind the answer that it waits for. */
  drain(): void {
    this.#isDraining = true
    for (const response of this.#open) closeBehind(response)
    this.#server.closeIdleConnections()
  }

  /** Frees the timer that node:http keeps for its connections. Call it once no connection is left. */
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
    // Parsed behind the request that was one too many.
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
    if (!this.#upgrades.restore(request) || isFaultyFraming(request) || this.#isDraining) closeBehind(response)
    handler(request, response)
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

  /** An answer that is under way cannot be told from a second one written into it: then the connection just ends. */
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

  /** There is no request: all that is known is who sent it. */
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
 * node:http pauses the parser of a client that asks again before it has read its answer. TLS hands the records that it has
 * decrypted to that parser all the same, which then fails with HPE_PAUSED. With a listener for data, node:http reads from the
 * socket instead, which keeps them meanwhile; pushing no octets tells the socket that it is to read again by itself.
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

/** As node:http reports it. */
interface ClientError extends NodeJS.ErrnoException {
  /** What the parser was given when it gave up. */
  readonly rawPacket?: Buffer
}

/** Whether a peer speaks neither version of HTTP: a wrong preface is answered by closing (RFC 9113 section 3.4). */
function isForeign({ code, rawPacket }: ClientError): boolean {
  return code === 'HPE_INVALID_METHOD' && rawPacket?.includes('HTTP/') === false
}

/** What a peer gets whose bytes are broken HTTP: node:http gives the reason as a code. */
const STATUS_BY_CODE: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

function statusOf({ code = '' }: ClientError): string {
  return STATUS_BY_CODE[code] ?? '400 Bad Request'
}

/** HTTP/1.0 has no Transfer-Encoding, so that others may see another end of the request (RFC 9112 section 6.1). */
function isFaultyFraming({ httpVersion, headers }: IncomingMessage): boolean {
  return httpVersion === '1.0' && headers['transfer-encoding'] !== undefined
}
