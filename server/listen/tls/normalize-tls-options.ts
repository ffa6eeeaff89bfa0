/** Checks and completes the TLS options. */
import { optionFaults } from '../../../wire/options/check-options.ts'
import {
  CERTIFICATE_SHAPE,
  type CertificateOptions,
  type ResolvedCertificateOptions,
  type ResolvedTlsOptions,
  type TlsOptions,
} from './tls-options.ts'

/** `*` only as the whole first label. */
const SERVER_NAME = /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/i

/** The length of the keys of session tickets: a name, a key for the MAC and a key for the cipher, of 16 bytes each. */
export const TICKET_KEYS_LENGTH = 48

const PAIRS = [
  ['cert', 'certFile'],
  ['key', 'keyFile'],
] as const

/** Returns the complete options, and a message for each fault. Reads no file. */
export function normalizeTlsOptions(options: TlsOptions): { resolved: ResolvedTlsOptions; faults: string[] } {
  const { certificates = [], ca, caFile, minVersion = 'TLSv1.2', ticketKeys, ...own } = options
  const faults = beyondOne(options, 'ca', 'tls.')
  if (minVersion !== 'TLSv1.2' && minVersion !== 'TLSv1.3') {
    faults.push(`tls.minVersion is ${JSON.stringify(minVersion)}: it must be "TLSv1.2" or "TLSv1.3"`)
  }
  if (ticketKeys !== undefined && !(Buffer.isBuffer(ticketKeys) && ticketKeys.length === TICKET_KEYS_LENGTH)) {
    faults.push(`tls.ticketKeys must be a Buffer of ${TICKET_KEYS_LENGTH} bytes`)
  }
  const list = Array.isArray(certificates) ? certificates : []
  const hasOwn = Object.keys(own).length > 0 || list.length === 0
  if (hasOwn) faults.push(...certificateFaults(own, 'tls.'))
  const all: ResolvedCertificateOptions[] = hasOwn ? [{ ...own, prefix: 'tls.' }] : []
  for (const [index, certificate] of list.entries()) {
    const prefix = `tls.certificates[${index}].`
    faults.push(...optionFaults(certificate, CERTIFICATE_SHAPE, prefix), ...certificateFaults(certificate, prefix))
    all.push({ ...certificate, prefix })
  }
  return { resolved: Object.freeze({ certificates: Object.freeze(all), ca, caFile, minVersion, ticketKeys }), faults }
}

/** Checks one certificate: each part is given once, as a value or as a file. */
function certificateFaults(certificate: CertificateOptions, prefix: string): string[] {
  const faults = [...beyondOne(certificate, 'passphrase', prefix)]
  for (const [name, file] of PAIRS) {
    faults.push(...beyondOne(certificate, name, prefix))
    if (!certificate[name] && !certificate[file]) faults.push(`${prefix}${name} is missing`)
  }
  for (const name of certificate.serverNames ?? []) {
    if (typeof name === 'string' && SERVER_NAME.test(name)) continue
    faults.push(
      `${prefix}serverNames has ${JSON.stringify(name)}: each must be a host name, or one that begins with "*."`,
    )
  }
  return faults
}

/** Reports an option that is given both as a value and as a file. */
function beyondOne(options: object, name: string, prefix: string): string[] {
  const given = options as Readonly<Record<string, unknown>>
  const isTwice = given[name] !== undefined && given[`${name}File`] !== undefined
  return isTwice ? [`${prefix}${name} and ${prefix}${name}File must not both be given`] : []
}
