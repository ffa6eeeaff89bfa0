/** Ranges of octets, and copies of them, which are short in most messages. */
import { Buffer } from 'node:buffer'

/** Octets that lie together in memory: `buffer[start, end)`. */
export interface OctetRange {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
}

/** Below this size, a loop is faster than a native copy. */
const BYTE_LOOP_BELOW_BYTES = 64

/** Copies `data[start, end)` to an offset with enough room, and returns the offset after it. */
export function copyRange(target: Buffer, offset: number, data: Uint8Array, start = 0, end = data.length): number {
  let at = offset
  if (end - start < BYTE_LOOP_BELOW_BYTES) {
    for (let i = start; i < end; i++) target[at++] = data[i] as number
    return at
  }
  target.set(start === 0 && end === data.length ? data : data.subarray(start, end), at)
  return at + end - start
}

/** Returns a copy of `data[start, end)`. */
export function copyOf(data: Uint8Array, start: number, end: number): Buffer {
  const out = Buffer.allocUnsafe(end - start)
  copyRange(out, 0, data, start, end)
  return out
}
