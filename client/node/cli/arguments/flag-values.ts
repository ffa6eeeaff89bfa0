/** Parses flag values that are numbers, with or without a unit. */
import { parseDurationMs, parseSizeBytes } from '../../../../wire/units.ts'
import { UsageError } from '../terminal/program-errors.ts'

const MAX_DURATION_MS = 86_400_000
const MAX_SIZE_BYTES = 2_147_483_647
const MAX_UINT32 = 4_294_967_295
const MAX_UINT64 = 18_446_744_073_709_551_615n

/** A uint64 has at most 20 digits. */
const WHOLE_NUMBER = /^\d{1,20}$/

/**
 * Parses `500ms`, `5s`, `2m` or `1h`.
 *
 * @returns milliseconds, from 1 to 86,400,000 (24h)
 * @throws UsageError naming flag, value and range
 */
export function readDurationMs(flag: string, text: string): number {
  const ms = parseDurationMs(text) ?? 0
  if (ms >= 1 && ms <= MAX_DURATION_MS) return ms
  throw new UsageError(`${flag} "${text}" must be a duration such as 500ms, 5s or 2m, from 1ms to 24h`)
}

/**
 * Parses `64KiB`, `4MiB`, `512B` or plain bytes.
 *
 * @returns bytes, from 1 to 2,147,483,647
 * @throws UsageError naming flag, value and range
 */
export function readSizeBytes(flag: string, text: string): number {
  const bytes = parseSizeBytes(text) ?? 0
  if (bytes >= 1 && bytes <= MAX_SIZE_BYTES) return bytes
  throw new UsageError(`${flag} "${text}" must be a size such as 64KiB or 4MiB, from 1 to ${MAX_SIZE_BYTES} bytes`)
}

/** Parses a uint32. Throws a UsageError naming flag, value and range. */
export function readUint32(flag: string, text: string): number {
  const number = WHOLE_NUMBER.test(text) ? Number(text) : Number.NaN
  if (number <= MAX_UINT32) return number
  throw new UsageError(`${flag} "${text}" must be a whole number from 0 to ${MAX_UINT32}`)
}

/** Parses a uint64. Throws a UsageError naming flag, value and range. */
export function readUint64(flag: string, text: string): bigint {
  const number = WHOLE_NUMBER.test(text) ? BigInt(text) : undefined
  if (number !== undefined && number <= MAX_UINT64) return number
  throw new UsageError(`${flag} "${text}" must be a whole number from 0 to ${MAX_UINT64}`)
}
