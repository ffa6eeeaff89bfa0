/** A message to compress or inflate, and the memory that is counted for it. */
import type { MemoryBudget } from '../http2/http2.ts'
import type { Compression } from './compression.ts'

/**
 * Messages that a server receives, or that a client does. They have separate shares of memory: a handler that holds its request may
 * wait for the answer to a call of its own, which must not wait for the memory of requests.
 */
export type CompressionSide = 'server' | 'client'

/** The owner of a message: a call of a server or a client. */
export interface CompressionOwner {
  readonly side: CompressionSide
  readonly budget: MemoryBudget
  /** Messages with the same line wait behind each other; usually the connection of the call. */
  readonly line: object
}

/** A message and what it is compressed with. */
export interface JobInit {
  readonly owner: CompressionOwner
  readonly compression: Compression
  readonly data: Uint8Array
}

/** A message to inflate. */
export interface InflateInit extends JobInit {
  /** Maximum length of the output, in octets. */
  readonly maxBytes: number
}

/** A waiting short message must not keep the whole chunk it arrived in from being collected. */
const MAX_PINNED_FACTOR = 2

/** Waits in a queue, runs, and is settled once. */
export class CompressionJob {
  readonly owner: CompressionOwner
  readonly compression: Compression
  readonly data: Uint8Array
  readonly maxBytes: number
  /** The length that the message claims for its output; undefined if it claims none. */
  claimedBytes: number | undefined
  /** Octets of the output that count against the budget. */
  outputBytes = 0
  isSettled = false
  readonly #settlement = Promise.withResolvers<Uint8Array>()

  constructor({ owner, compression, data, maxBytes = 0 }: JobInit & Partial<InflateInit>) {
    this.owner = owner
    this.compression = compression
    this.data = unpinned(data)
    this.maxBytes = maxBytes
  }

  get promise(): Promise<Uint8Array> {
    return this.#settlement.promise
  }

  resolve(output: Uint8Array): void {
    this.isSettled = true
    this.#settlement.resolve(output)
  }

  reject(error: unknown): void {
    this.isSettled = true
    this.#settlement.reject(error)
  }
}

function unpinned(data: Uint8Array): Uint8Array {
  return data.buffer.byteLength > MAX_PINNED_FACTOR * data.byteLength ? new Uint8Array(data) : data
}
