/** Skips fields that a type does not have. */
import { WireType } from '../../decode-budget/wire-type.ts'
import { longTag, reader, truncated, uint32 } from './octet-reader.ts'
import { copyOctets } from './read-text.ts'
import type { UnknownField } from './type-reader.ts'

/**
 * Checks a tag that is not one of those a type expects.
 *
 * @throws Error for field number 0 and for the wire types 6 and 7
 */
export function checkTag(tag: number): void {
  if (tag >>> 3 === 0 || (tag & 7) > WireType.FIXED32)
    throw new Error('malformed tag: invalid field number or wire type')
}

/** Reads a tag of any length, and leaves the position after it in the state. */
export function anyTag(octets: Uint8Array, start: number): number {
  const tag = longTag(octets, start)
  checkTag(tag)
  return tag
}

/**
 * Returns the position after the value of a field, with up to `maxGroups` groups in each other.
 *
 * @throws Error for a malformed value
 */
export function skip(octets: Uint8Array, start: number, tag: number, maxGroups: number): number {
  const end = endOf(octets, start, tag, maxGroups)
  if (end > reader.limit) truncated()
  return end
}

/** Reads an unknown field, and leaves the position after it in the state. */
export function unknownField(octets: Uint8Array, start: number, tag: number, maxGroups: number): UnknownField {
  const end = skip(octets, start, tag, maxGroups)
  reader.position = end
  return { no: tag >>> 3, wireType: tag & 7, data: copyOctets(octets, start, end) }
}

/** Returns the octets in which protobuf-es keeps an unknown value of a closed enum. */
export function enumOctets(value: number): Uint8Array {
  const octets: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 0x7fn; rest >>= 7n) octets.push(Number(rest & 0x7fn) | 0x80)
  octets.push(Number(rest))
  return new Uint8Array(octets)
}

function endOf(octets: Uint8Array, start: number, tag: number, maxGroups: number): number {
  switch (tag & 7) {
    case WireType.VARINT:
      return endOfVarint(octets, start)
    case WireType.FIXED64:
      return start + 8
    case WireType.FIXED32:
      return start + 4
    case WireType.LENGTH: {
      const length = uint32(octets, start)
      return reader.position + length
    }
    case WireType.START_GROUP:
      return endOfGroup(octets, start, tag, maxGroups)
    default:
      throw new Error('malformed message: unexpected end of a group')
  }
}

/** As in protobuf-es, a varint that is skipped may be of any length. */
function endOfVarint(octets: Uint8Array, start: number): number {
  const { limit } = reader
  let at = start
  while (at < limit && (octets[at] as number) > 0x7f) at += 1
  return at + 1
}

function endOfGroup(octets: Uint8Array, start: number, tag: number, maxGroups: number): number {
  if (maxGroups <= 0) throw new Error('the message has too many groups in each other')
  let at = start
  for (;;) {
    const inner = anyTag(octets, at)
    at = reader.position
    if ((inner & 7) === WireType.END_GROUP) {
      if (inner >>> 3 !== tag >>> 3) throw new Error('malformed message: the group ends with the number of another')
      return at
    }
    at = skip(octets, at, inner, maxGroups - 1)
  }
}
