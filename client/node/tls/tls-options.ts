/** The TLS options of a channel. */
import type { OptionKind, OptionKinds } from '../../../wire/options/check-options.ts'

/** How to verify the server, and authenticate to it. */
export interface TlsOptions {
  /** PEM certificates of the trusted authorities. Default: those of Node. */
  readonly ca?: string | Buffer
  /**
   * The path of a file with `ca`. Files are read synchronously when the transport is created, and again for new connections after a change, at
   * most once a second. An invalid file then causes a warning, and the previous content stays in use.
   */
  readonly caFile?: string
  /** The client's PEM certificate chain; requires a key. */
  readonly cert?: string | Buffer
  /** The path of a file with `cert`. */
  readonly certFile?: string
  /** The PEM key of the certificate. */
  readonly key?: string | Buffer
  /** The path of a file with `key`. */
  readonly keyFile?: string
  /**
   * The name for SNI, which the server's certificate must match. Default: the host of the `authority` option; else the `hostname` of the
   * endpoint; else the host of each address for address lists (`static:`, `file:`, `ipv4:`, `ipv6:`), and the host in the target for others.
   */
  readonly servername?: string
  /** Whether to accept any certificate, so that the server could be anyone. Default: false. */
  readonly insecure?: boolean
  /**
   * Whether to use HTTP/2 with a server that negotiates no protocol by ALPN (RFC 7301), which HTTP/2 requires. For servers and middleboxes
   * without ALPN. Default: false.
   */
  readonly allowMissingAlpn?: boolean
}

const PEM: readonly OptionKind[] = ['string', 'object']

/** The kinds of the options. */
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

/** The options with PEM content. */
export const PEM_NAMES = ['ca', 'cert', 'key'] as const

/** @throws RangeError that names the invalid option, or those that exclude each other */
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
