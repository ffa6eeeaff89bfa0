import { gzipSync } from 'node:zlib'
import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { brotli, type Compression, gzip, zstd } from '../../../../wire/compression/compression.ts'

const KIB = 1_024
const ALL: readonly Compression[] = [gzip, brotli, ...(zstd === undefined ? [] : [zstd])]

/** Text that compresses, but not to nothing. */
function textOf(bytes: number): Buffer {
  let text = ''
  for (let i = 0; text.length < bytes; i++) text += `line ${i * 7_919} of a text\n`
  return Buffer.from(text.slice(0, bytes))
}

describe.each(ALL.map((compression) => ({ name: compression.name, compression })))('$name', ({ compression }) => {
  test.each([0, 1, KIB, 15 * KIB, 17 * KIB, 300 * KIB])('%i bytes round-trip', async (bytes) => {
    const data = textOf(bytes)
    const packed = await compression.compress(data)
    expect(Buffer.from(await compression.decompress(packed, Math.max(1, bytes))).equals(data)).toBe(true)
  })

  test('small messages are synchronous, large ones are not', () => {
    expect(compression.compress(textOf(KIB))).toBeInstanceOf(Uint8Array)
    const large = compression.compress(textOf(64 * KIB))
    expect(large).toBeInstanceOf(Promise)
    return large
  })

  test.each([1, 10 * KIB, 70 * KIB, 400 * KIB])('rejects one byte above a limit of %i', async (maxBytes) => {
    const packed = await compression.compress(Buffer.alloc(maxBytes + 1))
    await expect(async () => compression.decompress(packed, maxBytes)).rejects.toMatchObject({
      code: Code.ResourceExhausted,
    })
    const fitting = await compression.compress(Buffer.alloc(maxBytes))
    expect((await compression.decompress(fitting, maxBytes)).byteLength).toBe(maxBytes)
  })

  test('rejects truncated input, and other formats', async () => {
    const packed = await compression.compress(textOf(2 * KIB))
    for (const data of [packed.subarray(0, packed.byteLength / 2), textOf(100), textOf(40 * KIB)]) {
      await expect(async () => compression.decompress(data, 100 * KIB)).rejects.toMatchObject({
        code: Code.InvalidArgument,
        rawMessage: `the message is not ${compression.name}`,
      })
    }
  })

  test('empty input stays empty', () => {
    expect(compression.decompress(new Uint8Array(0), 1)).toHaveLength(0)
  })
})

test('a bomb of a few bytes is stopped at the limit', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * KIB * KIB), { level: 9 })
  const before = process.memoryUsage().arrayBuffers
  await expect(async () => gzip.decompress(bomb, 4 * KIB * KIB)).rejects.toMatchObject({ code: Code.ResourceExhausted })
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * KIB * KIB)
})
