/** Reads the certificates and keys of a port, and checks that they are valid and belong together. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { CertificateOptions, ResolvedTlsOptions } from './tls-options.ts'

/** A certificate in the form that node:tls takes. */
export interface Certificate {
  readonly cert: string | Buffer
  readonly key: string | Buffer
  readonly passphrase: string | undefined
  /** Lower case. */
  readonly serverNames: readonly string[]
  /** The expiry date, in the format of X509Certificate. */
  readonly validTo: string
}

/** Everything that a port reads. */
export interface Certificates {
  /** The first is the default, for clients without a matching server name. */
  readonly certificates: readonly Certificate[]
  readonly ca: string | Buffer | undefined
}

/** The parts that can be given as a value or as a file. */
export type TlsPart = 'cert' | 'key' | 'passphrase' | 'ca'

/**
 * Returns the option of a part, for errors. `prefix` is that of the certificate's options, such as
 * `tls.certificates[1].`.
 */
export type PartName = (part: TlsPart, prefix: string, isFile: boolean) => string

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * Reads everything synchronously, at start-up and when files have changed.
 *
 * @throws RangeError that names the option, its path and the fault, but never quotes the file
 */
export function readCertificates(options: ResolvedTlsOptions, nameOf: PartName): Certificates {
  const certificates = options.certificates.map((given) => {
    const read = (part: TlsPart) => readPart(given as Given, part, (isFile) => nameOf(part, given.prefix, isFile))
    return readCertificate(given, read)
  })
  const ca = readPart(options as unknown as Given, 'ca', (isFile) => nameOf('ca', 'tls.', isFile))
  if (ca !== undefined) parseCertificates(ca)
  return { certificates, ca: ca?.value }
}

/** Returns the paths of all files. */
export function filesOf({ certificates, caFile }: ResolvedTlsOptions): string[] {
  const paths = certificates.flatMap(({ certFile, keyFile, passphraseFile }) => [certFile, keyFile, passphraseFile])
  return [...new Set([...paths, caFile].filter((path) => path !== undefined))]
}

/** A part with its name for errors. */
interface Part {
  readonly name: string
  readonly value: string | Buffer
}

type Given = Readonly<Partial<Record<TlsPart, string | Buffer> & Record<`${TlsPart}File`, string>>>

function readPart(given: Given, part: TlsPart, nameOf: (isFile: boolean) => string): Part | undefined {
  const value = given[part]
  if (value !== undefined) return { name: nameOf(false), value }
  const path = given[`${part}File`]
  if (path === undefined) return undefined
  const name = `${nameOf(true)} ${JSON.stringify(path)}`
  try {
    return { name, value: readFileSync(path, 'utf8') }
  } catch (cause) {
    throw fault(name, 'cannot be read', cause)
  }
}

function readCertificate(given: CertificateOptions, read: (part: TlsPart) => Part | undefined): Certificate {
  const [cert, key, secret] = [read('cert'), read('key'), read('passphrase')]
  if (cert === undefined || key === undefined) throw new RangeError('tls.cert and tls.key must come together')
  const passphrase = secret?.value.toString().replace(/\r?\n$/, '')
  const leaf = parseCertificates(cert)
  if (!leaf.checkPrivateKey(parseKey(key, passphrase))) {
    throw fault(key.name, `does not match the certificate in ${cert.name.replace(/^\S+ /, '')}`)
  }
  const serverNames = (given.serverNames ?? namesOf(leaf)).map((name) => name.toLowerCase())
  return { cert: cert.value, key: key.value, passphrase, serverNames, validTo: leaf.validTo }
}

/**
 * Parses every certificate of a chain, so that a broken one is found now and not during a handshake. Returns the first.
 */
function parseCertificates({ name, value }: Part): X509Certificate {
  try {
    const [first] = (value.toString().match(CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem))
    if (first !== undefined) return first
  } catch (cause) {
    throw fault(name, 'contains an unreadable certificate', cause)
  }
  throw fault(name, 'contains no PEM certificate')
}

function parseKey({ name, value }: Part, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey(passphrase === undefined ? value : { key: value, format: 'pem', passphrase })
  } catch (cause) {
    const how = passphrase === undefined ? 'without a passphrase' : 'with its passphrase'
    throw fault(name, `contains no PEM private key that can be read ${how}`, cause)
  }
}

/**
 * Returns the DNS names of a certificate, or its common name if it has none (which RFC 6125 allows for old
 * certificates).
 */
function namesOf({ subjectAltName = '', subject = '' }: X509Certificate): string[] {
  const names = [...subjectAltName.matchAll(/(?:^|, )DNS:([^",\s]+)(?=,|$)/g)].map(([, name = '']) => name)
  const common = /^CN=(\S+)$/m.exec(subject)?.[1]
  return names.length > 0 || common === undefined ? names : [common]
}

function fault(name: string, problem: string, cause?: unknown): RangeError {
  const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : ''
  return new RangeError(`${name} ${problem}${code}`, { cause })
}
