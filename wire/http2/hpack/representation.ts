/** The integers with which field representations and strings start (RFC 7541 sections 5.1 and 6). */
import type { Cursor } from './cursor.ts'
import { HpackError } from './hpack-error.ts'

/** The first octet of a representation, which starts with an integer (RFC 7541 section 5.1). */
export interface Prefix {
  /** The bits that identify the kind. */
  readonly flag: number
  /** The bits of the integer; all set if more octets follow. */
  readonly mask: number
}

/** An indexed field (RFC 7541 section 6.1). */
export const INDEXED: Prefix = { flag: 0x80, mask: 0x7f }
/** A literal that is inserted into the table (section 6.2.1). */
export const INSERTED: Prefix = { flag: 0x40, mask: 0x3f }
/** A table size update (section 6.3). */
export const TABLE_SIZE_UPDATE: Prefix = { flag: 0x20, mask: 0x1f }
/** A literal that no hop may insert (section 6.2.3). */
export const NEVER_INDEXED: Prefix = { flag: 0x10, mask: 0x0f }
/** A literal that is not inserted (section 6.2.2). */
export const NOT_INDEXED: Prefix = { flag: 0x00, mask: 0x0f }
/** A string in plain octets (section 5.2). */
export const PLAIN_STRING: Prefix = { flag: 0x00, mask: 0x7f }
/** A string in Huffman code (section 5.2). */
export const HUFFMAN_STRING: Prefix = { flag: 0x80, mask: 0x7f }

/** The largest accepted integer. No table, string or block of ours comes near it. */
export const MAX_INTEGER = 2 ** 28 - 1

/** Maximum octets after the prefix, including leading zeros. */
const MAX_CONTINUATIONS = 4

/**
 * Reads the integer that starts in the low bits `mask` of the next octet. The caller guarantees that there is a next octet.
 * @throws HpackError for an integer that is cut off, above {@link MAX_INTEGER}, or longer than four octets after its prefix
 */
export function readInteger(cursor: Cursor, mask: number): number {
  const value = (cursor.bytes[cursor.position++] ?? 0) & mask
  return value < mask ? value : readContinuation(cursor, mask)
}

/** Writes `value`, from 0 to {@link MAX_INTEGER}, after the flag bits of its kind. */
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
