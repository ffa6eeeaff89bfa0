/** What the base64 in a `-bin` field says. */
import { hexOf } from '../body/hex-dump.ts'

/** Returns the octets of a binary field as text, or in hex if they are none; null for other fields and invalid base64. */
export function binaryValue(name: string, value: string): string | null {
  if (!name.toLowerCase().endsWith('-bin')) return null
  const octets = decode(value)
  if (octets === null) return null
  const text = asText(octets)
  return text === null ? `${octets.length} bytes: ${hexOf(octets)}` : `"${text}"`
}

/** Peers may leave out the padding, or use the alphabet of URLs. */
function decode(value: string): Uint8Array | null {
  try {
    const standard = value.replaceAll('-', '+').replaceAll('_', '/')
    return Uint8Array.from(atob(standard), (character) => character.charCodeAt(0))
  } catch {
    return null
  }
}

function asText(octets: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(octets)
    return /^[^\p{Cc}]*$/u.test(text) && text !== '' ? text : null
  } catch {
    return null
  }
}
