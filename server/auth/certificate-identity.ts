/** The identity that a client certificate states: its SPIFFE ID or another URI, else its DNS names, else its subject. */
import type { X509Certificate } from 'node:crypto'

/** Who a certificate names. */
export interface CertificateIdentity {
  /** Which part of the certificate the names are from. */
  readonly kind: 'uri' | 'dns' | 'subject'
  /** In the order of the certificate. At least one; the subject is one name, which is empty if the certificate has none. */
  readonly names: readonly [string, ...string[]]
}

/** Connections keep their certificate object, so its names are parsed once. */
const IDENTITIES = new WeakMap<X509Certificate, CertificateIdentity>()

/**
 * Returns the identity of a certificate, in the order of gRFC A43: URI names if there are any, else DNS names, else the subject as
 * RFC 2253 writes it (`CN=shop,O=Example`), which is how `openssl x509 -subject -nameopt RFC2253` prints it.
 *
 * Verifying the certificate is up to the caller: `peer.certificate` is verified.
 */
export function certificateIdentity(certificate: X509Certificate): CertificateIdentity {
  const known = IDENTITIES.get(certificate)
  if (known !== undefined) return known
  const identity = readIdentity(certificate)
  Object.freeze(identity.names)
  IDENTITIES.set(certificate, identity)
  return identity
}

function readIdentity({ subjectAltName = '', subject = '' }: Partial<X509Certificate>): CertificateIdentity {
  const [uri, ...otherUris] = alternativeNames(subjectAltName, 'URI:')
  if (uri !== undefined) return { kind: 'uri', names: [uri, ...otherUris] }
  const [dns, ...otherNames] = alternativeNames(subjectAltName, 'DNS:')
  if (dns !== undefined) return { kind: 'dns', names: [dns, ...otherNames] }
  return { kind: 'subject', names: [distinguishedName(subject)] }
}

/**
 * Node writes a name that could be misread, such as one with a comma, as a JSON string in which commas are escaped too, so that no
 * name can pretend to be two.
 */
function alternativeNames(list: string, prefix: string): string[] {
  return list
    .split(', ')
    .filter((entry) => entry.startsWith(prefix))
    .map((entry) => entry.slice(prefix.length))
    .map((name) => (name.startsWith('"') ? String(JSON.parse(name)) : name))
}

/**
 * Node writes one relative name per line, escaped as in RFC 2253 but in the order of the certificate and with spaces around the `+`
 * of a compound name. Line breaks and plus signs within values are escaped.
 */
function distinguishedName(subject: string): string {
  return subject
    .split('\n')
    .reverse()
    .map((name) => name.replaceAll(' + ', '+'))
    .join(',')
}
