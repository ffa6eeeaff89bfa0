import { expect, test } from 'vitest'
import {
  readDurationMs,
  readSizeBytes,
  readUint32,
  readUint64,
} from '../../../../../../client/node/cli/arguments/flag-values.ts'
import { UsageError } from '../../../../../../client/node/cli/terminal/program-errors.ts'

test.each([
  [readDurationMs, '1ms', 1],
  [readDurationMs, '24h', 86_400_000],
  [readSizeBytes, '1', 1],
  [readSizeBytes, '4MiB', 4_194_304],
  [readSizeBytes, '2147483647B', 2_147_483_647],
  [readUint32, '0', 0],
  [readUint32, '4294967295', 4_294_967_295],
  [readUint64, '0', 0n],
  [readUint64, '18446744073709551615', 18_446_744_073_709_551_615n],
] as const)('%o reads "%s"', (read, text, value) => {
  expect(read('--flag', text)).toBe(value)
})

test.each([
  [readDurationMs, ['', '0', '5', '-1s', '86400001ms'], 'from 1ms to 24h'],
  [readSizeBytes, ['', '0', '4MB', '2GiB'], 'from 1 to 2147483647 bytes'],
  [readUint32, ['', '-1', '1.5', '1e3', '4294967296'], 'from 0 to 4294967295'],
  [readUint64, ['', '-1', '1.5', '18446744073709551616', '100000000000000000000'], 'from 0 to 18446744073709551615'],
] as const)('%o reports flag, value and range of an invalid value', (read, texts, range) => {
  for (const text of texts) {
    const act = () => read('--flag', text)
    expect(act).toThrow(UsageError)
    expect(act).toThrow(`--flag "${text}" must be`)
    expect(act).toThrow(range)
  }
})
