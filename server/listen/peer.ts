/** What is known of the other end of a connection. */
import type { Socket } from 'node:net'

/** Facts of a connection that stay true once it is closed. */
export interface Peer {
  /** The peer's address without its port; empty where there is none, as on a unix socket. */
  readonly remoteAddress: string
  /** The peer's port, 0 where there is none. */
  readonly remotePort: number
  /** The octets went through TLS of ours. */
  readonly isEncrypted: boolean
  /** The version that the peer speaks. */
  readonly httpVersion: '1.0' | '1.1' | '2'
}

/** Reads the facts while the socket is open: a closed one has forgotten them. */
export function peerOf(socket: Socket, httpVersion: Peer['httpVersion']): Peer {
  const { remoteAddress = '', remotePort = 0 } = socket
  return { remoteAddress, remotePort, isEncrypted: 'encrypted' in socket, httpVersion }
}
