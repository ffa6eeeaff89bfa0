/**
 * Large buffers that are freed when their last use ends, not by garbage collection. V8 starts a collection of its whole heap after some
 * twenty megabytes of buffers, which costs more than all the work on them.
 */
import { Buffer } from 'node:buffer'

/** Smaller buffers are left to garbage collection. */
const FREED_FROM_BYTES = 16_384

/** Buffers of one purpose, which are freed where their use ends. */
export class ExclusiveOctets {
  readonly #buffers = new WeakSet<ArrayBufferLike>()

  /** States that nothing but these octets, or a part of them, refers to their buffer, unless it is that of Node's pool. */
  mark({ byteLength, buffer }: Uint8Array): void {
    const isPooled = byteLength < buffer.byteLength && byteLength < Buffer.poolSize >>> 1
    if (byteLength >= FREED_FROM_BYTES && !isPooled) this.#buffers.add(buffer)
  }

  /** Frees the buffer of octets that are no longer used, if it is marked. */
  free({ byteLength, buffer }: Uint8Array): void {
    if (byteLength >= FREED_FROM_BYTES && this.#buffers.delete(buffer)) freeBuffer(buffer)
  }
}

/** Messages that a body has returned, until they are decoded. */
export const receivedOctets: ExclusiveOctets = new ExclusiveOctets()

/** Messages that were encoded for one call, until they are sent. */
export const sentOctets: ExclusiveOctets = new ExclusiveOctets()

/** Frees a chunk of a socket that nothing refers to. A part of a larger buffer is left alone. */
export function freeChunk(chunk: Buffer): void {
  if (chunk.length >= FREED_FROM_BYTES && chunk.length === chunk.buffer.byteLength) freeBuffer(chunk.buffer)
}

function freeBuffer(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}
