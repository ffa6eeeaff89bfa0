import { createGunzip, gunzipSync, gzipSync } from 'node:zlib'
import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { claimedGzipBytes } from '../../../../wire/compression/claimed-bytes.ts'
import { type Compression, gzip, ZlibCompression } from '../../../../wire/compression/compression.ts'
import { CompressionJob } from '../../../../wire/compression/compression-job.ts'
import { CompressionPool, MAX_COMPRESSION_WAIT_MS } from '../../../../wire/compression/compression-pool.ts'
import { ProcessMemory, TimerWheel } from '../../../../wire/http2/http2.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { settled } from '../../../support/settled.ts'

const MIB = 1_048_576
const A = { line: 'a' }
const B = { line: 'b' }

/** An asynchronous compression that the test completes. */
class ManualCompression implements Compression {
  readonly name = 'manual'
  /** The work under way, by the first octets of its messages. */
  readonly running = new Map<number, PromiseWithResolvers<Uint8Array>>()
  readonly started: number[] = []

  compress(data: Uint8Array): Promise<Uint8Array> {
    return this.#run(data)
  }

  decompress(data: Uint8Array): Promise<Uint8Array> {
    return this.#run(data)
  }

  async finish(id: number, bytes: number): Promise<void> {
    this.running.get(id)?.resolve(new Uint8Array(bytes))
    this.running.delete(id)
    await settled()
  }

  #run([id = 0]: Uint8Array): Promise<Uint8Array> {
    const work = Promise.withResolvers<Uint8Array>()
    this.running.set(id, work)
    this.started.push(id)
    return work.promise
  }
}

function bench({ processBufferBytes = 256 * MIB, maxBytes = 4 * MIB } = {}) {
  const clock = new ManualClock()
  const memory = new ProcessMemory()
  const pool = new CompressionPool(memory, new TimerWheel(clock))
  const manual = new ManualCompression()
  const owner = (line: object) => ({ side: 'server' as const, budget: { memory, processBufferBytes }, line })
  return {
    clock,
    memory,
    pool,
    manual,
    /** Inflates a message of 10 octets. */
    inflate(id: number, line: object = A): CompressionJob {
      const data = new Uint8Array(10).fill(id)
      return watched(pool.inflate({ owner: owner(line), compression: manual, data, maxBytes }))
    },
    deflate(id: number, bytes: number, line: object = A): CompressionJob {
      return watched(pool.deflate({ owner: owner(line), compression: manual, data: new Uint8Array(bytes).fill(id) }))
    },
    inflateWith: (compression: Compression, data: Uint8Array, line: object = A) =>
      pool.inflate({ owner: owner(line), compression, data, maxBytes }),
  }
}

/** Some tests handle a rejection later than it occurs. */
function watched(job: Uint8Array | CompressionJob): CompressionJob {
  if (!(job instanceof CompressionJob)) throw new Error('it was no job')
  job.promise.catch(() => {})
  return job
}

/** Counts what is started. */
function countingGzip() {
  const begun: string[] = []
  const compression = new ZlibCompression({
    name: 'gzip',
    compressSync: (data) => gzipSync(data),
    compress: async (data) => gzipSync(data),
    inflateSync(data, maxOutputLength) {
      begun.push('within the turn')
      return gunzipSync(data, { maxOutputLength })
    },
    createInflate(chunkSize) {
      begun.push('on the pool')
      return createGunzip({ chunkSize })
    },
    claimedBytes: claimedGzipBytes,
  })
  return { begun, compression }
}

describe('jobs', () => {
  test('run four at a time, alternating between connections', async () => {
    const { pool, memory, manual, inflate } = bench()
    for (const id of [1, 2, 3, 4, 5, 6, 7]) inflate(id, A)
    for (const id of [11, 12]) inflate(id, B)
    expect(manual.started).toEqual([1, 2, 3, 4])
    for (const id of [4, 3, 2, 1]) await manual.finish(id, 100)
    expect(manual.started).toEqual([1, 2, 3, 4, 5, 11, 6, 12])
    for (const id of [5, 11, 6, 12, 7]) await manual.finish(id, 100)
    expect(manual.started).toHaveLength(9)
    expect(memory.heldBytes).toBe(900)
    pool.release(900)
    expect(memory.heldBytes).toBe(0)
  })

  test('that decompress reserve the claimed size, then hold the actual size, until released', async () => {
    const { pool, memory, manual, inflate } = bench()
    const job = inflate(1)
    expect(memory.heldBytes).toBe(10 + 4 * MIB)
    await manual.finish(1, MIB)
    expect(await job.promise).toHaveLength(MIB)
    expect(memory.heldBytes).toBe(MIB)
    pool.release(MIB)
    expect(memory.heldBytes).toBe(0)
  })

  test('wait while decompressed messages hold half of the memory, and resume as they are released', async () => {
    const { pool, manual, inflate } = bench({ processBufferBytes: 16 * MIB })
    for (const id of [1, 2, 3]) inflate(id)
    expect(manual.started).toEqual([1, 2])
    await manual.finish(1, 4 * MIB)
    expect(manual.started).toEqual([1, 2])
    pool.release(4 * MIB)
    expect(manual.started).toEqual([1, 2, 3])
  })

  test('with a possible size above half of the memory run alone', async () => {
    const { pool, manual, inflate } = bench({ processBufferBytes: 4 * MIB })
    inflate(1)
    inflate(2)
    expect(manual.started).toEqual([1])
    await manual.finish(1, 1_000)
    expect(manual.started).toEqual([1])
    pool.release(1_000)
    expect(manual.started).toEqual([1, 2])
  })

  test('wait as long as others start, and are rejected once none has for a while', async () => {
    const { clock, memory, manual, inflate } = bench()
    const jobs = [1, 2, 3, 4, 5, 6, 7].map((id) => inflate(id))
    clock.advance(0.9 * MAX_COMPRESSION_WAIT_MS)
    await manual.finish(1, 0)
    clock.advance(0.9 * MAX_COMPRESSION_WAIT_MS)
    expect(manual.started).toEqual([1, 2, 3, 4, 5])
    expect(jobs.filter(({ isSettled }) => isSettled)).toEqual([jobs[0]])
    clock.advance(0.2 * MAX_COMPRESSION_WAIT_MS)
    for (const job of jobs.slice(5)) await expect(job.promise).rejects.toMatchObject({ code: Code.ResourceExhausted })
    expect(memory.heldBytes).toBe(4 * (10 + 4 * MIB))
    for (const id of [2, 3, 4, 5]) await manual.finish(id, 0)
    expect(manual.started).toHaveLength(5)
    expect(memory.heldBytes).toBe(0)
  })

  test('that are cancelled leave the queue, or drop their output', async () => {
    const { pool, memory, manual, inflate } = bench()
    const jobs = [1, 2, 3, 4, 5].map((id) => inflate(id))
    for (const job of jobs) pool.cancel(job)
    for (const job of jobs) await expect(job.promise).rejects.toMatchObject({ code: Code.Canceled })
    expect(memory.heldBytes).toBe(4 * (10 + 4 * MIB))
    for (const id of [1, 2, 3, 4]) await manual.finish(id, MIB)
    expect(manual.started).toEqual([1, 2, 3, 4])
    expect(memory.heldBytes).toBe(0)
  })

  test('that compress count their input from the request on, and are rejected above the memory limit', async () => {
    const { memory, manual, deflate } = bench({ processBufferBytes: 20 * MIB })
    const jobs = [1, 2, 3, 4, 5].map((id) => deflate(id, 4 * MIB))
    expect(manual.started).toEqual([1, 2, 3, 4])
    expect(memory.heldBytes).toBe(20 * MIB)
    expect(() => deflate(6, 4 * MIB)).toThrow(expect.objectContaining({ code: Code.ResourceExhausted }))
    for (const id of [1, 2, 3, 4, 5]) await manual.finish(id, 7)
    for (const job of jobs) expect(await job.promise).toHaveLength(7)
    expect(memory.heldBytes).toBe(0)
  })

  test('do not retain the chunk of a connection that a short message arrived in', () => {
    const { pool, manual, memory } = bench()
    const chunk = Buffer.alloc(65_536)
    const owner = { side: 'server', budget: { memory, processBufferBytes: MIB }, line: A } as const
    const init = { owner, compression: manual, maxBytes: 1 }
    const job = watched(pool.inflate({ ...init, data: chunk.subarray(100, 200) }))
    expect(job.data.buffer.byteLength).toBe(100)
  })
})

describe('a message is decompressed once', () => {
  test.each([
    ['of 64 KiB', 65_536, 'within the turn'],
    ['of one octet more', 65_537, 'on the pool'],
    ['of 1 MiB', MIB, 'on the pool'],
  ])('%s', async (_name, bytes, where) => {
    const { inflateWith, memory } = bench()
    const { begun, compression } = countingGzip()
    const plain = inflateWith(compression, gzipSync(Buffer.alloc(bytes)))
    expect(plain instanceof CompressionJob ? await plain.promise : plain).toHaveLength(bytes)
    expect(begun).toEqual([where])
    expect(memory.heldBytes).toBe(bytes)
  })

  test('unless its claimed length is wrong, as with concatenated gzip members', async () => {
    const { inflateWith, memory } = bench()
    const { begun, compression } = countingGzip()
    const members = Buffer.concat([gzipSync(Buffer.alloc(MIB)), gzipSync(Buffer.alloc(10))])
    const job = watched(inflateWith(compression, members))
    expect(await job.promise).toHaveLength(MIB + 10)
    expect(begun).toEqual(['within the turn', 'on the pool'])
    expect(memory.heldBytes).toBe(MIB + 10)
  })
})

test('a message that outgrows the memory limit is rejected midway', async () => {
  const { inflateWith, manual, inflate, memory } = bench({ processBufferBytes: 10 * MIB })
  inflate(1)
  const members = Buffer.concat([gzipSync(Buffer.alloc(3 * MIB)), gzipSync(Buffer.alloc(70_000))])
  await expect(watched(inflateWith(gzip, members)).promise).rejects.toMatchObject({ code: Code.ResourceExhausted })
  await manual.finish(1, 0)
  expect(memory.heldBytes).toBe(0)
})

test('many short messages in one turn are spread over turns, alternating between connections', async () => {
  const { inflateWith, memory } = bench()
  const data = gzipSync(Buffer.alloc(1_000))
  const turns: string[][] = [[]]
  const note = (name: string, plain: Uint8Array | CompressionJob) => {
    if (plain instanceof CompressionJob) void plain.promise.then(() => turns.at(-1)?.push(name))
    else turns[0]?.push(name)
  }
  for (let n = 0; n < 40; n++) note('a', inflateWith(gzip, data, A))
  for (let n = 0; n < 4; n++) note('b', inflateWith(gzip, data, B))
  while (turns.flat().length < 44) {
    turns.push([])
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(turns.filter((turn) => turn.length > 0).map((turn) => turn.join(''))).toEqual([
    'a'.repeat(16),
    `${'ab'.repeat(4)}${'a'.repeat(8)}`,
    'a'.repeat(12),
  ])
  expect(memory.heldBytes).toBe(44 * 1_000)
})

test('rejects a short message that there is no memory for', () => {
  const { inflateWith, memory } = bench({ processBufferBytes: 70_000 })
  const data = gzipSync(Buffer.alloc(40_000))
  expect(inflateWith(gzip, data)).toHaveLength(40_000)
  expect(() => inflateWith(gzip, data)).toThrow(expect.objectContaining({ code: Code.ResourceExhausted }))
  expect(memory.heldBytes).toBe(40_000)
})
