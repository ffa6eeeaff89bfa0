/** What is known of the other end of a connection. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { PeerTls } from '../rpc/exchange/exchange.ts'

/** Facts of a connection that stay true once it is closed. */
export interface Peer {
  /** The peer's address without its port; empty where there is none, as on a unix socket. */
  readonly remoteAddress: string
  /** The peer's port, 0 where there is none. */
  readonly remotePort: number
  /** The octets went through TLS of ours. */
  readonly isEncrypted: boolean
  /** What is known of that TLS. */
  readonly tls?: PeerTls | undefined
  /** The version that the peer speaks. */
  readonly httpVersion: '1.0' | '1.1' | '2'
}

/** Reads the facts while the socket is open: a closed one has forgotten them. */
export function peerOf(socket: Socket, httpVersion: Peer['httpVersion']): Peer {
  const { remoteAddress = '', remotePort = 0 } = socket
  return { remoteAddress, remotePort, isEncrypted: 'encrypted' in socket, tls: tlsOf(socket), httpVersion }
}

function tlsOf(socket: Socket): PeerTls | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined
  return { version: socket.getProtocol() ?? '', certificate }
}
