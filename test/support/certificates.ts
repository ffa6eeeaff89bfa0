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
  const client = await generate([{ name: 'commonName', value: 'test client' }], {
    ...EC,
    ca,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', clientAuth: true },
    ],
  })
  return {
    ca: authority.cert,
    server: await signFor('localhost', '127.0.0.1', '::1'),
    client: { cert: client.cert, key: client.private },
    signFor,
  }
}
