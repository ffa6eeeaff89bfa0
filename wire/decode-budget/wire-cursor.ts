/** Reads the binary format as protobuf-es does, without creating objects. */
import { WireType } from './wire-type.ts'

/** How protobuf-es reads a value of a known field, whatever its wire type. */
export type ValueReading = 'varint' | 'zigzag' | 'fixed32' | 'fixed64' | 'length'

/** Returned for malformed octets, at which the decoder fails, too. */
export const MALFORMED = -1

/** Returned for a map key that V8 does not use as an array index. */
const NO_INDEX = 0xffff_ffff

const MAX_VARINT_OCTETS = 10
const MAX_TAG_OCTETS = 5
const MAX_INDEX_DIGITS = 5
const ZERO = 0x30
const NO_OCTETS = new Uint8Array(0)

/** A position in one message. As in the decoder, a length may point past the end, which the next read detects. */
export class WireCursor {
  position = 0
  length = 0
  #octets: Uint8Array = NO_OCTETS

  /** Starts at the first octet. */
  open(octets: Uint8Array): void {
    this.#octets = octets
    this.position = 0
    this.length = octets.byteLength
  }

  /** Drops the octets. */
  close(): void {
    this.open(NO_OCTETS)
  }

  /** Whether the position is within the message. */
  get isWithin(): boolean {
    return this.position <= this.length
  }

  /** Returns the lowest 32 bits of a varint, or {@link MALFORMED}. */
  varint(): number {
    let value = 0
    for (let count = 0; count < MAX_VARINT_OCTETS; count += 1) {
      if (this.position >= this.length) return MALFORMED
      const octet = this.#octets[this.position++] ?? 0
      if (count < 5) value |= (octet & 0x7f) << (7 * count)
      if (octet < 0x80) return value >>> 0
    }
    return MALFORMED
  }

  /** Returns a field number times 8 plus a wire type, or {@link MALFORMED}. */
  tag(): number {
    const start = this.position
    const tag = this.varint()
    const count = this.position - start
    const isTooLong = count > MAX_TAG_OCTETS || (count === MAX_TAG_OCTETS && (this.#octets[start + 4] ?? 0) > 0x0f)
    return isTooLong || tag < 8 || (tag & 7) > WireType.FIXED32 ? MALFORMED : tag
  }

  /** Skips a value. False if it is malformed. */
  skipValue(reading: ValueReading): boolean {
    switch (reading) {
      case 'fixed32':
        return this.#pass(4)
      case 'fixed64':
        return this.#pass(8)
      case 'length':
        return this.#skipLength()
      default:
        return this.varint() !== MALFORMED
    }
  }

  /** Skips a map key. Returns the array index that V8 takes it for, a larger number if it is none, or {@link MALFORMED}. */
  mapKey(reading: ValueReading): number {
    if (reading === 'varint') return this.varint()
    if (reading === 'zigzag') {
      const value = this.varint()
      return value === MALFORMED ? MALFORMED : value >>> 1
    }
    const length = reading === 'length' ? this.varint() : reading === 'fixed32' ? 4 : 8
    const start = this.position
    if (length === MALFORMED || !this.#pass(length)) return MALFORMED
    return reading === 'length' ? this.#decimal(start, length) : this.#littleEndian(start)
  }

  /** Skips the varints that start before `end`, and returns their number. */
  countVarints(end: number): number {
    const octets = this.#octets
    let count = 0
    while (this.position < end && this.position < this.length) {
      while ((octets[this.position++] ?? 0) >= 0x80);
      count += 1
    }
    return count
  }

  /** Skips an unknown field after its tag, with up to `maxGroups` nested groups. False if it is malformed. */
  skip(wireType: number, maxGroups: number): boolean {
    switch (wireType) {
      case WireType.VARINT:
        this.countVarints(this.position + 1)
        return this.isWithin
      case WireType.FIXED64:
        return this.#pass(8)
      case WireType.FIXED32:
        return this.#pass(4)
      case WireType.LENGTH:
        return this.#skipLength()
      case WireType.START_GROUP:
        return this.#skipGroup(maxGroups)
      default:
        return false
    }
  }

  #pass(count: number): boolean {
    this.position += count
    return this.isWithin
  }

  #skipLength(): boolean {
    const length = this.varint()
    return length !== MALFORMED && this.#pass(length)
  }

  #skipGroup(maxGroups: number): boolean {
    let open = 1
    while (open > 0) {
      const tag = open > maxGroups ? MALFORMED : this.tag()
      if (tag === MALFORMED) return false
      const wireType = tag & 7
      if (wireType === WireType.END_GROUP) open -= 1
      else if (wireType === WireType.START_GROUP) open += 1
      else if (!this.skip(wireType, 0)) return false
    }
    return true
  }

  /** Strings of digits are an index, too. */
  #decimal(start: number, length: number): number {
    if (length < 1 || length > MAX_INDEX_DIGITS) return NO_INDEX
    let index = 0
    for (let at = start; at < start + length; at += 1) {
      const digit = (this.#octets[at] ?? 0) - ZERO
      if (digit < 0 || digit > 9) return NO_INDEX
      index = index * 10 + digit
    }
    return index
  }

  /** Reads an index of two octets; larger ones cost nothing extra. */
  #littleEndian(start: number): number {
    for (let at = start + 2; at < this.position; at += 1) if (this.#octets[at] !== 0) return NO_INDEX
    return (this.#octets[start] ?? 0) | ((this.#octets[start + 1] ?? 0) << 8)
  }
}
