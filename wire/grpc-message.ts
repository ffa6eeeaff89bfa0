/** Writes `grpc-message` (gRPC over HTTP/2, Status-Message): percent-encoded UTF-8, of a length that headers can bear. */
import { Buffer } from 'node:buffer'

/** UTF-8 octets of a message that are sent; what follows is cut off, and header lists stay within what peers allow. */
export const MAX_MESSAGE_BYTES = 1_024

const PLAIN = /^[\x20-\x24\x26-\x7e]*$/
const ESCAPE = /%([0-9A-Fa-f]{2})/g
const encoder = new TextEncoder()

/** Encodes everything outside printable ASCII, and `%`. A longer text is cut at the border of a character. */
export function encodeGrpcMessage(text: string): string {
  if (text.length <= MAX_MESSAGE_BYTES && PLAIN.test(text)) return text
  const octets = new Uint8Array(MAX_MESSAGE_BYTES)
  // encodeInto never splits a character, and puts U+FFFD for half of a surrogate pair.
  const { written } = encoder.encodeInto(text, octets)
  let encoded = ''
  for (const octet of octets.subarray(0, written)) encoded += encodeOctet(octet)
  return encoded
}

/** Decodes what a peer sent. Never fails: a broken escape stays as it is, octets that are no UTF-8 become U+FFFD. */
export function decodeGrpcMessage(value: string): string {
  if (!value.includes('%')) return value
  const latin1 = value.replace(ESCAPE, (_escape, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  return Buffer.from(latin1, 'latin1').toString('utf8')
}

function encodeOctet(octet: number): string {
  const isPlain = octet >= 0x20 && octet <= 0x7e && octet !== 0x25
  return isPlain ? String.fromCharCode(octet) : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`
}
