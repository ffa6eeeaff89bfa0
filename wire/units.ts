/** Reads and writes durations and sizes with units, as in flags and environment variables. */

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
const BYTES_PER_UNIT: Readonly<Record<string, number>> = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 }

/** Twelve digits exceed every limit of ours, and times any unit are still an exact number. */
const DURATION = /^(\d{1,12})(ms|s|m|h)$/
const SIZE = /^(\d{1,12})(B|KiB|MiB|GiB)?$/

/**
 * Reads `500ms`, `30s`, `5m`, `2h`, or a plain `0`. Other numbers need a unit, as 30 may mean seconds or milliseconds.
 *
 * @returns milliseconds, or undefined for anything else
 */
export function parseDurationMs(text: string): number | undefined {
  return text === '0' ? 0 : parseWithUnit(text, DURATION, MS_PER_UNIT)
}

/** Writes milliseconds for {@link parseDurationMs}, in the largest unit that divides them: `72s`, `5m`. */
export function formatDurationMs(ms: number): string {
  return ms === 0 ? '0' : formatWithUnit(ms, MS_PER_UNIT)
}

/**
 * Reads `64KiB`, `4MiB`, `1GiB`, `512B` or plain bytes. Rejects `KB` and `MB`, which are ambiguous.
 *
 * @returns bytes, or undefined for anything else
 */
export function parseSizeBytes(text: string): number | undefined {
  return parseWithUnit(text, SIZE, BYTES_PER_UNIT)
}

/** Writes bytes for {@link parseSizeBytes}, in the largest unit that divides them: `4MiB`, `1000B`. */
export function formatSizeBytes(bytes: number): string {
  return bytes === 0 ? '0' : formatWithUnit(bytes, BYTES_PER_UNIT)
}

function parseWithUnit(text: string, shape: RegExp, units: Readonly<Record<string, number>>): number | undefined {
  const match = shape.exec(text)
  if (match === null) return undefined
  return Number(match[1]) * (units[match[2] ?? 'B'] ?? Number.NaN)
}

function formatWithUnit(amount: number, units: Readonly<Record<string, number>>): string {
  const [unit, factor] = Object.entries(units).findLast(([, factor]) => amount % factor === 0) ?? ['', 1]
  return `${amount / factor}${unit}`
}
