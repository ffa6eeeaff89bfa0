/** Inflates a message on the thread pool, within a limit and a reservation that grows with the output. */
import { Buffer } from 'node:buffer'
import type { Transform } from 'node:stream'

/** Limits of inflating one message. */
export interface InflateOptions {
  /** Maximum length of the output, in octets. */
  readonly maxBytes: number
  /** Expected length of the output, in octets: the size of the first buffer. */
  readonly expectedBytes: number
  /** Receives the octets held for the output whenever they grow. An error that it throws ends the work. */
  onGrowth(heldBytes: number): void
}

/** Maximum size of the first buffer; a longer message comes in several pieces. */
const MAX_CHUNK_BYTES = 16_777_216

/** The smallest chunk size that zlib accepts. */
const MIN_CHUNK_BYTES = 64

class OverLimitError extends Error {}

/**
 * Inflates all of `data`. An output of the expected length takes one job of the thread pool and one buffer, which has an octet to
 * spare, as zlib would allocate another one when it fills up.
 *
 * @param create creates the zlib stream, with buffers of this size
 * @returns rejects with the error of zlib, that of `onGrowth`, or one for which `isOverLimit` is true
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
      // Several pieces are joined at the end, when each octet is held twice.
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

/** Whether inflating failed because the output exceeds the limit. */
export function isOverLimit(error: unknown): boolean {
  if (error instanceof OverLimitError) return true
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
