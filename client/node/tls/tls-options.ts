/** How connections are secured. */
import type { OptionKind, OptionKinds } from '../../../wire/options/check-options.ts'

/** How to verify a server, and how to be verified by it. */
export interface TlsOptions {
  /** PEM certificates to trust instead of the well-known ones. */
  readonly ca?: string | Buffer
  /**
   * The path of a file to read `ca` from. Files are read when the transport is made, which waits for them, and again for new
   * connections when they have changed, at most once a second. One that is no good then is warned of, and what was read last
   * stays in use.
   */
  readonly caFile?: string
  /** The client's own PEM certificate chain; only together with a key. */
  readonly cert?: string | Buffer
  /** The path of a file to read `cert` from. */
  readonly certFile?: string
  /** The PEM key of the certificate. */
  readonly key?: string | Buffer
  /** The path of a file to read `key` from. */
  readonly keyFile?: string
  /**
   * The name that is asked for (SNI) and that the server's certificate must bear. Default: the host of the `authority` option; else
   * the `hostname` of the endpoint; else for lists of addresses (`static:`, `file:`, `ipv4:`, `ipv6:`) the host of each address, for
   * other targets the host that the target names.
   */
  readonly servername?: string
  /** Accept any certificate: the server may then be anybody. Default false. */
  readonly insecure?: boolean
  /**
   * Speak HTTP/2 also with a server that agrees to no protocol in the TLS handshake (ALPN, RFC 7301), which HTTP/2 demands. For
   * servers and middleboxes that are too old to know ALPN. Default false.
   */
  readonly allowMissingAlpn?: boolean
}

const PEM: readonly OptionKind[] = ['string', 'object']

/** What the options can be. */
export const TLS_OPTION_KINDS: OptionKinds<TlsOptions> = {
  ca: PEM,
  caFile: ['string'],
  cert: PEM,
  certFile: ['string'],
  key: PEM,
  keyFile: ['string'],
  servername: ['string'],
  insecure: ['boolean'],
  allowMissingAlpn: ['boolean'],
}

/** The names of what is PEM. */
export const PEM_NAMES = ['ca', 'cert', 'key'] as const

/** @throws RangeError naming the option that cannot be, or those that do not go together */
export function assertTlsOptions(options: TlsOptions): void {
  if (options.servername === '') throw new RangeError('tls.servername is "", and must be the name of a host')
  for (const name of PEM_NAMES) {
    if (options[name] !== undefined && options[`${name}File`] !== undefined) {
      throw new RangeError(`tls.${name} and tls.${name}File must not both be given`)
    }
  }
  const hasCert = options.cert !== undefined || options.certFile !== undefined
  const hasKey = options.key !== undefined || options.keyFile !== undefined
  if (hasCert !== hasKey) throw new RangeError('tls.cert and tls.key must come together')
}
