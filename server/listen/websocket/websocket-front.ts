/** The WebSocket side of a port: calls in the wire format `grpc-websockets`, one per WebSocket. */
import type { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { SUBPROTOCOL } from '../../../wire/grpc-websockets/grpc-websockets.ts'
import { type Http2Stream, headerField } from '../../../wire/http2/http2.ts'
import { acceptOf, WEBSOCKET_VERSION } from '../../../wire/websocket/handshake-key.ts'
import { SocketCarrier } from '../../../wire/websocket/socket-carrier.ts'
import { StreamCarrier } from '../../../wire/websocket/stream-carrier.ts'
import type { RequestFault } from '../../rpc/exchange/refusal.ts'
import type { Carrier } from '../forwarded/memory-socket.ts'
import { DRAINING, type Handshake, handshakeFault } from './handshake.ts'
import { observeHandshake } from './observe-handshake.ts'
import { OpenedWebSocket, type WebSocketSet } from './opened-websocket.ts'
import type { AcceptedHandshake, OpeningWebSocket } from './opening-websocket.ts'
import { judgePage } from './page-origin.ts'
import type { WebSocketHost } from './websocket-host.ts'
import { WebSocketStalls } from './websocket-stalls.ts'

/** The head of the response over HTTP/2, which has no upgrade (RFC 8441, section 5). */
const ACCEPTED_STREAM = [headerField(':status', '200'), headerField('sec-websocket-protocol', SUBPROTOCOL)]

/** Loaded only if WebSockets are on. */
export class WebSocketFront {
  readonly #set: WebSocketSet
  #isDraining = false

  constructor(host: WebSocketHost) {
    const { stallTimeoutMs, http2 } = host.limits
    const stalls = new WebSocketStalls(stallTimeoutMs, http2.timers)
    this.#set = { ...host, stalls, opening: new Set<OpeningWebSocket>() }
  }

  /**
   * Decides on a handshake. Returns why it is refused, or what to open.
   *
   * @param fault what the port has against its head; undefined for nothing
   */
  accept(handshake: Handshake, fault: RequestFault | undefined): AcceptedHandshake | RequestFault {
    const verdict = fault ?? this.#judge(handshake)
    if (typeof verdict === 'string') return { handshake, hasCredentials: verdict === 'with credentials' }
    const { code, httpStatus } = verdict
    observeHandshake(this.#set.calls, handshake, { code, httpStatus, startedAtMs: performance.now() })
    return verdict
  }

  /** Switches a connection of HTTP/1.1. `head` is what the client has sent behind its handshake. */
  openOnSocket(accepted: AcceptedHandshake, carrier: Carrier, head: Buffer): void {
    const socket = carrier.socket as Socket
    const key = accepted.handshake.get('sec-websocket-key') ?? ''
    const fields = `upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${acceptOf(key)}\r\n`
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}sec-websocket-protocol: ${SUBPROTOCOL}\r\n\r\n`)
    const { timeMs } = this.#set.limits.keepalive
    new OpenedWebSocket(this.#set, accepted, { bytes: new SocketCarrier(socket, head), carrier, pingAfterMs: timeMs })
  }

  /** Makes a tunnel of a stream of HTTP/2, whose session has a keepalive of its own. */
  openOnStream(accepted: AcceptedHandshake, carrier: Carrier, stream: Http2Stream): void {
    stream.respond(ACCEPTED_STREAM)
    new OpenedWebSocket(this.#set, accepted, { bytes: new StreamCarrier(stream), carrier, pingAfterMs: 0 })
  }

  /** Ends the WebSockets that carry no call yet, and accepts no more. */
  drain(): void {
    this.#isDraining = true
    for (const opening of this.#set.opening) opening.drain()
  }

  #judge(handshake: Handshake): ReturnType<typeof judgePage> {
    const { calls } = this.#set
    const fault = this.#isDraining ? DRAINING : handshakeFault(handshake)
    if (fault !== undefined) return fault
    const corsFields = calls.corsFieldsAt(handshake.path, handshake.get('origin'))
    return judgePage(handshake, { corsFields, trustProxy: calls.trustProxy })
  }
}

/** The fields of a refused handshake over HTTP/1.1 that say what would be accepted. */
export function refusalFields({ httpStatus }: RequestFault): string {
  if (httpStatus === 426) return `upgrade: websocket\r\nsec-websocket-version: ${WEBSOCKET_VERSION}\r\n`
  return httpStatus === 405 ? 'allow: GET\r\n' : ''
}
