/** What gates, interceptors and handlers find in the context values of a call. */
import type { X509Certificate } from 'node:crypto'
import { type ContextKey, createContextKey } from '@connectrpc/connect'
import type { FastifyRequest } from 'fastify'
import { clientAddress, type ProxyTrust } from '../observing/client-address.ts'
import type { Exchange, PeerTls } from './exchange/exchange.ts'

/** The caller. Nothing of it is made before it is read. */
export interface Peer {
  /** Its IP address: that of the connection, or as Fastify's `trustProxy` has it. Empty on a Unix socket. */
  readonly address: string
  /** Its port; 0 on a Unix socket, and where the address is what a proxy said. */
  readonly port: number
  /** How the connection is encrypted; undefined in cleartext. Behind a proxy that ends TLS it is the proxy's connection. */
  readonly tls: PeerTls | undefined
  /** The client certificate, verified against `tls.ca`; undefined if there is none. */
  readonly certificate: X509Certificate | undefined
}

/**
 * The caller of a call, for `context.values`:
 *
 *     const { address, certificate } = context.values.get(peerKey)
 *     const name = certificate?.subject   // subjectAltName, fingerprint256 and others stand beside it
 */
export const peerKey = createContextKey<Peer>(
  { address: '', port: 0, tls: undefined, certificate: undefined },
  { description: 'portico: the peer of the call' },
)

/** Made where the values of a call are. */
export class CallPeer implements Peer {
  readonly #exchange: Exchange
  readonly #trust: ProxyTrust | null

  constructor(exchange: Exchange, trust: ProxyTrust | null) {
    this.#exchange = exchange
    this.#trust = trust
  }

  get address(): string {
    return addressOf(this.#exchange, this.#trust)
  }

  get port(): number {
    const { remoteAddress, remotePort } = this.#exchange.connection
    return this.address === remoteAddress ? remotePort : 0
  }

  get tls(): PeerTls | undefined {
    return this.#exchange.connection.tls
  }

  get certificate(): X509Certificate | undefined {
    return this.#exchange.connection.tls?.certificate
  }
}

/** What Fastify says, where it has the request. */
function addressOf({ clientAddress: known, connection, head }: Exchange, trust: ProxyTrust | null): string {
  if (known !== undefined) return known
  const forwarded = head.fields.filter(({ name }) => name === 'x-forwarded-for').map(({ value }) => value)
  return clientAddress(connection.remoteAddress, forwarded.length === 0 ? undefined : forwarded.join(', '), trust)
}

/**
 * The Fastify request of a call: with `request.user`, `request.log` and whatever else hooks put there. Gates, interceptors and
 * handlers read it from `context.values`. Undefined for calls that no hook sees, which Fastify never gets.
 */
export const fastifyRequestKey: ContextKey<FastifyRequest | undefined> = createContextKey<FastifyRequest | undefined>(
  undefined,
  { description: 'portico: the Fastify request of the call' },
)
