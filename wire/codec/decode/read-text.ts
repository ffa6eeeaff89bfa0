/** Reads strings and `bytes`. Nothing that is returned refers to the input, which may be a chunk of a socket. */
import { Buffer } from 'node:buffer'
import { canGenerateCode, FunctionSource } from '../function-source.ts'
import { reader, truncated, uint32 } from './octet-reader.ts'

/** Reads the characters of a range. Returns null unless all are ASCII. */
type ReadAscii = (octets: Uint8Array, start: number, length: number) => string | null

/** Strings of up to this length are made of character codes. Above, a call into C++ is faster (measured on Node 26: 47 ns and 70 ns at 24). */
const MAX_SHORT = 24

/** V8 keeps the octets of typed arrays of up to this length on its heap. */
const MAX_ON_HEAP = 64

/** Values of a long message up to this length share buffers of `POOL_BYTES`. */
const MAX_POOLED = 1_024
const POOL_BYTES = 8_192

const NO_OCTETS = new Uint8Array(0)
let pool = NO_OCTETS
let pooled = 0

const REPLACEMENT = '\ufffd'

/** What `toString('utf8', start, end)` calls. It accepts any Uint8Array. */
const { utf8Slice } = Buffer.prototype as unknown as { utf8Slice(this: Uint8Array, start: number, end: number): string }

// As in protobuf-es, U+FEFF at the start is text.
const lenientDecoder = new TextDecoder('utf-8', { ignoreBOM: true })
const strictDecoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

const shortAscii = canGenerateCode() ? unrolledAscii() : loopedAscii

/** Reads a string. Octets that are not UTF-8 become U+FFFD. */
export function lenientText(octets: Uint8Array, start: number): string {
  return text(octets, start, lenientDecoder)
}

/**
 * Reads a string.
 *
 * @throws TypeError for octets that are not UTF-8
 */
export function strictText(octets: Uint8Array, start: number): string {
  return text(octets, start, strictDecoder)
}

/** Reads `bytes`. */
export function bytes(octets: Uint8Array, start: number): Uint8Array {
  const from = contentStart(octets, start)
  return copyOctets(octets, from, reader.position)
}

/** Returns a copy of a range, which has a buffer of its own. */
export function copyOctets(octets: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start
  if (length <= MAX_POOLED && reader.pools) return pooledCopy(octets, start, end)
  if (length > MAX_ON_HEAP) {
    const { byteOffset } = octets
    return new Uint8Array(octets.buffer.slice(byteOffset + start, byteOffset + end))
  }
  const copy = new Uint8Array(length)
  for (let index = 0; index < length; index += 1) copy[index] = octets[start + index] as number
  return copy
}

/**
 * Copies a range to a buffer that it shares with other values of the message. A view takes 104 bytes, and a buffer of its own more than
 * 200, which a long message of many short values must not take.
 */
function pooledCopy(octets: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start
  if (length > pool.byteLength - pooled) {
    pool = new Uint8Array(Math.max(length, Math.min(POOL_BYTES, reader.limit - start)))
    pooled = 0
  }
  const copy = pool.subarray(pooled, pooled + length)
  pooled += length
  for (let index = 0; index < length; index += 1) copy[index] = octets[start + index] as number
  return copy
}

/** Starts a message: its values share no buffer with those of another. */
export function startPool(isPooled: boolean): void {
  reader.pools = isPooled
  pool = NO_OCTETS
  pooled = 0
}

function text(octets: Uint8Array, start: number, decoder: TextDecoder): string {
  const from = contentStart(octets, start)
  const end = reader.position
  const length = end - from
  if (length <= MAX_SHORT) {
    const ascii = shortAscii(octets, from, length)
    if (ascii !== null) return ascii
  }
  const decoded = utf8Slice.call(octets, from, end)
  // The octets may contain the character, or be malformed.
  return decoded.includes(REPLACEMENT) ? decoder.decode(octets.subarray(from, end)) : decoded
}

/** Reads a length. Returns the position after it, and leaves the end of the content in the state. */
function contentStart(octets: Uint8Array, start: number): number {
  let from = start + 1
  let length = start < reader.limit ? (octets[start] as number) : 0x80
  if (length > 0x7f) {
    length = uint32(octets, start)
    from = reader.position
  }
  const end = from + length
  if (end > reader.limit) truncated()
  reader.position = end
  return from
}

function loopedAscii(octets: Uint8Array, start: number, length: number): string | null {
  const codes = new Array<number>(length)
  for (let index = 0; index < length; index += 1) {
    const octet = octets[start + index] as number
    if (octet > 0x7f) return null
    codes[index] = octet
  }
  return String.fromCharCode.apply(String, codes)
}

/** Compiles one call of `fromCharCode` per length. It makes a flat string at once, while concatenation makes ropes. */
function unrolledAscii(): ReadAscii {
  const source = new FunctionSource()
  const fromCharCode = source.bind(String.fromCharCode)
  source.add('switch (n) {', "case 0: return ''")
  for (let length = 1; length <= MAX_SHORT; length += 1) {
    const names = Array.from({ length }, (_, index) => `c${index}`)
    source.add(
      `case ${length}: {`,
      `const ${names.map((name, index) => `${name} = b[p + ${index}]`).join(', ')}`,
      `return (${names.join(' | ')}) > 127 ? null : ${fromCharCode}(${names.join(', ')})`,
      '}',
    )
  }
  source.add('}', 'return null')
  return source.compile<ReadAscii>('b, p, n', 'shortAscii')
}
