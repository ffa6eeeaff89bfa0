/** Certificates for servers and clients of tests, made once in a process. */
import { generate } from 'selfsigned'

/** A certificate with its private key, both PEM. */
export interface KeyedCertificate {
  readonly cert: string
  readonly key: string
}

/** An authority, and what it signed. */
export interface TestCertificates {
  /** The certificate of the authority, PEM. */
  readonly ca: string
  /** For localhost, 127.0.0.1 and ::1. */
  readonly server: KeyedCertificate
  readonly client: KeyedCertificate
}

const EC = { keyType: 'ec', algorithm: 'sha256' } as const

let made: Promise<TestCertificates> | undefined

/** The certificates: all callers get the same ones. */
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
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...EC,
    ca,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  })
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
    server: { cert: server.cert, key: server.private },
    client: { cert: client.cert, key: client.private },
  }
}
