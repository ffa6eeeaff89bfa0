/** Reads the values of flags that carry a unit or a number. */
import { UsageError } from './usage-error.ts'

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
const BYTES_PER_UNIT: Readonly<Record<string, number>> = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 }

const MAX_DURATION_MS = 86_400_000
const MAX_SIZE_BYTES = 2_147_483_647
const MAX_UINT32 = 4_294_967_295
const MAX_UINT64 = 18_446_744_073_709_551_615n

/** Twelve digits are above every limit here, and times any unit still an exact number. */
const DURATION = /^(\d{1,12})(ms|s|m|h)$/
const SIZE = /^(\d{1,12})(B|KiB|MiB|GiB)?$/
/** Twenty digits hold every uint64. */
const WHOLE_NUMBER = /^\d{1,20}$/

/**
 * Reads `500ms`, `5s`, `2m` or `1h`.
 *
 * @returns milliseconds, from 1 to 86,400,000 (24h)
 * @throws UsageError naming flag, value and range
 */
export function parseDurationMs(flag: string, text: string): number {
  const ms = withUnit(DURATION.exec(text), MS_PER_UNIT)
  if (ms >= 1 && ms <= MAX_DURATION_MS) return ms
  throw new UsageError(`${flag} is "${text}", and must be a duration as 500ms, 5s or 2m, from 1ms to 24h`)
}

/**
 * Reads `64KiB`, `4MiB`, `512B` or plain bytes.
 *
 * @returns bytes, from 1 to 2,147,483,647
 * @throws UsageError naming flag, value and range
 */
export function parseSizeBytes(flag: string, text: string): number {
  const bytes = withUnit(SIZE.exec(text), BYTES_PER_UNIT)
  if (bytes >= 1 && bytes <= MAX_SIZE_BYTES) return bytes
  throw new UsageError(`${flag} is "${text}", and must be a size as 64KiB or 4MiB, from 1 to ${MAX_SIZE_BYTES} bytes`)
}

/** Reads a uint32. Throws a UsageError naming flag, value and range. */
export function parseUint32(flag: string, text: string): number {
  const number = WHOLE_NUMBER.test(text) ? Number(text) : Number.NaN
  if (number <= MAX_UINT32) return number
  throw new UsageError(`${flag} is "${text}", and must be a whole number from 0 to ${MAX_UINT32}`)
}

/** Reads a uint64. Throws a UsageError naming flag, value and range. */
export function parseUint64(flag: string, text: string): bigint {
  const number = WHOLE_NUMBER.test(text) ? BigInt(text) : undefined
  if (number !== undefined && number <= MAX_UINT64) return number
  throw new UsageError(`${flag} is "${text}", and must be a whole number from 0 to ${MAX_UINT64}`)
}

function withUnit(match: RegExpExecArray | null, units: Readonly<Record<string, number>>): number {
  return match === null ? Number.NaN : Number(match[1]) * (units[match[2] ?? 'B'] ?? Number.NaN)
}
