/** The caller of a request that Fastify has. */
import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { peerOf } from '../listen/peer.ts'
import type { PeerTls } from '../rpc/exchange/exchange.ts'
import type { Peer } from '../rpc/peer.ts'

/** Reads what Fastify and the socket know, when it is asked for. */
export class RequestPeer implements Peer {
  readonly #request: FastifyRequest

  constructor(request: FastifyRequest) {
    this.#request = request
  }

  get address(): string {
    return this.#request.ip ?? ''
  }

  get port(): number {
    const { remoteAddress, remotePort = 0 } = this.#request.socket
    return this.address === remoteAddress ? remotePort : 0
  }

  get tls(): PeerTls | undefined {
    return peerOf(socketOf(this.#request), '1.1').tls
  }

  get certificate(): X509Certificate | undefined {
    return this.tls?.certificate
  }
}

/** node:http2 shows a stand-in. */
function socketOf({ raw, socket }: FastifyRequest): Socket {
  const { stream } = raw as { readonly stream?: { readonly session?: { readonly socket: Socket } } }
  return stream?.session?.socket ?? socket
}
