/** Short pieces of a body, copied one after the other into chunks that are reused. */
import { Buffer } from 'node:buffer'
import type { FrameOutput } from './frame-output.ts'
import { copyRange } from './octets.ts'

/** Small enough that the output copies chunks rather than keep them, so that they are free once sent. */
const CHUNK_BYTES = 4_096

/** Maximum of free chunks kept for reuse. Allocating one costs as much as two hundred messages. */
const MAX_FREE_CHUNKS = 64

const freeChunks: Buffer[] = []

/** The short pieces at the end of a stream's queue. All chunks but the last are full. */
export class ShortPieces {
  private readonly chunks: Buffer[] = []
  /** Start of the octets in the first chunk. */
  private start = 0
  /** End of the octets in the last chunk. */
  private end = CHUNK_BYTES

  /** Copies `data[start, end)` to the end. */
  append(data: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const count = Math.min(end - at, CHUNK_BYTES - this.end)
      if (count === 0) {
        this.chunks.push(freeChunks.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES))
        this.end = 0
      } else {
        this.end = copyRange(this.chunks[this.chunks.length - 1] as Buffer, this.end, data, at, at + count)
        at += count
      }
    }
  }

  /** Moves the next octets to the output. The caller guarantees that there are enough. True if they were the last. */
  moveTo(output: FrameOutput, bytes: number): boolean {
    for (let left = bytes; left > 0; ) {
      const chunk = this.chunks[0] as Buffer
      const isLast = this.chunks.length === 1
      const end = Math.min(isLast ? this.end : CHUNK_BYTES, this.start + left)
      output.append(chunk, this.start, end)
      left -= end - this.start
      this.start = end
      if (end === CHUNK_BYTES || (isLast && end === this.end)) this.freeFirst()
    }
    return this.chunks.length === 0
  }

  /** Returns the octets in chunks, which the caller owns from here on. */
  takeAll(): Buffer[] {
    const last = this.chunks.length - 1
    return this.chunks.map((chunk, at) =>
      chunk.subarray(at === 0 ? this.start : 0, at === last ? this.end : CHUNK_BYTES),
    )
  }

  private freeFirst(): void {
    const chunk = this.chunks.shift()
    if (chunk !== undefined && freeChunks.length < MAX_FREE_CHUNKS) freeChunks.push(chunk)
    this.start = 0
    if (this.chunks.length === 0) this.end = CHUNK_BYTES
  }
}
