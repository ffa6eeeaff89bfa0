/** The deadline as a user types it. */

/** The largest timer that browsers have: 24.8 days. */
const MAX_MS = 2_147_483_647
const FORMAT = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/**
 * Reads a deadline such as `1500`, `1.5s` or `2m`; a number alone is milliseconds. Empty is none: undefined.
 *
 * @throws RangeError with a sentence for the user
 */
export function parseDeadline(text: string): number | undefined {
  if (text.trim() === '') return undefined
  const [, amount = '', unit = 'ms'] = FORMAT.exec(text.trim()) ?? []
  const ms = Math.round(Number(amount) * (UNITS[unit] ?? 1))
  if (amount === '' || ms < 1 || ms > MAX_MS)
    throw new RangeError('Write the deadline as 500ms, 1.5s or 2m, for example.')
  return ms
}
