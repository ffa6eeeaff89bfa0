/** The TLS options of a port. */
import type { OptionKind, OptionKinds, OptionShape } from '../../../wire/options/check-options.ts'

/** A certificate with its key, in PEM or as file paths. Files are read again when they change. */
export interface CertificateOptions {
  /** The certificate chain in PEM, the server's own certificate first. */
  readonly cert?: string | Buffer
  /** The path of a file to read `cert` from. */
  readonly certFile?: string
  /** The private key of the certificate, in PEM. */
  readonly key?: string | Buffer
  /** The path of a file to read `key` from. */
  readonly keyFile?: string
  /** Decrypts the key. Default: none, for an unencrypted key. */
  readonly passphrase?: string
  /** The path of a file to read `passphrase` from. A final line break is ignored. */
  readonly passphraseFile?: string
  /**
   * The server names (SNI) that get this certificate; `*.example.com` matches one label. Default: the names in the
   * certificate.
   */
  readonly serverNames?: readonly string[]
}

/**
 * The certificates of the port, and the authorities of client certificates. Files are checked twice a second, and read
 * by `reloadCertificates`. Changes apply to new connections. Unusable files are logged, and the last valid ones stay in
 * use.
 */
export interface TlsOptions extends CertificateOptions {
  /**
   * More certificates, selected by the server name that a client sends. Without a match, clients get the first
   * certificate: that of `cert` and `key`, or else the first of this list. Default: none.
   */
  readonly certificates?: readonly CertificateOptions[]
  /** Certificate authorities in PEM. If given, every client must present a certificate signed by one of them. */
  readonly ca?: string | Buffer
  /** The path of a file to read `ca` from. */
  readonly caFile?: string
  /** The oldest TLS version to accept. Default: TLSv1.2. */
  readonly minVersion?: MinVersion
  /**
   * The keys of session tickets: 48 random bytes, the same for all servers that a client may reach under one name, so that it can
   * resume its session with any of them, if they have the same CAs of clients. Keep them secret and change them often. Default: random,
   * and new ones when certificates are reloaded; workers share them until they are restarted.
   */
  readonly ticketKeys?: Buffer
}

/** Older versions are insecure. */
export type MinVersion = 'TLSv1.2' | 'TLSv1.3'

/** All options, with their values. */
export interface ResolvedTlsOptions {
  /** The first is the default, for clients without a matching server name. */
  readonly certificates: readonly ResolvedCertificateOptions[]
  readonly ca: string | Buffer | undefined
  readonly caFile: string | undefined
  readonly minVersion: MinVersion
  readonly ticketKeys: Buffer | undefined
}

/** The options of one certificate. */
export interface ResolvedCertificateOptions extends CertificateOptions {
  /** The prefix of their names in errors: `tls.certificates[1].`. */
  readonly prefix: string
}

/** Advice for options that `tls` does not have, by their names in Node's TLS and in the credentials of grpc-js. */
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

/** The names and types of the options of a certificate. */
export const CERTIFICATE_SHAPE: OptionShape = { kinds: CERTIFICATE_KINDS, advice: PORT_TLS_ADVICE }

/** The names and types of the options. */
export const TLS_SHAPE: OptionShape = {
  kinds: {
    ...CERTIFICATE_KINDS,
    certificates: ['array'],
    ca: PEM,
    caFile: TEXT,
    minVersion: TEXT,
    ticketKeys: ['object'],
  } satisfies OptionKinds<TlsOptions>,
  advice: PORT_TLS_ADVICE,
}
