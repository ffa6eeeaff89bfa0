/** Compresses and inflates the messages of a process, a few at a time and within its memory budget. */
import { Code, ConnectError } from '@connectrpc/connect'
import { type MemoryBudget, type ProcessMemory, systemTimers, type TimerWheel } from '../http2/http2.ts'
import { likelyBytes } from './claimed-bytes.ts'
import { ZlibCompression } from './compression.ts'
import { CompressionJob, type CompressionOwner, type InflateInit, type JobInit } from './compression-job.ts'
import { FairQueue } from './fair-queue.ts'
import { JobQueue } from './job-queue.ts'
import { TurnQuota } from './turn-quota.ts'

/** The default size of libuv's thread pool. More jobs at a time would be no faster and would hold more memory. */
const JOBS_AT_A_TIME = 4

/** Short messages inflated per turn of the event loop. Each is at most 64 KiB. */
const MESSAGES_PER_TURN = 16

/** Waiting messages are refused when none could start for this long, as handlers hold all of the memory. */
export const MAX_COMPRESSION_WAIT_MS = 10_000

/**
 * Everything counts against the budget while it is held: waiting input, growing output, and an inflated message until its owner
 * releases it. Short messages are inflated synchronously, a few per turn, so that many in one read do not block the event loop.
 * Longer ones wait for a thread and for memory: together they may hold half of the budget, which leaves room for messages that
 * are not compressed.
 */
export class CompressionPool {
  /** Octets of inflated messages that are held or being inflated. */
  inflatedBytes = 0
  readonly #memory: ProcessMemory
  readonly #short = new FairQueue<CompressionJob>()
  readonly #turn = new TurnQuota(MESSAGES_PER_TURN, () => this.#inflateShort())
  readonly #inflating: JobQueue
  readonly #deflating: JobQueue

  constructor(memory: ProcessMemory, timers: TimerWheel = systemTimers) {
    const giveUp = (job: CompressionJob) => this.#refuse(job, outOfMemory())
    const limits = { slots: JOBS_AT_A_TIME, maxWaitMs: MAX_COMPRESSION_WAIT_MS, timers, giveUp }
    this.#memory = memory
    this.#inflating = new JobQueue({
      ...limits,
      mayStart: (job) => this.inflatedBytes + firstBytes(job) <= shareOf(job.owner.budget),
      run: (job) => this.#inflate(job),
    })
    this.#deflating = new JobQueue({ ...limits, mayStart: () => true, run: (job) => this.#deflate(job) })
  }

  /**
   * Inflates a message, synchronously or as a job. The output counts until the owner calls `release`.
   *
   * @throws ConnectError as `Compression.decompress` does, and RESOURCE_EXHAUSTED without memory; a job rejects with the same
   */
  inflate(init: InflateInit): Uint8Array | CompressionJob {
    const { compression, data, owner } = init
    const zlib = compression instanceof ZlibCompression ? compression : null
    const claimedBytes = zlib === null ? init.maxBytes : zlib.claimedBytes(data)
    const isShort = zlib?.inflatesNow(data, claimedBytes) === true
    if (isShort && this.#short.isEmpty && this.#turn.take()) {
      const plain = this.#inflateNow(init, claimedBytes)
      return plain ?? this.#enqueue(this.#createJob(init))
    }
    const job = this.#createJob(init)
    job.claimedBytes = claimedBytes
    if (!isShort) return this.#enqueue(job)
    this.#short.add(owner.line, job)
    return job
  }

  /**
   * Compresses a message, synchronously or as a job. Its output does not count.
   *
   * @throws ConnectError RESOURCE_EXHAUSTED without memory; a job rejects with the same
   */
  deflate(init: JobInit): Uint8Array | CompressionJob {
    const { compression, data } = init
    if (compression instanceof ZlibCompression && compression.compressesNow(data)) return compression.compressNow(data)
    const job = this.#createJob(init)
    this.#deflating.add(job)
    return job
  }

  /**
   * Cancels a job that its owner no longer needs: a waiting job never starts, and the output of a running one is dropped. Zlib
   * cannot be interrupted, so a running job counts until it is done. A settled job is left as it is.
   */
  cancel(job: CompressionJob): void {
    const { line } = job.owner
    const error = new ConnectError('the call is over', Code.Canceled)
    const wasWaiting = this.#short.delete(line, job) || this.#inflating.remove(job) || this.#deflating.remove(job)
    if (wasWaiting) this.#refuse(job, error)
    else job.reject(error)
  }

  /** Stops counting an inflated message of that many octets. */
  release(bytes: number): void {
    this.#countInflated(-bytes)
    this.#inflating.pump()
  }

  #createJob(init: JobInit): CompressionJob {
    this.#require(init.data.byteLength, init.owner)
    const job = new CompressionJob(init)
    this.#memory.heldBytes += job.data.byteLength
    return job
  }

  #enqueue(job: CompressionJob): CompressionJob {
    this.#inflating.add(job)
    return job
  }

  /** Null if the message is longer than it claims. */
  #inflateNow({ compression, data, maxBytes, owner }: InflateInit, claimedBytes = 0): Uint8Array | null {
    this.#require(claimedBytes, owner)
    const plain = (compression as ZlibCompression).inflateNow(data, maxBytes)
    if (plain !== null) this.#countInflated(plain.byteLength)
    return plain
  }

  /** Inflates the short messages that an earlier turn had no quota for. */
  #inflateShort(): void {
    while (!this.#short.isEmpty && this.#turn.take()) this.#inflateWaiting(this.#short.shift() as CompressionJob)
  }

  #inflateWaiting(job: CompressionJob): void {
    try {
      const plain = this.#inflateNow(job, job.claimedBytes)
      if (plain === null) {
        job.claimedBytes = undefined
        this.#inflating.add(job)
        return
      }
      job.resolve(plain)
    } catch (error) {
      job.reject(error)
    }
    this.#memory.heldBytes -= job.data.byteLength
  }

  async #inflate(job: CompressionJob): Promise<void> {
    try {
      this.#grow(job, firstBytes(job))
      const output = await this.#outputOf(job)
      this.#setOutput(job, job.isSettled ? 0 : output.byteLength)
      job.resolve(output)
    } catch (error) {
      this.#setOutput(job, 0)
      job.reject(error)
    }
    this.#memory.heldBytes -= job.data.byteLength
  }

  #outputOf(job: CompressionJob): Uint8Array | Promise<Uint8Array> {
    const { compression, data, maxBytes } = job
    if (!(compression instanceof ZlibCompression)) return compression.decompress(data, maxBytes)
    const onGrowth = (bytes: number) => this.#grow(job, bytes)
    return compression.inflateLater(data, { maxBytes, expectedBytes: firstBytes(job), onGrowth })
  }

  /** Counts more output. Only a message that is alone may exceed the share. */
  #grow(job: CompressionJob, outputBytes: number): void {
    if (job.isSettled) throw new ConnectError('the call is over', Code.Canceled)
    const more = outputBytes - job.outputBytes
    if (more <= 0) return
    const isAlone = this.inflatedBytes === job.outputBytes
    if (!isAlone && this.inflatedBytes + more > shareOf(job.owner.budget)) throw outOfMemory()
    this.#require(more, job.owner)
    this.#setOutput(job, outputBytes)
  }

  async #deflate(job: CompressionJob): Promise<void> {
    try {
      job.resolve(await job.compression.compress(job.data))
    } catch (error) {
      job.reject(error)
    }
    this.#memory.heldBytes -= job.data.byteLength
  }

  /** Rejects a job that has waited. */
  #refuse(job: CompressionJob, error: ConnectError): void {
    this.#memory.heldBytes -= job.data.byteLength
    job.reject(error)
  }

  #require(bytes: number, { budget }: CompressionOwner): void {
    if (!this.#memory.makeRoom(bytes, budget.processBufferBytes)) throw outOfMemory()
  }

  #setOutput(job: CompressionJob, bytes: number): void {
    this.#countInflated(bytes - job.outputBytes)
    job.outputBytes = bytes
  }

  #countInflated(bytes: number): void {
    this.inflatedBytes += bytes
    this.#memory.heldBytes += bytes
  }
}

const pools = {
  server: new WeakMap<ProcessMemory, CompressionPool>(),
  client: new WeakMap<ProcessMemory, CompressionPool>(),
}

/** Returns the pool of all owners on one side that share a memory budget. */
export function poolOf({ budget: { memory }, side }: CompressionOwner): CompressionPool {
  const known = pools[side].get(memory)
  if (known !== undefined) return known
  const pool = new CompressionPool(memory)
  pools[side].set(memory, pool)
  return pool
}

/** The memory reserved before a job starts. The sender makes the claim, so it counts for one share at most. */
function firstBytes({ data, claimedBytes = likelyBytes(data), maxBytes, owner }: CompressionJob): number {
  return Math.min(claimedBytes, maxBytes, shareOf(owner.budget))
}

function shareOf({ processBufferBytes }: MemoryBudget): number {
  return Math.floor(processBufferBytes / 2)
}

function outOfMemory(): ConnectError {
  return new ConnectError('out of memory for messages; try again later', Code.ResourceExhausted)
}
