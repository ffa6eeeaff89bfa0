/** Octets as text: in hex with their characters, as `hexdump -C` writes them. */

const PER_LINE = 16

/** Returns lines of an offset, 16 octets and their characters. Only the first `maxBytes` are shown. */
export function hexDump(octets: Uint8Array, maxBytes = 16_384): string {
  const shown = octets.subarray(0, maxBytes)
  const lines: string[] = []
  for (let offset = 0; offset < shown.length; offset += PER_LINE) lines.push(lineOf(shown, offset))
  if (octets.length > maxBytes) lines.push(`... ${octets.length - maxBytes} more bytes`)
  return lines.join('\n')
}

/** Returns the octets in hex, with spaces between them. */
export function hexOf(octets: Uint8Array): string {
  return Array.from(octets, twoDigits).join(' ')
}

function lineOf(octets: Uint8Array, offset: number): string {
  const part = octets.subarray(offset, offset + PER_LINE)
  const hex = hexOf(part).padEnd(3 * PER_LINE - 1)
  const characters = Array.from(part, (octet) => (octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '.'))
  return `${offset.toString(16).padStart(6, '0')}  ${hex}  ${characters.join('')}`
}

function twoDigits(octet: number): string {
  return octet.toString(16).padStart(2, '0')
}
