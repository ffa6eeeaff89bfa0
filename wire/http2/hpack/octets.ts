/** Hash, comparison and text of short runs of octets, as JavaScript loops: a native call costs more than they do. */

/** Text up to this length is put together here, at about 4 ns a character; a native call costs 45 ns whatever the length. */
const SHORT_TEXT = 9

/** A 32-bit hash of `bytes[start, end)`. For finding only: whoever finds by it also compares. */
export function hashOctets(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  return hash ^ (hash >>> 15)
}

/** True if `octets` stand in `bytes` at `start`; the caller knows that so many are there. */
export function standsAt(bytes: Uint8Array, start: number, octets: Uint8Array): boolean {
  const { length } = octets
  for (let i = 0, j = start; i < length; i++, j++) {
    if (bytes[j] !== octets[i]) return false
  }
  return true
}

/** `bytes[start, end)` as latin1 text. */
export function latin1Text(bytes: Buffer, start: number, end: number): string {
  if (end - start > SHORT_TEXT) return bytes.toString('latin1', start, end)
  let text = ''
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number)
  return text
}
