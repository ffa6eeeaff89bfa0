/** Integers with a prefix (RFC 7541 section 5.1). */

import type { Cursor } from './cursor.ts'
import { HpackError } from './hpack-error.ts'
import type { Prefix } from './representation.ts'

/** The largest integer that is taken or made: no table, string or block of ours comes near it. */
export const MAX_INTEGER = 2 ** 28 - 1

/** Octets behind the prefix, leading zeros included, after which an integer is called endless. */
const MAX_CONTINUATIONS = 4

/**
 * Reads the integer in the low bits `mask` of the next octet and what follows. The caller knows that there is a next octet.
 * @throws HpackError when it is cut off, over {@link MAX_INTEGER} or longer than four octets behind its prefix.
 */
export function readInteger(cursor: Cursor, mask: number): number {
  const value = (cursor.bytes[cursor.position++] ?? 0) & mask
  return value < mask ? value : readContinuation(cursor, mask)
}

/** Writes `value`, from 0 to {@link MAX_INTEGER}, with the flag bits of its kind. */
export function writeInteger(cursor: Cursor, prefix: Prefix, value: number): void {
  const { bytes } = cursor
  if (value < prefix.mask) {
    bytes[cursor.position++] = prefix.flag | value
    return
  }
  bytes[cursor.position++] = prefix.flag | prefix.mask
  let rest = value - prefix.mask
  while (rest >= 0x80) {
    bytes[cursor.position++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[cursor.position++] = rest
}

function readContinuation(cursor: Cursor, prefixValue: number): number {
  let value = prefixValue
  for (let count = 0; count < MAX_CONTINUATIONS; count++) {
    if (cursor.position >= cursor.end) throw new HpackError('integer is cut off')
    const octet = cursor.bytes[cursor.position++] ?? 0
    value += (octet & 0x7f) << (7 * count)
    if (octet < 0x80) return withinBounds(value)
  }
  throw new HpackError('integer is longer than 5 octets')
}

function withinBounds(value: number): number {
  if (value > MAX_INTEGER) throw new HpackError('integer is over 2^28-1')
  return value
}
