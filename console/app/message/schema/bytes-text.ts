/** Octets as people write them: text, hexadecimal digits or base64. */
import { base64Decode, base64Encode } from '@bufbuild/protobuf/wire'

export const BYTES_FORMATS = ['text', 'hex', 'base64'] as const
export type BytesFormat = (typeof BYTES_FORMATS)[number]

/** Returns the octets of a base64 text; null if it is none. */
export function octetsOf(base64: string): Uint8Array | null {
  try {
    return base64Decode(base64)
  } catch {
    return null
  }
}

/** Writes octets in a format; null if they are not UTF-8 but text is wanted. */
export function writeOctets(octets: Uint8Array, format: BytesFormat): string | null {
  switch (format) {
    case 'base64':
      return base64Encode(octets)
    case 'hex':
      return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join(' ')
    case 'text':
      try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets)
      } catch {
        return null
      }
  }
}

/** Reads octets; returns a sentence if the text is not of the format. */
export function readOctets(text: string, format: BytesFormat): Uint8Array | string {
  switch (format) {
    case 'text':
      return new TextEncoder().encode(text)
    case 'hex':
      return readHex(text.replace(/0x|[\s:,]/gi, ''))
    case 'base64':
      // Programs such as base64 break lines.
      return readBase64(text.replace(/\s/g, '')) ?? 'This is not base64.'
  }
}

function readBase64(text: string): Uint8Array | null {
  return /^[\w+/=-]*$/.test(text) ? octetsOf(text) : null
}

function readHex(digits: string): Uint8Array | string {
  if (!/^[0-9a-f]*$/i.test(digits)) return 'Hexadecimal digits are 0 to 9 and a to f.'
  if (digits.length % 2 === 1) return 'Each octet needs two digits.'
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
