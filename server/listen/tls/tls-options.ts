/** How a port speaks TLS. */
import type { OptionKind, OptionKinds, OptionShape } from '../../../wire/options/check-options.ts'

/** A certificate with its key, as PEM or as the paths of files, which are read again when they change. */
export interface CertificateOptions {
  /** The certificate chain, PEM, the server's own certificate first. */
  readonly cert?: string | Buffer
  /** The path of a file to read `cert` from. */
  readonly certFile?: string
  /** The private key of the certificate, PEM. */
  readonly key?: string | Buffer
  /** The path of a file to read `key` from. */
  readonly keyFile?: string
  /** Decrypts the key. Default: none, the key is not encrypted. */
  readonly passphrase?: string
  /** The path of a file to read `passphrase` from; a line break at its end does not count. */
  readonly passphraseFile?: string
  /**
   * The names in ClientHello (SNI) that get this certificate; `*.example.com` stands for one label. Default: those of the certificate.
   */
  readonly serverNames?: readonly string[]
}

/**
 * The certificates of the port, and whose client certificates it accepts. Files are looked at twice a second and by
 * `reloadCertificates`. Connections that are open go on. Files that cannot be used are logged, and what was read last stays in use.
 */
export interface TlsOptions extends CertificateOptions {
  /**
   * More certificates, chosen by the name that a client asks for. Clients whose name has none get the first certificate: that of
   * `cert` and `key`, or else the first of this list. Default: none.
   */
  readonly certificates?: readonly CertificateOptions[]
  /** Certificate authorities, PEM. When given, every client must show a certificate that one of them signed. */
  readonly ca?: string | Buffer
  /** The path of a file to read `ca` from. */
  readonly caFile?: string
  /** The oldest version of TLS to speak. Default: TLSv1.2. */
  readonly minVersion?: MinVersion
}

/** Older versions are broken. */
export type MinVersion = 'TLSv1.2' | 'TLSv1.3'

/** Every option, with its value. */
export interface ResolvedTlsOptions {
  /** The first one is for clients whose name has none. */
  readonly certificates: readonly ResolvedCertificateOptions[]
  readonly ca: string | Buffer | undefined
  readonly caFile: string | undefined
  readonly minVersion: MinVersion
}

/** Those of one certificate. */
export interface ResolvedCertificateOptions extends CertificateOptions {
  /** What stands before their names in errors: `tls.certificates[1].`. */
  readonly prefix: string
}

/** What to do instead of an option that `tls` does not have: by names of Node's TLS, and of the credentials of grpc-js. */
const PORT_TLS_ADVICE: Readonly<Record<string, string>> = {
  rejectUnauthorized: 'no counterpart: tls.ca makes every client show a certificate',
  requestCert: 'use tls.ca, which makes every client show a certificate',
  checkClientCertificate: 'use tls.ca, which makes every client show a certificate',
  private_key: 'use tls.key',
  cert_chain: 'use tls.cert',
  pfx: 'use tls.cert and tls.key, in PEM',
  ALPNProtocols: 'no counterpart, as the port answers h2 and http/1.1',
  SNICallback: 'use tls.certificates',
  secureContext: 'use tls.cert and tls.key',
}

const PEM: readonly OptionKind[] = ['string', 'object']
const TEXT: readonly OptionKind[] = ['string']

const CERTIFICATE_KINDS: OptionKinds<CertificateOptions> = {
  cert: PEM,
  certFile: TEXT,
  key: PEM,
  keyFile: TEXT,
  passphrase: TEXT,
  passphraseFile: TEXT,
  serverNames: ['array'],
}

/** The names of the options of one of `certificates`. */
export const CERTIFICATE_SHAPE: OptionShape = { kinds: CERTIFICATE_KINDS, advice: PORT_TLS_ADVICE }

/** The names of the options, and what they can be. */
export const TLS_SHAPE: OptionShape = {
  kinds: {
    ...CERTIFICATE_KINDS,
    certificates: ['array'],
    ca: PEM,
    caFile: TEXT,
    minVersion: TEXT,
  } satisfies OptionKinds<TlsOptions>,
  advice: PORT_TLS_ADVICE,
}
