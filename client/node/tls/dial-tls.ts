/** How one connection is secured. */
import { isIP } from 'node:net'
import { type ConnectionOptions, checkServerIdentity, type SecureContext } from 'node:tls'

/** What to use, and whom to expect. */
export interface DialTls {
  /** The host that is meant, for SNI and the certificate, unless `servername` says another. An address is no SNI. */
  readonly host: string
  readonly servername?: string
  /** Accept any certificate. Default false. */
  readonly insecure?: boolean
  /** What is spoken. Default `h2`. */
  readonly alpn?: AlpnName
  /** Gives the certificates and the key; asked for each connection. */
  readonly secureContext: () => SecureContext
}

/** A version of HTTP as TLS names it (RFC 7301). */
export type AlpnName = 'h2' | 'http/1.1'

/** The same for Node. */
export function tlsConnectOptions(tls: DialTls): ConnectionOptions {
  const { host, alpn = 'h2', servername = host, insecure = false } = tls
  return {
    ALPNProtocols: [alpn],
    rejectUnauthorized: !insecure,
    // An empty name sends none. Whatever the way there, the certificate must be that of whom was meant.
    servername: isIP(servername) === 0 ? servername : '',
    checkServerIdentity: (_host, certificate) => checkServerIdentity(servername, certificate),
    secureContext: tls.secureContext(),
  }
}
