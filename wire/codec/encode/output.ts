/** The buffer that messages are encoded into. Encoding is synchronous, so one per process is enough. */
import { Buffer } from 'node:buffer'

/** A buffer with the write method that Node's own stream code uses: it skips the look-up of the encoding. */
export type WritableBuffer = Buffer & { utf8Write(text: string, offset: number): number }

/** The octets that are free after `limit`. The writers of short values use them without a check of their own. */
export const SLACK_BYTES = 512

/** The first buffer. Most messages fit, so it is reused for all of them. */
const SCRATCH_BYTES = 64 * 1024

/** A buffer that grows for one value has this many octets more, for the fields after it. */
const SPARE_BYTES = 4 * 1024

/**
 * Where the codecs write. A writer takes a position and returns the position after what it wrote. A writer of a message, of text or of octets
 * returns a position up to `limit`. Positions stay the same when the buffer grows, but the buffer is another one.
 */
class Output {
  buffer = allocate(SCRATCH_BYTES)
  view = viewOf(this.buffer)
  limit = this.buffer.byteLength - SLACK_BYTES
  /** Whether a message is being encoded. A getter on it may encode another one. */
  isBusy = false
  readonly #scratch = this.buffer

  /** Whether the current buffer is the one that is reused. */
  get isScratch(): boolean {
    return this.buffer === this.#scratch
  }

  /** Changes to another buffer. */
  use(buffer: WritableBuffer): void {
    this.buffer = buffer
    this.view = viewOf(buffer)
    this.limit = buffer.byteLength - SLACK_BYTES
  }

  /** Changes back to the buffer that is reused. */
  reset(): void {
    this.use(this.#scratch)
  }
}

/** The process's output. */
export const output = new Output()

/**
 * Makes `bytes` octets free after the position, and the slack after them. Returns the position. The buffer at least doubles, so that growth
 * takes linear time in all; one long value gets what it needs at once.
 */
export function grow(p: number, bytes = 0): number {
  if (p + bytes <= output.limit) return p
  const { buffer } = output
  const larger = allocate(p + Math.max(bytes + SPARE_BYTES, p) + SLACK_BYTES)
  larger.set(buffer.subarray(0, p))
  output.use(larger)
  return p
}

/** Returns a buffer that is not part of Node's pool. */
export function allocate(bytes: number): WritableBuffer {
  return Buffer.allocUnsafeSlow(bytes) as WritableBuffer
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}
