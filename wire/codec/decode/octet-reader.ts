/** Reads numbers of the binary format. Each function reads at a position, and leaves the position after the value in the reader's state. */

/** Decoding is synchronous, so all messages share one state. Positions are arguments, which V8 keeps in registers. */
export const reader = {
  /** The position after the value that was read last. */
  position: 0,
  /** The end of the message. The octets after it belong to other messages. */
  limit: 0,
  /** Maximum depth of nested messages and groups. */
  recursionLimit: 0,
  keepsUnknownFields: true,
  /** Whether short `bytes` of the message share buffers. */
  pools: false,
  /** The words of the 64-bit varint that was read last. */
  low: 0,
  high: 0,
}

/** Reads a value at a position. The position after it is `reader.position`. */
export type ReadValue = (octets: Uint8Array, start: number) => unknown

const MAX_VARINT_OCTETS = 10

/** Makes 64-bit integers and floating-point numbers of words. */
const words = new DataView(new ArrayBuffer(8))

/** Reads a varint of which protobuf keeps the lowest 32 bits. */
export function uint32(octets: Uint8Array, start: number): number {
  const { limit } = reader
  let at = start
  let value = 0
  for (let shift = 0; at < limit && shift < 7 * MAX_VARINT_OCTETS; shift += 7) {
    const octet = octets[at++] as number
    if (shift < 32) value |= (octet & 0x7f) << shift
    if (octet < 0x80) {
      reader.position = at
      return value >>> 0
    }
  }
  throw brokenVarint(at)
}

/**
 * Reads a length. Returns the end of the content.
 *
 * @throws RangeError for a content that ends after the message
 */
export function contentEnd(octets: Uint8Array, start: number): number {
  const length = uint32(octets, start)
  const end = reader.position + length
  if (end > reader.limit) truncated()
  return end
}

/** Reads a signed varint, or the number of an enum value. */
export function int32(octets: Uint8Array, start: number): number {
  return uint32(octets, start) | 0
}

/** Reads a zigzag-encoded varint. */
export function sint32(octets: Uint8Array, start: number): number {
  const value = uint32(octets, start)
  return (value >>> 1) ^ -(value & 1)
}

/**
 * Reads a tag of several octets as a signed integer, as the tags in generated code are.
 *
 * @throws Error for a tag that takes more than 32 bits
 */
export function longTag(octets: Uint8Array, start: number): number {
  const tag = uint32(octets, start)
  const count = reader.position - start
  if (count > 5 || (count === 5 && (octets[start + 4] as number) > 0x0f)) throw new Error('malformed tag: over 32 bits')
  return tag | 0
}

/** Reads a varint of 64 bits into the words of the state. */
export function varint64(octets: Uint8Array, start: number): void {
  const { limit } = reader
  let at = start
  let low = 0
  let high = 0
  for (let shift = 0; at < limit && shift < 7 * MAX_VARINT_OCTETS; shift += 7) {
    const octet = octets[at++] as number
    const bits = octet & 0x7f
    if (shift < 32) low |= bits << shift
    if (shift === 28) high = bits >> 4
    else if (shift > 28) high |= bits << (shift - 32)
    if (octet < 0x80) {
      reader.position = at
      reader.low = low
      reader.high = high
      return
    }
  }
  throw brokenVarint(at)
}

/** Reads a truth value, which may be a varint of any 64 bits. */
export function bool(octets: Uint8Array, start: number): boolean {
  varint64(octets, start)
  return reader.low !== 0 || reader.high !== 0
}

/** Reads a signed varint of 64 bits. */
export function int64(octets: Uint8Array, start: number): bigint {
  varint64(octets, start)
  return signed(reader.low, reader.high)
}

/** Reads an unsigned varint of 64 bits. */
export function uint64(octets: Uint8Array, start: number): bigint {
  varint64(octets, start)
  return unsigned(reader.low, reader.high)
}

/** Reads a zigzag-encoded varint of 64 bits. */
export function sint64(octets: Uint8Array, start: number): bigint {
  varint64(octets, start)
  const { low, high } = reader
  const sign = -(low & 1)
  return signed(((low >>> 1) | (high << 31)) ^ sign, (high >>> 1) ^ sign)
}

/** Reads an unsigned integer of four octets. */
export function fixed32(octets: Uint8Array, start: number): number {
  return word(octets, start, 4) >>> 0
}

/** Reads a signed integer of four octets. */
export function sfixed32(octets: Uint8Array, start: number): number {
  return word(octets, start, 4)
}

/** Reads an unsigned integer of eight octets. */
export function fixed64(octets: Uint8Array, start: number): bigint {
  return unsigned(word(octets, start, 8), word(octets, start + 4, 4))
}

/** Reads a signed integer of eight octets. */
export function sfixed64(octets: Uint8Array, start: number): bigint {
  return signed(word(octets, start, 8), word(octets, start + 4, 4))
}

/** Reads a floating-point number of four octets. */
export function float(octets: Uint8Array, start: number): number {
  words.setInt32(0, word(octets, start, 4), true)
  return words.getFloat32(0, true)
}

/** Reads a floating-point number of eight octets. */
export function double(octets: Uint8Array, start: number): number {
  words.setInt32(0, word(octets, start, 8), true)
  words.setInt32(4, word(octets, start + 4, 4), true)
  return words.getFloat64(0, true)
}

/** Throws the error for a message that ends within a value. The text is that of protobuf-es, which operators may look for. */
export function truncated(): never {
  throw new RangeError('premature EOF')
}

/** Reads the first word of a value that takes `size` octets. */
function word(octets: Uint8Array, start: number, size: number): number {
  if (start + size > reader.limit) truncated()
  reader.position = start + size
  const low = (octets[start] as number) | ((octets[start + 1] as number) << 8)
  return low | ((octets[start + 2] as number) << 16) | ((octets[start + 3] as number) << 24)
}

function signed(low: number, high: number): bigint {
  words.setInt32(0, low, true)
  words.setInt32(4, high, true)
  return words.getBigInt64(0, true)
}

function unsigned(low: number, high: number): bigint {
  words.setInt32(0, low, true)
  words.setInt32(4, high, true)
  return words.getBigUint64(0, true)
}

function brokenVarint(at: number): Error {
  return at < reader.limit ? new Error('malformed varint: over ten octets') : new RangeError('premature EOF')
}
