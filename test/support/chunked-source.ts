/** A body that arrives chunk by chunk, and counts how often its octets are looked at. */
import { Buffer } from 'node:buffer'
import type { ByteSource } from '../../wire/byte-source.ts'
import { BodyBuffer } from '../../wire/http2/http2.ts'

/** How the body arrives. */
export interface ChunkedSourceOptions {
  /** The size of the chunks. Default: the pieces as they are. */
  readonly chunkBytes?: number
  /** Whether the peer does not end the body. Default: false. */
  readonly isOpen?: boolean
}

/** Buffers as transports do. The test says when a chunk arrives. */
export class ChunkedSource implements ByteSource {
  /** Calls of `byteAt`. */
  looks = 0
  isPeerDone = false
  readonly #pieces: readonly Uint8Array[]
  readonly #options: ChunkedSourceOptions
  readonly #body = new BodyBuffer()
  #piece = 0
  #offset = 0

  constructor(pieces: readonly Uint8Array[], options: ChunkedSourceOptions = {}) {
    this.#pieces = pieces.filter(({ byteLength }) => byteLength > 0)
    this.#options = options
    this.#noteEnd()
  }

  get readableBytes(): number {
    return this.#body.length
  }

  /** Whether chunks are left. */
  get hasMore(): boolean {
    return this.#piece < this.#pieces.length
  }

  /** The next chunk arrives; the last one ends the body. */
  arrive(): void {
    const piece = this.#pieces[this.#piece]
    if (piece === undefined) throw new RangeError('the body has arrived already')
    const end = Math.min(this.#offset + (this.#options.chunkBytes ?? piece.byteLength), piece.byteLength)
    this.#body.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength), this.#offset, end)
    this.#offset = end
    if (end === piece.byteLength) {
      this.#piece++
      this.#offset = 0
    }
    this.#noteEnd()
  }

  want(bytes: number): boolean {
    return this.isPeerDone || this.#body.length >= bytes
  }

  byteAt(offset: number): number {
    this.looks++
    return this.#body.byteAt(offset)
  }

  read(bytes: number): Buffer {
    return this.#body.read(bytes)
  }

  #noteEnd(): void {
    this.isPeerDone = !this.hasMore && this.#options.isOpen !== true
  }
}
