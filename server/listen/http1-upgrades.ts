/** Requests that ask to switch to another protocol (RFC 9110 section 7.8), and CONNECT. */
import { Buffer } from 'node:buffer'
import type { EventEmitter } from 'node:events'
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { replaceHead } from './forwarded/node-http.ts'
import { http1ConnectionOf } from './http1-connection.ts'
import { refuseHttp1 } from './refuse-connection.ts'
import { type GuardLimits, guardRequest, toOriginForm } from './request-guard.ts'

/** What upgrades need to know. */
export interface Http1UpgradesInit {
  readonly limits: GuardLimits
  /** Its listeners for `upgrade` and `connect` take such requests. */
  readonly port: EventEmitter
  /** A connection is a listener's from here on. */
  onTaken(socket: Socket): void
}

/** HTTP/2 is spoken by prior knowledge or by ALPN: nobody upgrades to it (RFC 9113 section 3.1). */
const CLEARTEXT_HTTP2 = 'h2c'

/**
 * Hands requests to listeners of the port, and lets node:http serve all others as if they had asked for nothing. Without a
 * listener it drops what a client has sent behind such a request. So it has one here, and a request that nobody takes is put
 * back, without the wish, in front of what follows it.
 */
export class Http1Upgrades {
  readonly #init: Http1UpgradesInit
  /** The heads of requests that have come back, as they were sent. */
  readonly #declined = new WeakMap<Socket, string[]>()
  /** Requests behind whose end node:http reads no more. */
  readonly #cut = new WeakSet<IncomingMessage>()

  constructor(init: Http1UpgradesInit) {
    this.#init = init
  }

  /**
   * Whether node:http is to hand a request over. Newer versions ask. They hand it over before its body has come, which cannot be
   * taken back, so a request with a body is served where it is.
   */
  readonly takes = (request: IncomingMessage): boolean => {
    if (this.#isWanted(request) || !hasBody(request)) return true
    this.#cut.add(request)
    return false
  }

  /** Takes the requests of a server, which gives each of the others to `restore`. */
  listenTo(server: Server): void {
    server.on('upgrade', (request, stream, head) => {
      const socket = stream as Socket
      afterAnswers(request, () => {
        if (this.#isWanted(request)) this.#handUpgrade(request, socket, head)
        else this.#decline(server, request, { socket, head })
      })
    })
    server.on('connect', (request, stream, head) => {
      const socket = stream as Socket
      afterAnswers(request, () => {
        if (this.#init.port.listenerCount('connect') === 0) refuseHttp1(socket, '501 Not Implemented')
        else this.#hand('connect', request, socket, head)
      })
    })
  }

  /**
   * Gives a request that was declined its head again.
   *
   * @returns whether its connection can serve another one: false where node:http has dropped what may stand behind it
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

  #handUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    toOriginForm(request)
    const fault = guardRequest(request, this.#init.limits)
    if (fault === undefined) this.#hand('upgrade', request, socket, head)
    else refuseHttp1(socket, `${fault.httpStatus} ${STATUS_CODES[fault.httpStatus]}`, `${fault.message}\n`)
  }

  #hand(event: 'upgrade' | 'connect', ...given: readonly [IncomingMessage, Socket, Buffer]): void {
    this.#init.onTaken(given[1])
    this.#init.port.emit(event, ...given)
  }

  /** The connection starts anew, with the request as one that asks for nothing. */
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

/** What was sent ahead of a request is answered before it. */
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

/** Without the fields that ask for another protocol. */
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

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}
