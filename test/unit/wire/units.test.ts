import { describe, expect, test } from 'vitest'
import { formatDurationMs, formatSizeBytes, parseDurationMs, parseSizeBytes } from '../../../wire/units.ts'

describe('durations', () => {
  test.each([
    ['0', 0],
    ['0s', 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms)
  })

  // The last has more digits than numbers hold exactly.
  test.each(['', '5', '-5s', '+5s', '1.5s', '5 s', ' 5s', '5S', '5d', 's', '1e3ms', '1m30s', '9999999999999ms'])(
    '%j is none',
    (text) => {
      expect(parseDurationMs(text)).toBeUndefined()
    },
  )

  test.each([
    [0, '0'],
    [1, '1ms'],
    [1_500, '1500ms'],
    [72_000, '72s'],
    [300_000, '5m'],
    [86_400_000, '24h'],
  ])('%d ms is written %s and read back', (ms, text) => {
    expect(formatDurationMs(ms)).toBe(text)
    expect(parseDurationMs(text)).toBe(ms)
  })
})

describe('sizes', () => {
  test.each([
    ['0', 0],
    ['1000', 1_000],
    ['512B', 512],
    ['64KiB', 65_536],
    ['4MiB', 4_194_304],
    ['1GiB', 1_073_741_824],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSizeBytes(text)).toBe(bytes)
  })

  // The KB and MB of some are powers of ten and of others powers of two.
  test.each(['', '4KB', '4MB', '4M', '4mib', '-1', '1.5MiB', '4 MiB', 'MiB', '0x10'])('%j is none', (text) => {
    expect(parseSizeBytes(text)).toBeUndefined()
  })

  test.each([
    [0, '0'],
    [1_000, '1000B'],
    [16_384, '16KiB'],
    [4_194_304, '4MiB'],
    [2_147_483_647, '2147483647B'],
  ])('%d bytes are written %s and read back', (bytes, text) => {
    expect(formatSizeBytes(bytes)).toBe(text)
    expect(parseSizeBytes(text)).toBe(bytes)
  })
})
