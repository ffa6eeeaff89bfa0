/** How one connection is secured. */
import { isIP } from 'node:net'
import { type ConnectionOptions, checkServerIdentity, type SecureContext } from 'node:tls'
import type { Address } from '../contracts/endpoint.ts'

/** What to use, and whom to expect. */
export interface DialTls {
  /** The name for SNI and the certificate, wherever the connection leads; null or absent: nobody has said. An IP address is no SNI. */
  readonly serverName?: string | null
  /** The name where nobody has said, and the address has none of its own; null: the host of the address. */
  readonly defaultServerName: string | null
  /** Accept any certificate. Default false. */
  readonly insecure?: boolean
  /** What is spoken. Default `h2`. */
  readonly alpn?: AlpnName
  /** Take a server that says nothing to `h2` for one that speaks it. Default false. */
  readonly allowMissingAlpn?: boolean
  /** Gives the certificates and the key; asked for each connection. */
  readonly secureContext: () => SecureContext
}

/** A version of HTTP as TLS names it (RFC 7301). */
export type AlpnName = 'h2' | 'http/1.1'

/** The same for Node, for a connection that leads to the address. */
export function tlsConnectOptions(tls: DialTls, address: Address): ConnectionOptions {
  const { alpn = 'h2', insecure = false } = tls
  const servername = tls.serverName ?? address.serverName ?? tls.defaultServerName ?? hostOf(address)
  return {
    ALPNProtocols: [alpn],
    rejectUnauthorized: !insecure,
    // An empty name sends none. Whatever the way there, the certificate must be that of whom was meant.
    servername: isIP(servername) === 0 ? servername : '',
    checkServerIdentity: (_host, certificate) => checkServerIdentity(servername, certificate),
    secureContext: tls.secureContext(),
  }
}

/** A Unix socket leads to this machine. */
function hostOf(address: Address): string {
  return 'host' in address ? address.host : 'localhost'
}
