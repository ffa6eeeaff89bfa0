/** Inflates a message on the thread pool, once, within a limit and a reservation that grows with the output. */
import { Buffer } from 'node:buffer'
import type { Transform } from 'node:stream'

/** What inflating holds to. */
export interface InflateOptions {
  /** The most that may come out, in octets. */
  readonly maxBytes: number
  /** What is expected to come out, in octets: the size of the first buffer. */
  readonly expectedBytes: number
  /** Called with what is held for the output whenever that grows, in octets. What it throws ends the work. */
  onGrowth(heldBytes: number): void
}

/** The most that is allocated for an expectation; a longer message comes in several pieces. */
const MAX_CHUNK_BYTES = 16_777_216

/** The smallest that zlib takes. */
const MIN_CHUNK_BYTES = 64

class OverLimitError extends Error {}

/**
 * Inflates all of `data`. An output as long as expected is written by one job of the pool into one buffer, which has one octet to
 * spare: a full one would make zlib allocate the next.
 *
 * @param create makes the stream of zlib, with buffers of this size
 * @throws rejects with the error of zlib, that of `onGrowth`, or one for which `isOverLimit` is true
 */
export function inflateStream(
  create: (chunkSize: number) => Transform,
  data: Uint8Array,
  { maxBytes, expectedBytes, onGrowth }: InflateOptions,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const room = Math.min(expectedBytes, maxBytes, MAX_CHUNK_BYTES)
  const stream = create(Math.max(room + 1, MIN_CHUNK_BYTES))
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    bytes += chunk.byteLength
    try {
      if (bytes > maxBytes) throw new OverLimitError()
      // Pieces are joined in the end, when all of them is held twice.
      onGrowth(chunks.length === 1 ? bytes : 2 * bytes)
    } catch (error) {
      stream.destroy(error as Error)
    }
  })
  stream.on('error', reject)
  stream.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes)))
  stream.end(data)
  return promise
}

/** Whether inflating ended because more came out than the limit. */
export function isOverLimit(error: unknown): boolean {
  if (error instanceof OverLimitError) return true
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
