/** A body for readers whose work must not exceed their input. */
import assert from 'node:assert/strict'
import type { ByteSource } from '../../../wire/byte-source.ts'

const CHUNK_BYTES = 7

/** A body that arrives in small chunks; every query counts as a step. */
export class CountingSource implements ByteSource {
  steps = 0
  #there = 0
  readonly #body: Buffer
  #read = 0

  constructor(body: Buffer) {
    this.#body = body
  }

  get readableBytes(): number {
    return this.#there - this.#read
  }

  get isPeerDone(): boolean {
    return this.#there === this.#body.length
  }

  /** Delivers the next chunk. Returns false after the last one. */
  advance(): boolean {
    if (this.isPeerDone) return false
    this.#there = Math.min(this.#body.length, this.#there + CHUNK_BYTES)
    return true
  }

  want(bytes: number): boolean {
    this.steps++
    return this.isPeerDone || this.readableBytes >= bytes
  }

  byteAt(offset: number): number {
    this.steps++
    return this.#body.readUInt8(this.#read + offset)
  }

  read(bytes: number): Buffer {
    this.steps++
    assert(bytes <= this.readableBytes)
    const data = this.#body.subarray(this.#read, this.#read + bytes)
    this.#read += bytes
    return data
  }
}
