/** Connections over Node's sockets: what is known of one, how one is closed, and how its loss is noticed. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { peerText } from '../../observing/client-address.ts'
import type { ExchangeConnection, PeerTls } from './exchange.ts'

/**
 * Reads the facts of a connection. Must run while the socket is open, because a closed socket forgets its addresses.
 */
export function readConnection(socket: Socket, httpVersion: ExchangeConnection['httpVersion']): ExchangeConnection {
  const { remoteAddress = '', remotePort = 0 } = socket
  const peer = peerText(remoteAddress, remotePort)
  return { remoteAddress, remotePort, peer, isEncrypted: 'encrypted' in socket, tls: tlsOf(socket), httpVersion }
}

function tlsOf(socket: Socket): PeerTls | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined
  return { version: socket.getProtocol() ?? '', certificate }
}

/**
 * How long the client may take to close its side. A plain close with unread bytes would make the kernel reset the
 * connection, and the client lose the response.
 */
const LINGER_MS = 1_000

/**
 * Ends our side, discards what the client still sends, and destroys the socket when the client ends or the time is
 * over.
 */
export function lingerThenDestroy(socket: Socket): void {
  if (socket.destroyed || socket.writableEnded) return
  socket.end()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('end', () => socket.destroy()).once('close', () => clearTimeout(timer))
}

/**
 * Calls back when the connection of a request closes. A pipelined response of node:http has no socket before its turn,
 * and not every version of Node closes it with the connection.
 */
export function watchPipelined({ socket }: IncomingMessage, response: ServerResponse, onClose: () => void): void {
  socket.setMaxListeners(0)
  socket.once('close', onClose)
  response.once('close', () => socket.off('close', onClose))
}
