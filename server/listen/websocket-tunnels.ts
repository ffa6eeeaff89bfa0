/** Streams of HTTP/2 that become WebSockets with calls (RFC 8441). */
import { STATUS_CODES } from 'node:http'
import { Code } from '@connectrpc/connect'
import type { Http2Stream, RequestHead } from '../../wire/http2/http2.ts'
import { CallHead } from '../rpc/exchange/call-head.ts'
import { refuse } from '../rpc/exchange/caller-protocol.ts'
import type { RequestFault } from '../rpc/exchange/refusal.ts'
import type { Carrier } from './forwarded/memory-socket.ts'
import type { PortCalls } from './port-calls.ts'
import { type Handshake, handshakeOf, offersCalls } from './websocket/handshake.ts'
import type { WebSocketFront } from './websocket/websocket-front.ts'

/** Loaded only if WebSockets are on. */
export class WebSocketTunnels {
  readonly #front: WebSocketFront
  readonly #calls: PortCalls

  constructor(front: WebSocketFront, calls: PortCalls) {
    this.#front = front
    this.#calls = calls
  }

  /**
   * Opens the WebSocket that a CONNECT asks for, or refuses it.
   *
   * @param fault why the head is refused whatever it asks for; undefined if it is valid
   */
  open(stream: Http2Stream, head: RequestHead, carrier: Carrier, fault: RequestFault | undefined): void {
    const handshake = handshakeOf(head, carrier.connection)
    const accepted = this.#front.accept(handshake, fault ?? this.#faultOf(head, handshake))
    if (!('httpStatus' in accepted)) {
      this.#front.openOnStream(accepted, carrier, stream)
      return
    }
    const refusal = refuse(undefined, new CallHead(head), accepted)
    stream.reply(refusal.head.http2, refusal.body, null)
    stream.release()
  }

  #faultOf({ protocol, path }: RequestHead, handshake: Handshake): RequestFault | undefined {
    if (protocol !== 'websocket') return notServed(501)
    const isCall = offersCalls(handshake.get('sec-websocket-protocol')) && this.#calls.takesWebSocket(path, true)
    return isCall ? undefined : notServed(404)
  }
}

function notServed(httpStatus: number): RequestFault {
  return { code: Code.Unimplemented, message: STATUS_CODES[httpStatus] ?? '', httpStatus }
}
