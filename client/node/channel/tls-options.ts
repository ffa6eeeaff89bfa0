/** How connections are secured. */
import { createSecureContext } from 'node:tls'

/** How to verify a server, and how to be verified by it. */
export interface TlsOptions {
  /** PEM certificates to trust instead of the well-known ones. */
  readonly ca?: string | Buffer
  /** The client's own PEM certificate chain; only together with `key`. */
  readonly cert?: string | Buffer
  /** The PEM key of `cert`. */
  readonly key?: string | Buffer
  /** The name that is asked for (SNI) and that the server's certificate must bear. Default: the host of the authority. */
  readonly servername?: string
  /** Accept any certificate: the server may then be anybody. Default false. */
  readonly insecure?: boolean
}

/**
 * A context is built to see that it can be: the one that is used later is built by Node for the connection.
 *
 * @throws RangeError naming the option
 */
export function assertTls({ ca, cert, key }: TlsOptions): void {
  if ((cert === undefined) !== (key === undefined)) throw new RangeError('tls.cert and tls.key must come together')
  try {
    createSecureContext({ ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) })
  } catch (cause) {
    throw new RangeError('tls.ca, tls.cert and tls.key must be PEM, and the key must be that of the certificate', {
      cause,
    })
  }
}
