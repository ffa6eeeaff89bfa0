/** Upgrades of HTTP/1.1 connections to WebSockets that carry calls. */
import type { Buffer } from 'node:buffer'
import type { EventEmitter } from 'node:events'
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { NodeHead } from '../rpc/exchange/node-request.ts'
import type { RequestFault } from '../rpc/exchange/refusal.ts'
import { http1ConnectionOf } from './http1-connection.ts'
import type { PortCalls } from './port-calls.ts'
import { refuseHttp1 } from './refuse-connection.ts'
import { handshakeOf, offersCalls } from './websocket/handshake.ts'
import { refusalFields, type WebSocketFront } from './websocket/websocket-front.ts'

/** A request to switch to another protocol. */
export interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Socket
  /** What was read behind the request. */
  readonly head: Buffer
}

/** Loaded only if WebSockets are on. */
export class WebSocketUpgrades {
  readonly #front: WebSocketFront
  readonly #calls: PortCalls
  readonly #port: EventEmitter

  /** @param port the emitter of `upgrade`, whose listeners take what is not a call */
  constructor(front: WebSocketFront, calls: PortCalls, port: EventEmitter) {
    this.#front = front
    this.#calls = calls
    this.#port = port
  }

  /** Whether a request asks for a WebSocket in our wire format, to a path of calls. */
  takes({ url = '', headers, httpVersion }: IncomingMessage): boolean {
    // HTTP/1.0 has no upgrades (RFC 9110 section 7.8).
    if (httpVersion === '1.0' || headers.upgrade?.toLowerCase() !== 'websocket') return false
    if (!offersCalls(headers['sec-websocket-protocol'])) return false
    return this.#calls.takesWebSocket(url, this.#port.listenerCount('upgrade') === 0)
  }

  /**
   * Opens the WebSocket of a request, or refuses it.
   *
   * @param fault what the guard has against the request; undefined for nothing
   */
  open({ request, socket, head }: Upgrade, fault: RequestFault | undefined): void {
    const connection = http1ConnectionOf(request)
    const accepted = this.#front.accept(handshakeOf(new NodeHead(request, 0), connection), fault)
    if ('httpStatus' in accepted) {
      const { httpStatus, message } = accepted
      refuseHttp1(socket, `${httpStatus} ${STATUS_CODES[httpStatus]}`, `${message}\n`, refusalFields(accepted))
      return
    }
    // Never idle from here on: the connection is that of one call.
    connection.openRequests += 1
    connection.isFullDuplex = true
    this.#front.openOnSocket(accepted, { socket, connection }, head)
  }
}
