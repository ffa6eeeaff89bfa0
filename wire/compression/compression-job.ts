/** A message that is to be compressed or inflated, and what is held for it. */
import type { MemoryBudget } from '../http2/http2.ts'
import type { Compression } from './compression.ts'

/** Requests that a process receives, or answers: handlers that keep requests may wait for answers, which must not wait for them. */
export type CompressionSide = 'server' | 'client'

/** Whose messages they are. */
export interface CompressionOwner {
  readonly side: CompressionSide
  readonly budget: MemoryBudget
  /** Messages of the same line wait behind each other: it is the connection of a call, as a rule. */
  readonly line: object
}

/** What is to be done. */
export interface JobInit {
  readonly owner: CompressionOwner
  readonly compression: Compression
  readonly data: Uint8Array
}

/** A job that inflates. */
export interface InflateInit extends JobInit {
  /** The most that may come out, in octets. */
  readonly maxBytes: number
}

/** A short message that waits must not pin the whole chunk that it came in. */
const MAX_PINNED_FACTOR = 2

/** Waits in a queue, is worked on, and is settled once. */
export class CompressionJob {
  readonly owner: CompressionOwner
  readonly compression: Compression
  readonly data: Uint8Array
  readonly maxBytes: number
  /** What is likely to come out; undefined: nobody knows. */
  claimedBytes: number | undefined
  /** Octets of the output that are counted. */
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
