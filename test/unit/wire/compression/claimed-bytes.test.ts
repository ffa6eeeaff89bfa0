import { buffer } from 'node:stream/consumers'
import { brotliCompressSync, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { claimedGzipBytes, claimedZstdBytes } from '../../../../wire/compression/claimed-bytes.ts'

// Each of the four widths that RFC 8878 has for the size of a frame.
const SIZES = [1, 100, 255, 256, 1_000, 65_535, 65_536, 65_791, 65_792, 1_000_000, 5_000_000]

test.each(SIZES)('gzip and zstd report their length of %i bytes', (bytes) => {
  const data = Buffer.alloc(bytes, 'ab')
  expect(claimedGzipBytes(gzipSync(data))).toBe(bytes)
  expect(claimedZstdBytes(zstdCompressSync(data))).toBe(bytes)
})

test('a zstd frame with an 8-byte size field, dictionary and window reports its size', () => {
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(2n ** 40n)
  const frame = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0b1100_0011, 0x58, 1, 2, 3, 4]), size])
  expect(claimedZstdBytes(frame)).toBe(2 ** 40)
})

describe('no length is reported', () => {
  test('by a zstd stream of unknown length', async () => {
    const stream = createZstdCompress()
    stream.write(Buffer.alloc(10_000))
    stream.end(Buffer.alloc(10_000))
    expect(claimedZstdBytes(await buffer(stream))).toBeUndefined()
  })

  test.each([0, 1, 4, 5, 6, 10, 17])('by %i bytes of a frame', (bytes) => {
    expect(claimedGzipBytes(gzipSync('a').subarray(0, Math.min(bytes, 17)))).toBeUndefined()
    expect(claimedZstdBytes(zstdCompressSync(Buffer.alloc(1_000_000)).subarray(0, Math.min(bytes, 8)))).toBeUndefined()
  })

  test('by data of another format', () => {
    const data = Buffer.alloc(1_000)
    expect(claimedGzipBytes(zstdCompressSync(data))).toBeUndefined()
    expect(claimedZstdBytes(gzipSync(data))).toBeUndefined()
    expect(claimedGzipBytes(brotliCompressSync(data))).toBeUndefined()
  })
})
