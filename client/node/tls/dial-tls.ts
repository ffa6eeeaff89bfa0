/** The TLS settings of a connection. */
import { isIP } from 'node:net'
import { type ConnectionOptions, checkServerIdentity, type SecureContext } from 'node:tls'
import type { Address } from '../contracts/endpoint.ts'

/** The certificates to use, and the server to expect. */
export interface DialTls {
  /** The name for SNI and the certificate, for all addresses; null or absent if none is set. IP addresses are not sent as SNI. */
  readonly serverName?: string | null
  /** The name for addresses without one of their own, if `serverName` is not set; null for the host of the address. */
  readonly defaultServerName: string | null
  /** Whether to accept any certificate. Default: false. */
  readonly insecure?: boolean
  /** The protocol to negotiate. Default `h2`. */
  readonly alpn?: AlpnName
  /** Whether to assume `h2` for a server without ALPN. Default: false. */
  readonly allowMissingAlpn?: boolean
  /** Returns the certificates and the key; called for each connection. */
  readonly secureContext: () => SecureContext
}

/** The ALPN name of an HTTP version (RFC 7301). */
export type AlpnName = 'h2' | 'http/1.1'

/** Returns Node's TLS options for a connection to the address. */
export function tlsConnectOptions(tls: DialTls, address: Address): ConnectionOptions {
  const { alpn = 'h2', insecure = false } = tls
  const servername = tls.serverName ?? address.serverName ?? tls.defaultServerName ?? hostOf(address)
  return {
    ALPNProtocols: [alpn],
    rejectUnauthorized: !insecure,
    // An empty name sends no SNI. The certificate is checked against the expected name in any case.
    servername: isIP(servername) === 0 ? servername : '',
    checkServerIdentity: (_host, certificate) => checkServerIdentity(servername, certificate),
    secureContext: tls.secureContext(),
  }
}

/** Returns the host of an address; localhost for a Unix socket. */
function hostOf(address: Address): string {
  return 'host' in address ? address.host : 'localhost'
}
