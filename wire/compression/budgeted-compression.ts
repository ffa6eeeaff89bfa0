/** Compresses the messages of one call in one direction, within the memory budget of the process. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { Compression } from './compression.ts'
import { CompressionJob, type CompressionOwner } from './compression-job.ts'
import { type CompressionPool, poolOf } from './compression-pool.ts'

/** Holds one inflated message at a time: inflating the next releases it. The owner calls `stop` when the call ends, then `release`. */
export class BudgetedCompression implements Compression {
  readonly name: string
  readonly #compression: Compression
  readonly #owner: CompressionOwner
  readonly #pool: CompressionPool
  #job: CompressionJob | null = null
  #heldBytes = 0
  #isOver = false

  constructor(compression: Compression, owner: CompressionOwner) {
    this.name = compression.name
    this.#compression = compression
    this.#owner = owner
    this.#pool = poolOf(owner)
  }

  compress(data: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const packed = this.#pool.deflate({ owner: this.#owner, compression: this.#compression, data })
    return packed instanceof CompressionJob ? this.#settled(packed) : packed
  }

  decompress(data: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array> {
    this.release()
    const plain = this.#pool.inflate({ owner: this.#owner, compression: this.#compression, data, maxBytes })
    if (plain instanceof CompressionJob) return this.#inflated(plain)
    this.#heldBytes = plain.byteLength
    return plain
  }

  /** Ends the work for the call: a waiting message is never started, and the output of a running job is dropped. */
  stop(): void {
    this.#isOver = true
    if (this.#job !== null) this.#pool.cancel(this.#job)
  }

  /** Stops counting the inflated message, which the owner no longer uses. */
  release(): void {
    if (this.#heldBytes === 0) return
    const bytes = this.#heldBytes
    this.#heldBytes = 0
    this.#pool.release(bytes)
  }

  async #inflated(job: CompressionJob): Promise<Uint8Array> {
    const plain = await this.#settled(job)
    this.#heldBytes = plain.byteLength
    if (!this.#isOver) return plain
    this.release()
    throw new ConnectError('the call is over', Code.Canceled)
  }

  async #settled(job: CompressionJob): Promise<Uint8Array> {
    this.#job = job
    try {
      return await job.promise
    } finally {
      this.#job = null
    }
  }
}
