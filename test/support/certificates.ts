/** Certificates for test servers and clients, created once per process. */
import { isIP } from 'node:net'
import { generate } from 'selfsigned'

/** A certificate with its private key, both PEM. */
export interface KeyedCertificate {
  readonly cert: string
  readonly key: string
}

/** A CA, and the certificates it signed. */
export interface TestCertificates {
  /** The CA certificate, PEM. */
  readonly ca: string
  /** For localhost, 127.0.0.1 and ::1. */
  readonly server: KeyedCertificate
  readonly client: KeyedCertificate
  /** Signs a certificate for these DNS names or IP addresses. */
  signFor(...names: readonly string[]): Promise<KeyedCertificate>
  /** Signs a certificate of a client with these names besides its subject, `CN=test client`. */
  signClient(...altNames: readonly AlternativeName[]): Promise<KeyedCertificate>
}

/** A subject alternative name: 2 is DNS, 6 is URI. */
export interface AlternativeName {
  readonly type: 2 | 6
  readonly value: string
}

const EC = { keyType: 'ec', algorithm: 'sha256' } as const

let made: Promise<TestCertificates> | undefined

/** The shared certificates. */
export function testCertificates(): Promise<TestCertificates> {
  made ??= makeCertificates()
  return made
}

async function makeCertificates(): Promise<TestCertificates> {
  const authority = await generate([{ name: 'commonName', value: 'test authority' }], {
    ...EC,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  })
  const ca = { cert: authority.cert, key: authority.private }
  const signFor = async (...names: readonly string[]): Promise<KeyedCertificate> => {
    const altNames = names.map((name) =>
      isIP(name) === 0 ? ({ type: 2, value: name } as const) : ({ type: 7, ip: name } as const),
    )
    const made = await generate([{ name: 'commonName', value: names[0] ?? '' }], {
      ...EC,
      ca,
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'extKeyUsage', serverAuth: true },
        { name: 'subjectAltName', altNames },
      ],
    })
    return { cert: made.cert, key: made.private }
  }
  const signClient = async (...altNames: readonly AlternativeName[]): Promise<KeyedCertificate> => {
    const made = await generate([{ name: 'commonName', value: 'test client' }], {
      ...EC,
      ca,
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'extKeyUsage', clientAuth: true },
        ...(altNames.length === 0 ? [] : [{ name: 'subjectAltName' as const, altNames: [...altNames] }]),
      ],
    })
    return { cert: made.cert, key: made.private }
  }
  return {
    ca: authority.cert,
    server: await signFor('localhost', '127.0.0.1', '::1'),
    client: await signClient(),
    signFor,
    signClient,
  }
}
