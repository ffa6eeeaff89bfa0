/**
 * Writers of scalar values. Each takes a position and a value, and returns the position after the octets. They accept what protobuf-es accepts:
 * text for numbers, numbers and text for 64-bit integers, anything for text and booleans. The label of the field is for errors.
 *
 * Writers of numbers need a few octets of the slack after the position; {@link writeString} and {@link writeBytes} leave all of it free.
 */
import { ScalarType } from '@bufbuild/protobuf'
import { grow, output } from './output.ts'

/** Writes a value at a position. */
export type ScalarWriter = (p: number, value: unknown, label: string) => number

/** Short text is copied in a loop: up to this length that is faster than a call of Buffer. */
const SHORT_TEXT = 42
const SHORT_OCTETS = 32

const TWO_32 = 0x1_0000_0000
const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n
const MAX_UINT64 = 2n ** 64n - 1n

/** The halves of a large integer. */
const halves = new DataView(new ArrayBuffer(8))

/** The number of octets of an unsigned 32-bit varint. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x20_0000) return 3
  return value < 0x1000_0000 ? 4 : 5
}

/** Writes an unsigned 32-bit integer as a varint. */
export function writeVarint(p: number, value: number): number {
  const { buffer } = output
  let at = p
  let rest = value
  while (rest > 127) {
    buffer[at++] = (rest & 127) | 128
    rest >>>= 7
  }
  buffer[at] = rest
  return at + 1
}

/** Writes a 64-bit varint from its unsigned halves. */
function writeVarint64(p: number, lowHalf: number, highHalf: number): number {
  const { buffer } = output
  let at = p
  let low = lowHalf
  let high = highHalf
  while (high !== 0) {
    buffer[at++] = (low & 127) | 128
    low = ((low >>> 7) | (high << 25)) >>> 0
    high >>>= 7
  }
  return writeVarint(at, low)
}

/** Writes `int32`, and the numbers of enums. */
export function writeInt32(p: number, value: unknown, label: string): number {
  const number = typeof value === 'number' && (value | 0) === value ? value : checkInt32(value, label)
  return number < 0 ? writeVarint64(p, number >>> 0, 0xffff_ffff) : writeVarint(p, number)
}

/** Writes `uint32`. */
export function writeUint32(p: number, value: unknown, label: string): number {
  return writeVarint(p, typeof value === 'number' && value >>> 0 === value ? value : checkUint32(value, label))
}

/** Writes `sint32`. */
export function writeSint32(p: number, value: unknown, label: string): number {
  const number = typeof value === 'number' && (value | 0) === value ? value : checkInt32(value, label)
  return writeVarint(p, ((number << 1) ^ (number >> 31)) >>> 0)
}

/** Writes `fixed32`. */
export function writeFixed32(p: number, value: unknown, label: string): number {
  output.view.setUint32(p, typeof value === 'number' && value >>> 0 === value ? value : checkUint32(value, label), true)
  return p + 4
}

/** Writes `sfixed32`. */
export function writeSfixed32(p: number, value: unknown, label: string): number {
  output.view.setInt32(p, typeof value === 'number' && (value | 0) === value ? value : checkInt32(value, label), true)
  return p + 4
}

/** Writes `int64`. */
export function writeInt64(p: number, value: unknown, label: string): number {
  const number = typeof value === 'bigint' ? Number(value) : Number.NaN
  if (Number.isSafeInteger(number)) {
    const low = number >>> 0
    return writeVarint64(p, low, ((number - low) / TWO_32) >>> 0)
  }
  splitInt64(value, label)
  return writeVarint64(p, halves.getUint32(0, true), halves.getUint32(4, true))
}

/** Writes `uint64`. */
export function writeUint64(p: number, value: unknown, label: string): number {
  const number = typeof value === 'bigint' ? Number(value) : -1
  if (number >= 0 && number <= Number.MAX_SAFE_INTEGER) {
    const low = number >>> 0
    return writeVarint64(p, low, ((number - low) / TWO_32) >>> 0)
  }
  splitUint64(value, label)
  return writeVarint64(p, halves.getUint32(0, true), halves.getUint32(4, true))
}

/** Writes `sint64`. */
export function writeSint64(p: number, value: unknown, label: string): number {
  splitInt64(value, label)
  const low = halves.getInt32(0, true)
  const high = halves.getInt32(4, true)
  const sign = high >> 31
  return writeVarint64(p, ((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0)
}

/** Writes `fixed64`. */
export function writeFixed64(p: number, value: unknown, label: string): number {
  splitUint64(value, label)
  output.view.setInt32(p, halves.getInt32(0, true), true)
  output.view.setInt32(p + 4, halves.getInt32(4, true), true)
  return p + 8
}

/** Writes `sfixed64`. */
export function writeSfixed64(p: number, value: unknown, label: string): number {
  splitInt64(value, label)
  output.view.setInt32(p, halves.getInt32(0, true), true)
  output.view.setInt32(p + 4, halves.getInt32(4, true), true)
  return p + 8
}

/** Writes `double`: any value that converts to a number. */
export function writeDouble(p: number, value: unknown, label: string): number {
  output.view.setFloat64(p, typeof value === 'number' ? value : toNumber(value, label), true)
  return p + 8
}

/** Writes `float`. */
export function writeFloat(p: number, value: unknown, label: string): number {
  output.view.setFloat32(p, checkFloat(value, label), true)
  return p + 4
}

/** Writes `bool`: whether a value is truthy. */
export function writeBool(p: number, value: unknown): number {
  output.buffer[p] = value ? 1 : 0
  return p + 1
}

/** Writes `string` with its length. Unpaired surrogates become U+FFFD. */
export function writeString(p: number, value: unknown): number {
  const text = typeof value === 'string' ? value : String(value)
  const { length } = text
  if (length > SHORT_TEXT) return writeLongText(p, text)
  const { buffer } = output
  const start = p + 1
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return writeLongText(p, text)
    buffer[start + i] = code
  }
  buffer[p] = length
  const end = start + length
  return end <= output.limit ? end : grow(end)
}

/** Writes text straight into the buffer, after the length that it has if it is ASCII. */
function writeLongText(p: number, text: string): number {
  const { length } = text
  let width = varintSize(length)
  // UTF-8 takes up to three octets for a unit of UTF-16. Where those do not fit, the exact length is worth its price.
  if (p + length * 3 > output.limit) {
    const bytes = Buffer.byteLength(text)
    grow(p, bytes)
    width = varintSize(bytes)
  }
  const { buffer } = output
  const start = p + width
  const bytes = buffer.utf8Write(text, start)
  return closeLength(p, width, start + bytes)
}

/** Writes `bytes` with its length. */
export function writeBytes(p: number, value: unknown, label: string): number {
  if (!(value instanceof Uint8Array)) return writeOtherBytes(p, value, label)
  const { byteLength } = value
  if (byteLength > SHORT_OCTETS) {
    const start = writeVarint(grow(p, byteLength), byteLength)
    output.buffer.set(value, start)
    return grow(start + byteLength)
  }
  const { buffer } = output
  const start = p + 1
  buffer[p] = byteLength
  for (let i = 0; i < byteLength; i++) buffer[start + i] = value[i] as number
  return grow(start + byteLength)
}

/** Writes array-like objects with a `byteLength`, which protobuf-es accepts too. */
function writeOtherBytes(p: number, value: unknown, label: string): number {
  const { byteLength, length } = Object(value) as { byteLength: unknown; length: unknown }
  if (typeof length !== 'number' || !Number.isInteger(length) || length < 0) throw invalid(label, 'bytes', value)
  const start = writeVarint(p, checkUint32(byteLength, label))
  grow(start, length)
  output.buffer.set(value as ArrayLike<number>, start)
  return grow(start + length)
}

/**
 * Writes the length of what is between a position and the end, after `width` octets that were left free for it. The octets move where their length
 * takes more or fewer. Returns the new end.
 */
export function closeLength(at: number, width: number, end: number): number {
  const start = at + width
  const length = end - start
  const needed = varintSize(length)
  if (needed !== width) output.buffer.copyWithin(at + needed, start, end)
  writeVarint(at, length)
  return grow(at + needed + length)
}

function splitInt64(value: unknown, label: string): void {
  const big = toBigInt(value, label)
  if (big > MAX_INT64 || big < MIN_INT64) throw invalid(label, 'int64', value)
  halves.setBigInt64(0, big, true)
}

function splitUint64(value: unknown, label: string): void {
  const big = toBigInt(value, label)
  if (big > MAX_UINT64 || big < 0n) throw invalid(label, 'uint64', value)
  halves.setBigUint64(0, big, true)
}

function toBigInt(value: unknown, label: string): bigint {
  if (typeof value === 'bigint') return value
  try {
    return BigInt(value as string)
  } catch {
    throw invalid(label, '64-bit integer', value)
  }
}

function toNumber(value: unknown, label: string): number {
  try {
    return +(value as number)
  } catch {
    throw invalid(label, 'double', value)
  }
}

function checkInt32(value: unknown, label: string): number {
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number === 'number' && (number | 0) === number) return number
  throw invalid(label, 'int32', value)
}

function checkUint32(value: unknown, label: string): number {
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number === 'number' && number >>> 0 === number) return number
  throw invalid(label, 'uint32', value)
}

function checkFloat(value: unknown, label: string): number {
  const number = typeof value === 'string' && (value === 'NaN' || !Number.isNaN(Number(value))) ? Number(value) : value
  if (typeof number !== 'number') throw invalid(label, 'float32', value)
  // A number that only a double can hold would become infinite.
  if (Number.isFinite(number) && !Number.isFinite(Math.fround(number))) throw invalid(label, 'float32', value)
  return number
}

/** The error of a value that does not fit its field. The value itself may be a secret, or long. */
function invalid(label: string, type: string, value: unknown): Error {
  const what = typeof value === 'number' || typeof value === 'bigint' ? String(value) : typeof value
  return new Error(`cannot encode field ${label} to binary: invalid ${type}: ${what}`)
}

/** The writer of each scalar type. */
export const scalarWriters: Readonly<Record<ScalarType, ScalarWriter>> = {
  [ScalarType.DOUBLE]: writeDouble,
  [ScalarType.FLOAT]: writeFloat,
  [ScalarType.INT64]: writeInt64,
  [ScalarType.UINT64]: writeUint64,
  [ScalarType.INT32]: writeInt32,
  [ScalarType.FIXED64]: writeFixed64,
  [ScalarType.FIXED32]: writeFixed32,
  [ScalarType.BOOL]: writeBool,
  [ScalarType.STRING]: writeString,
  [ScalarType.BYTES]: writeBytes,
  [ScalarType.UINT32]: writeUint32,
  [ScalarType.SFIXED32]: writeSfixed32,
  [ScalarType.SFIXED64]: writeSfixed64,
  [ScalarType.SINT32]: writeSint32,
  [ScalarType.SINT64]: writeSint64,
}
