/** Handles requests to switch to another protocol (RFC 9110 section 7.8), and CONNECT. */
import { Buffer } from 'node:buffer'
import type { EventEmitter } from 'node:events'
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { replaceHead } from './forwarded/node-http.ts'
import { http1ConnectionOf } from './http1-connection.ts'
import { refuseHttp1 } from './refuse-connection.ts'
import { type GuardLimits, guardRequest, toOriginForm } from './request-guard.ts'
import type { WebSocketUpgrades } from './websocket-upgrades.ts'

/** What upgrades need. */
export interface Http1UpgradesInit {
  readonly limits: GuardLimits
  /** The emitter of `upgrade` and `connect`. Its listeners take such requests. */
  readonly port: EventEmitter
  /** Called when a listener takes over a connection. */
  onTaken(socket: Socket): void
  /** The calls over WebSockets; null if they are off. */
  readonly webSockets: () => WebSocketUpgrades | null
}

/** HTTP/2 is used by prior knowledge or by ALPN; the upgrade to it is obsolete (RFC 9113 section 3.1). */
const CLEARTEXT_HTTP2 = 'h2c'

/**
 * Passes upgrade requests to the listeners of the port, and has node:http serve all others as if they had not asked.
 * Without an `upgrade` listener, node:http would discard what a client has sent after such a request. So there always
 * is one, and a request that no listener takes is put back into the connection without its upgrade fields, followed by what
 * was read after it.
 */
export class Http1Upgrades {
  readonly #init: Http1UpgradesInit
  /** The original heads of requests that were put back. */
  readonly #declined = new WeakMap<Socket, string[]>()
  /** Requests after which node:http reads no more from the connection. */
  readonly #cut = new WeakSet<IncomingMessage>()

  constructor(init: Http1UpgradesInit) {
    this.#init = init
  }

  /**
   * Whether node:http should emit `upgrade` for a request (asked by newer versions). It emits it before the body has
   * arrived, and then the body cannot be put back, so a request with a body is served without the event.
   */
  readonly takes = (request: IncomingMessage): boolean => {
    if (this.#isWanted(request) || !hasBody(request)) return true
    this.#cut.add(request)
    return false
  }

  /** Handles the `upgrade` and `connect` events of a server, whose other requests must all go through `restore`. */
  listenTo(server: Server): void {
    server.on('upgrade', (request, stream, head) => {
      toOriginForm(request)
      afterAnswers(request, () => {
        const { socket } = request
        const webSockets = hasBody(request) ? null : this.#init.webSockets()
        if (webSockets?.takes(request) === true)
          webSockets.open({ request, socket, head }, guardRequest(request, this.#init.limits))
        else if (this.#isWanted(request)) this.#handUpgrade(request, stream, head)
        else this.#decline(server, request, { socket, head })
      })
    })
    server.on('connect', (request, stream, head) => {
      afterAnswers(request, () => {
        if (this.#init.port.listenerCount('connect') === 0) refuseHttp1(stream, '501 Not Implemented')
        else this.#hand('connect', request, stream, head)
      })
    })
  }

  /**
   * Restores the original head of a request that was put back.
   *
   * @returns whether the connection can serve another request; false if node:http has discarded what may follow
   */
  restore(request: IncomingMessage): boolean {
    const { socket } = request
    const raw = this.#declined.get(socket)
    if (raw !== undefined) {
      replaceHead(request, raw)
      this.#declined.delete(socket)
    }
    return !this.#cut.has(request)
  }

  /** @param stream the socket; for a request with a body that is still arriving, what follows the body */
  #handUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const fault = guardRequest(request, this.#init.limits)
    if (fault === undefined) this.#hand('upgrade', request, stream, head)
    else refuseHttp1(stream, `${fault.httpStatus} ${STATUS_CODES[fault.httpStatus]}`, `${fault.message}\n`)
  }

  #hand(event: 'upgrade' | 'connect', ...given: readonly [IncomingMessage, Duplex, Buffer]): void {
    this.#init.onTaken(given[0].socket)
    this.#init.port.emit(event, ...given)
  }

  /** Puts the request back, without its upgrade fields, in front of what was read after it. */
  #decline(server: Server, request: IncomingMessage, { socket, head }: { socket: Socket; head: Buffer }): void {
    this.#declined.set(socket, request.rawHeaders)
    socket.unshift(Buffer.concat([plainHeadOf(request), head]))
    server.emit('connection', socket)
  }

  #isWanted({ headers }: IncomingMessage): boolean {
    if (this.#init.port.listenerCount('upgrade') === 0) return false
    const names = (headers.upgrade ?? '').split(',').map((name) => name.trim().toLowerCase())
    return names.some((name) => name !== CLEARTEXT_HTTP2)
  }
}

/** Waits until pipelined requests before this one have been answered. */
function afterAnswers(request: IncomingMessage, go: () => void): void {
  const connection = http1ConnectionOf(request)
  if (connection.openRequests === 0) {
    go()
    return
  }
  connection.whenAnswered = () => {
    connection.whenAnswered = null
    if (request.socket.writable) go()
  }
}

/** Returns the head without the fields that ask for an upgrade. */
function plainHeadOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`
  for (let at = 1; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at - 1] ?? ''
    const value = rawHeaders[at] ?? ''
    if (/^upgrade$/i.test(name)) continue
    text += `${name}: ${/^connection$/i.test(name) ? withoutUpgrade(value) : value}\r\n`
  }
  return Buffer.from(`${text}\r\n`, 'latin1')
}

function withoutUpgrade(options: string): string {
  const names = options.split(',').map((name) => name.trim())
  return names.filter((name) => name.toLowerCase() !== 'upgrade').join(', ')
}

/** Without either field a request has no body (RFC 9112 section 6.3). */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}
