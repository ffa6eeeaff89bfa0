/** Connections over sockets of Node: their facts, how one is closed, and how the loss of one is noticed. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ExchangeConnection, PeerTls } from './exchange.ts'

/** Reads the facts of a connection while its socket is open: a closed socket forgets its addresses. */
export function readConnection(socket: Socket, httpVersion: ExchangeConnection['httpVersion']): ExchangeConnection {
  const { remoteAddress = '', remotePort = 0 } = socket
  return { remoteAddress, remotePort, isEncrypted: 'encrypted' in socket, tls: tlsOf(socket), httpVersion }
}

function tlsOf(socket: Socket): PeerTls | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined
  return { version: socket.getProtocol() ?? '', certificate }
}

/** How long the peer may take to close its end. A plain close with octets unread would make the kernel drop the answer. */
const LINGER_MS = 1_000

/** Ends our half, drops what the peer still sends, and destroys the socket when the peer ends, or soon. */
export function lingerThenDestroy(socket: Socket): void {
  if (socket.destroyed || socket.writableEnded) return
  socket.end()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('end', () => socket.destroy()).once('close', () => clearTimeout(timer))
}

/**
 * Calls back when the connection of a request closes. A response of node:http that waits behind another one has no socket yet,
 * and not every version of Node closes it with the connection.
 */
export function watchPipelined({ socket }: IncomingMessage, response: ServerResponse, onClose: () => void): void {
  socket.setMaxListeners(0)
  socket.once('close', onClose)
  response.once('close', () => socket.off('close', onClose))
}
