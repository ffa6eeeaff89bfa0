/** Checks the opening handshake of a WebSocket (RFC 6455, section 4.2; RFC 8441, section 5) before it is accepted. */
import { Code } from '@connectrpc/connect'
import { SUBPROTOCOL } from '../../../wire/grpc-websockets/grpc-websockets.ts'
import { isHandshakeKey, listItems, WEBSOCKET_VERSION } from '../../../wire/websocket/handshake-key.ts'
import type { ExchangeConnection, ExchangeHead, RequestField } from '../../rpc/exchange/exchange.ts'
import type { RequestFault } from '../../rpc/exchange/refusal.ts'

/** A request for a WebSocket, on either version of HTTP. */
export interface Handshake {
  /** The HTTP method; CONNECT in HTTP/2. */
  readonly method: string
  readonly path: string
  readonly authority: string
  readonly fields: readonly RequestField[]
  readonly connection: ExchangeConnection
  /** Returns the value of the first field with this lower-case name. */
  get(name: string): string | undefined
}

/** Returns the handshake in the head of a request. */
export function handshakeOf(head: ExchangeHead, connection: ExchangeConnection): Handshake {
  const { method, path, authority, fields } = head
  return { method, path, authority, fields, connection, get: (name) => head.get(name) }
}

/** Returns whether a client offers the wire format. */
export function offersCalls(subprotocols: string | undefined): boolean {
  return listItems(subprotocols).includes(SUBPROTOCOL)
}

/** Returns why a handshake is malformed; undefined if it is not. */
export function handshakeFault(handshake: Handshake): RequestFault | undefined {
  const { method, connection } = handshake
  const isHttp2 = connection.httpVersion === '2'
  if (method !== (isHttp2 ? 'CONNECT' : 'GET')) return fault('a WebSocket is opened by GET', 405)
  if (handshake.get('sec-websocket-version') !== WEBSOCKET_VERSION) {
    return fault(`sec-websocket-version must be ${WEBSOCKET_VERSION}`, 426)
  }
  if (!isHttp2 && !isHandshakeKey(handshake.get('sec-websocket-key') ?? '')) {
    return fault('sec-websocket-key must be 16 octets in base64', 400)
  }
  return undefined
}

/** The server takes no new calls. */
export const DRAINING: RequestFault = Object.freeze({
  code: Code.Unavailable,
  message: 'the server is shutting down',
  httpStatus: 503,
})

function fault(message: string, httpStatus: number): RequestFault {
  return { code: Code.Internal, message, httpStatus }
}
