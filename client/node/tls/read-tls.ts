/** Reads certificates and keys from options and files. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import { assertTlsOptions, PEM_NAMES, type TlsOptions } from './tls-options.ts'

const CERTIFICATE = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]+-----END \1-----/g

/**
 * Reads the files synchronously.
 *
 * @throws RangeError that names the option, and the file if there is one
 */
export function readTls(options: TlsOptions): SecureContext {
  assertTlsOptions(options)
  const pem: Partial<Record<(typeof PEM_NAMES)[number], string | Buffer>> = {}
  for (const name of PEM_NAMES) {
    const value = options[name] ?? readPemFile(name, options[`${name}File`])
    if (value !== undefined) pem[name] = value
  }
  try {
    if (pem.ca !== undefined) assertCertificates(pem.ca)
    return createSecureContext(pem)
  } catch (cause) {
    const message = 'tls.ca, tls.cert and tls.key must be PEM, and the key must be that of the certificate'
    throw new RangeError(message + describeFiles(options), { cause })
  }
}

/** Returns the files that the options name. */
export function tlsFiles(options: TlsOptions): string[] {
  return PEM_NAMES.flatMap((name) => options[`${name}File`] ?? [])
}

function readPemFile(name: string, path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new RangeError(`tls.${name}File is "${path}", and must be a file that can be read`, { cause })
  }
}

/** Rejects text without certificates, which Node would take for an empty list, and trust no server. */
function assertCertificates(ca: string | Buffer): void {
  const blocks = ca.toString().match(CERTIFICATE)
  if (blocks === null) throw new RangeError('there is no certificate')
  for (const block of blocks) new X509Certificate(block)
}

function describeFiles(options: TlsOptions): string {
  const files = tlsFiles(options)
  return files.length === 0 ? '' : `: see ${files.join(', ')}`
}
