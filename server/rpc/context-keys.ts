/** The context values that gates, interceptors and handlers find on every call. */
import type { X509Certificate } from 'node:crypto'
import { type ContextKey, createContextKey } from '@connectrpc/connect'
import type { FastifyRequest } from 'fastify'
import { clientAddress, type ProxyTrust } from '../observing/client-address.ts'
import type { Exchange, PeerTls } from './exchange/exchange.ts'

/** The caller. Its parts are determined on access. */
export interface Peer {
  /**
   * The IP address of the caller: that of the connection, or as Fastify's `trustProxy` determines it. Empty on a Unix
   * socket.
   */
  readonly address: string
  /** The port of the caller; 0 on a Unix socket and behind a trusted proxy. */
  readonly port: number
  /**
   * The TLS parameters of the connection; undefined for cleartext. Behind a proxy that terminates TLS they are the
   * proxy's.
   */
  readonly tls: PeerTls | undefined
  /** The client certificate, verified against `tls.ca`; undefined if there is none. */
  readonly certificate: X509Certificate | undefined
}

/**
 * The caller of a call, in `context.values`:
 *
 *     const { address, certificate } = context.values.get(peerKey)
 *     const name = certificate?.subject   // also subjectAltName, fingerprint256 and others
 */
export const peerKey = createContextKey<Peer>(
  { address: '', port: 0, tls: undefined, certificate: undefined },
  { description: 'portico: the peer of the call' },
)

/** Where a call, or another request, comes from. */
type PeerSource = Pick<Exchange, 'clientAddress' | 'connection' | 'head'>

/** Created with the values of a call. */
export class CallPeer implements Peer {
  readonly #exchange: PeerSource
  readonly #trust: ProxyTrust | null

  constructor(exchange: PeerSource, trust: ProxyTrust | null) {
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

/** Prefers the address that Fastify determined, for calls that run through its hooks. */
function addressOf({ clientAddress: known, connection, head }: PeerSource, trust: ProxyTrust | null): string {
  if (known !== undefined) return known
  const forwarded = head.fields.filter(({ name }) => name === 'x-forwarded-for').map(({ value }) => value)
  return clientAddress(connection.remoteAddress, forwarded.length === 0 ? undefined : forwarded.join(', '), trust)
}

/** An authenticated caller. */
export interface Principal {
  /** The subject of a token, the name of a key or user, the identity in a certificate. */
  readonly name: string
  /** How the caller proved it: `jwt`, `apiKey`, `basic`, `mtls`, or a scheme of your own. */
  readonly scheme: string
  /** What the caller may do, as the scheme says it. Empty if it says nothing. */
  readonly scopes: readonly string[]
  /** What else the scheme says of the caller, such as the claims of a token. */
  readonly claims: Readonly<Record<string, unknown>>
}

/** The authenticated caller of a call, in `context.values`; undefined if authentication is off or not required. */
export const principalKey: ContextKey<Principal | undefined> = createContextKey<Principal | undefined>(undefined, {
  description: 'portico: the authenticated caller',
})

/**
 * The Fastify request of a call, in `context.values`, with `request.user`, `request.log` and whatever else hooks have
 * put there. Undefined for calls that are answered without Fastify, because they have no hooks.
 */
export const fastifyRequestKey: ContextKey<FastifyRequest | undefined> = createContextKey<FastifyRequest | undefined>(
  undefined,
  { description: 'portico: the Fastify request of the call' },
)
