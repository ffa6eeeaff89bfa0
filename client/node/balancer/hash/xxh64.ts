/** The hash XXH64, which gRPC clients share so that they choose the same server for a key. */

/** A 64-bit number, in two halves from 0 to below 2^32. */
export interface Uint64 {
  readonly high: number
  readonly low: number
}

const ZERO: Uint64 = Object.freeze({ high: 0, low: 0 })

const PRIME_1 = u64(0x9e3779b1, 0x85ebca87)
const PRIME_2 = u64(0xc2b2ae3d, 0x27d4eb4f)
const PRIME_3 = u64(0x165667b1, 0x9e3779f9)
const PRIME_4 = u64(0x85ebca77, 0xc2b2ae63)
const PRIME_5 = u64(0x27d4eb2f, 0x165667c5)
const MINUS_PRIME_1 = u64(0x61c8864e, 0x7a143579)

const STRIPE_BYTES = 32

/**
 * Hashes text as UTF-8.
 *
 * @param seed default 0
 */
export function xxh64(text: string, seed: Uint64 = ZERO): Uint64 {
  const bytes = new TextEncoder().encode(text)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const stripesEnd = bytes.length - (bytes.length % STRIPE_BYTES)
  const start = stripesEnd > 0 ? hashStripes(view, stripesEnd, seed) : add(seed, PRIME_5)
  return avalanche(hashTail(view, stripesEnd, add(start, u64(0, bytes.length))))
}

/** Compares in ascending order, for `sort`. */
export function compareUint64(a: Uint64, b: Uint64): number {
  return a.high - b.high || a.low - b.low
}

/** Returns a uniformly distributed number. */
export function randomUint64(random: () => number): Uint64 {
  return u64(random() * 2 ** 32, random() * 2 ** 32)
}

function hashStripes(view: DataView, end: number, seed: Uint64): Uint64 {
  const lanes = [add(add(seed, PRIME_1), PRIME_2), add(seed, PRIME_2), seed, add(seed, MINUS_PRIME_1)]
  for (let offset = 0; offset < end; offset += 8) {
    const lane = (offset / 8) % lanes.length
    lanes[lane] = round(lanes[lane] ?? ZERO, read64(view, offset))
  }
  const rotations = [1, 7, 12, 18]
  const sum = lanes.reduce((total, lane, index) => add(total, rotate(lane, rotations[index] ?? 0)), ZERO)
  return lanes.reduce((hash, lane) => add(multiply(xor(hash, round(ZERO, lane)), PRIME_1), PRIME_4), sum)
}

function hashTail(view: DataView, start: number, initial: Uint64): Uint64 {
  let hash = initial
  let offset = start
  for (; offset + 8 <= view.byteLength; offset += 8) {
    hash = add(multiply(rotate(xor(hash, round(ZERO, read64(view, offset))), 27), PRIME_1), PRIME_4)
  }
  if (offset + 4 <= view.byteLength) {
    hash = xor(hash, multiply(u64(0, view.getUint32(offset, true)), PRIME_1))
    hash = add(multiply(rotate(hash, 23), PRIME_2), PRIME_3)
    offset += 4
  }
  for (; offset < view.byteLength; offset++) {
    hash = multiply(rotate(xor(hash, multiply(u64(0, view.getUint8(offset)), PRIME_5)), 11), PRIME_1)
  }
  return hash
}

function avalanche(hash: Uint64): Uint64 {
  const first = multiply(xor(hash, u64(0, hash.high >>> 1)), PRIME_2)
  const second = multiply(xor(first, u64(first.high >>> 29, (first.high << 3) | (first.low >>> 29))), PRIME_3)
  return xor(second, u64(0, second.high))
}

function round(lane: Uint64, input: Uint64): Uint64 {
  return multiply(rotate(add(lane, multiply(input, PRIME_2)), 31), PRIME_1)
}

function u64(high: number, low: number): Uint64 {
  return { high: high >>> 0, low: low >>> 0 }
}

function read64(view: DataView, offset: number): Uint64 {
  return u64(view.getUint32(offset + 4, true), view.getUint32(offset, true))
}

function xor(a: Uint64, b: Uint64): Uint64 {
  return u64(a.high ^ b.high, a.low ^ b.low)
}

function add(a: Uint64, b: Uint64): Uint64 {
  const low = a.low + b.low
  return u64(a.high + b.high + (low >= 2 ** 32 ? 1 : 0), low)
}

/** Rotates left by 1 to 31 bits. */
function rotate({ high, low }: Uint64, bits: number): Uint64 {
  return u64((high << bits) | (low >>> (32 - bits)), (low << bits) | (high >>> (32 - bits)))
}

/** Multiplies in 16-bit parts, as a double cannot hold the product of two 32-bit numbers exactly. */
function multiply(a: Uint64, b: Uint64): Uint64 {
  const aLow = a.low & 0xffff
  const aHigh = a.low >>> 16
  const bLow = b.low & 0xffff
  const bHigh = b.low >>> 16
  const bottom = aLow * bLow
  const middle = aHigh * bLow + (bottom >>> 16)
  const other = aLow * bHigh + (middle & 0xffff)
  const carry = aHigh * bHigh + Math.floor(middle / 65_536) + Math.floor(other / 65_536)
  const high = carry + Math.imul(a.high, b.low) + Math.imul(a.low, b.high)
  return u64(high, (other << 16) | (bottom & 0xffff))
}
