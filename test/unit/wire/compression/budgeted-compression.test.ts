import { gzipSync } from 'node:zlib'
import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { BudgetedCompression } from '../../../../wire/compression/budgeted-compression.ts'
import { gzip } from '../../../../wire/compression/compression.ts'
import type { CompressionSide } from '../../../../wire/compression/compression-job.ts'
import { ProcessMemory } from '../../../../wire/http2/http2.ts'

const MIB = 1_048_576
const LARGE = gzipSync(Buffer.alloc(3 * MIB))
const SHORT = gzipSync(Buffer.alloc(1_000))

function bench() {
  const memory = new ProcessMemory()
  const budget = { memory, processBufferBytes: 8 * MIB }
  const create = (side: CompressionSide = 'server') => new BudgetedCompression(gzip, { side, budget, line: {} })
  return { memory, create }
}

test.each([
  ['short', SHORT, 1_000],
  ['large', LARGE, 3 * MIB],
])(
  'a %s message counts until the next one is requested, and the last one until it is released',
  async (_name, data, bytes) => {
    const { memory, create } = bench()
    const messages = create()
    for (let n = 0; n < 3; n++) {
      expect(await messages.decompress(data, 4 * MIB)).toHaveLength(bytes)
      expect(memory.heldBytes).toBe(bytes)
    }
    messages.stop()
    expect(memory.heldBytes).toBe(bytes)
    messages.release()
    messages.release()
    expect(memory.heldBytes).toBe(0)
  },
)

test('a finished call receives no more messages, and holds none', async () => {
  const { memory, create } = bench()
  const messages = create()
  const inflating = messages.decompress(LARGE, 4 * MIB)
  messages.stop()
  await expect(inflating).rejects.toMatchObject({ code: Code.Canceled })
  await expect.poll(() => memory.heldBytes).toBe(0)
})

test('requests kept by handlers do not block the responses that those handlers wait for', async () => {
  const { memory, create } = bench()
  const kept = create('server')
  await kept.decompress(LARGE, 4 * MIB)
  const waiting = create('server')
  const request = waiting.decompress(LARGE, 4 * MIB)
  const answers = create('client')
  expect(await answers.decompress(LARGE, 4 * MIB)).toHaveLength(3 * MIB)
  answers.release()
  kept.release()
  expect(await request).toHaveLength(3 * MIB)
  waiting.release()
  expect(memory.heldBytes).toBe(0)
})

test('the input of a compression counts until it is done', async () => {
  const { memory, create } = bench()
  const answers = create()
  const packing = answers.compress(Buffer.alloc(MIB))
  expect(memory.heldBytes).toBe(MIB)
  expect((await packing).byteLength).toBeLessThan(MIB / 10)
  expect(memory.heldBytes).toBe(0)
})
