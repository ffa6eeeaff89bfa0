/** Short pieces of a body, copied one behind the other into chunks that are used again and again. */
import { Buffer } from 'node:buffer'
import { copyRange, type FrameOutput } from './frame-output.ts'

/** Below the size from which the output keeps what it is given: a chunk is free once it was sent. */
const CHUNK_BYTES = 4_096

/** Free chunks that the process keeps: a fresh one costs as much as two hundred messages. */
const MAX_FREE_CHUNKS = 64

const freeChunks: Buffer[] = []

/** What a stream has queued behind its other pieces. All chunks but the last are full. */
export class ShortPieces {
  private readonly chunks: Buffer[] = []
  /** Where the first chunk begins. */
  private start = 0
  /** Where the last chunk ends. */
  private end = CHUNK_BYTES

  /** Copies some octets behind the others. */
  append(data: Uint8Array): void {
    for (let at = 0; at < data.length; ) {
      const count = Math.min(data.length - at, CHUNK_BYTES - this.end)
      if (count === 0) {
        this.chunks.push(freeChunks.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES))
        this.end = 0
      } else {
        this.end = copyRange(this.chunks[this.chunks.length - 1] as Buffer, this.end, data, at, at + count)
        at += count
      }
    }
  }

  /** Moves the next octets to the output; the caller has seen to it that they are there. True: they were the last. */
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

  /** The octets in chunks, which are the caller's from here on. */
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
