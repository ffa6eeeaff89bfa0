/**
 * A position in octets, for reading or writing a header block. One object per connection and direction, reset for each block.
 * Readers may assume `position <= end <= bytes.length`, and advance `position` past what they read.
 */
export class Cursor {
  bytes: Buffer = NO_OCTETS
  position = 0
  end = 0
  /** Whether the string that was read last is known to be free of NUL, CR and LF. */
  isClean = false

  /** Points at `bytes[position, end)`. */
  point(bytes: Buffer, position: number, end: number): void {
    this.bytes = bytes
    this.position = position
    this.end = end
  }

  /** Drops the octets, which may keep a far larger chunk alive. */
  release(): void {
    this.bytes = NO_OCTETS
    this.position = 0
    this.end = 0
  }
}

const NO_OCTETS = Buffer.alloc(0)

// JavaScript loops over a few octets, which cost less than a native call.

/** Text up to this length is built in JavaScript, at about 4 ns per character; a native call costs 45 ns whatever the length. */
const SHORT_TEXT = 9

/** Returns a 32-bit hash of `bytes[start, end)`. Collisions are easy to find, so callers must compare as well. */
export function hashOctets(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  return hash ^ (hash >>> 15)
}

/** Whether `bytes` contains `octets` at `start`. The caller guarantees that `bytes` is long enough. */
export function standsAt(bytes: Uint8Array, start: number, octets: Uint8Array): boolean {
  const { length } = octets
  for (let i = 0, j = start; i < length; i++, j++) {
    if (bytes[j] !== octets[i]) return false
  }
  return true
}

/** Every Buffer has this method, though Node documents only `toString`, which looks up its encoding first. */
interface Latin1Buffer extends Buffer {
  latin1Slice(start: number, end: number): string
}

/** Returns `bytes[start, end)` as latin1 text. */
export function latin1Text(bytes: Buffer, start: number, end: number): string {
  if (end - start > SHORT_TEXT) return (bytes as Latin1Buffer).latin1Slice(start, end)
  let text = ''
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number)
  return text
}
