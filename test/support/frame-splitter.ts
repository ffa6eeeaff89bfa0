/** Splits the bytes of one end of an HTTP/2 connection into frames. */
import { decodeFrames, type Frame, PREFACE } from './http2-frames.ts'

/** Accepts chunks of any size. */
export class FrameSplitter {
  #received: Buffer = Buffer.alloc(0)
  #skip: number

  /** With `skipsPreface`, as for a server, the client's preface is skipped. */
  constructor(skipsPreface: boolean) {
    this.#skip = skipsPreface ? PREFACE.length : 0
  }

  /** Returns the frames completed by this chunk. */
  take(chunk: Buffer): Frame[] {
    const skipped = Math.min(this.#skip, chunk.length)
    this.#skip -= skipped
    this.#received = Buffer.concat([this.#received, chunk.subarray(skipped)])
    const frames = decodeFrames(this.#received)
    const last = frames.at(-1)
    if (last === undefined) return frames
    const end = last.payload.byteOffset + last.payload.length - this.#received.byteOffset
    this.#received = this.#received.subarray(end)
    return frames
  }
}
