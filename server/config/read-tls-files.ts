/** Reads the files of TLS and checks that they are what they are said to be. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { TlsConfig } from './config.ts'

/** The contents of the files, in PEM, as node:tls takes them. */
export interface TlsFiles {
  /** The certificate and what chains it to its authority. */
  readonly cert: string
  /** The private key of the first certificate. */
  readonly key: string
  /** The authorities of client certificates; null: clients need none. */
  readonly ca: string | null
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * Reads all files of a configuration anew, at start and whenever certificates are to be reloaded.
 *
 * @throws Error whose message names the option, the path and the fault, and never shows what the file holds
 */
export async function readTlsFiles({ certPath, keyPath, caPath }: TlsConfig): Promise<TlsFiles> {
  const cert = await readOptionFile('tls-cert', certPath)
  const key = await readOptionFile('tls-key', keyPath)
  const ca = caPath === null ? null : await readOptionFile('tls-ca', caPath)

  const leaf = parseCertificates('tls-cert', certPath, cert)
  if (!leaf.checkPrivateKey(parseKey(keyPath, key))) {
    throw fault('tls-key', keyPath, `is not the key of the certificate in ${JSON.stringify(certPath)}`)
  }
  if (caPath !== null && ca !== null) parseCertificates('tls-ca', caPath, ca)
  return Object.freeze({ cert, key, ca })
}

async function readOptionFile(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw fault(option, path, 'cannot be read', cause)
  }
}

/** Looks at every certificate of a file, so that a broken one is found now and not in a handshake, and gives the first. */
function parseCertificates(option: string, path: string, text: string): X509Certificate {
  try {
    const [first] = (text.match(CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem))
    if (first !== undefined) return first
  } catch (cause) {
    throw fault(option, path, 'holds a certificate that cannot be read', cause)
  }
  throw fault(option, path, 'holds no certificate in PEM')
}

function parseKey(path: string, text: string): KeyObject {
  try {
    return createPrivateKey(text)
  } catch (cause) {
    throw fault('tls-key', path, 'holds no private key in PEM that can be read without a passphrase', cause)
  }
}

function fault(option: string, path: string, problem: string, cause?: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : ''
  return new Error(`--${option} ${JSON.stringify(path)} ${problem}${code}`, { cause })
}
