/** Times of RFC 3339, as the inputs of browsers for dates and times write them. */

export type Zone = 'local' | 'utc'

/** Returns the value of a picker for a valid time; empty for years that it does not know. */
export function pickerValue(time: string, zone: Zone): string {
  const atMs = Date.parse(time.replace(/\.\d+/, ''))
  const shiftMs = zone === 'utc' ? 0 : new Date(atMs).getTimezoneOffset() * 60_000
  const shown = new Date(atMs - shiftMs).toISOString()
  return shown.length === '2026-01-31T09:30:00.000Z'.length ? shown.slice(0, 19) : ''
}

/** Returns the time that a picker shows, with the fraction of seconds of the time before; undefined while it shows none. */
export function pickedTime(picked: string, before: string, zone: Zone): string | undefined {
  const atMs = Date.parse(zone === 'utc' ? `${picked}Z` : picked)
  if (Number.isNaN(atMs)) return undefined
  const fraction = /\.\d{1,9}/.exec(before)?.[0] ?? ''
  return `${new Date(atMs).toISOString().slice(0, 19)}${fraction}Z`
}

/** Says how long a number of seconds is, in larger units; empty for less than a minute. */
export function inLargerUnits(seconds: number): string {
  let rest = Math.abs(seconds)
  if (!Number.isFinite(rest) || rest < 60) return ''
  const parts: string[] = []
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
  ] as const) {
    if (rest >= size) parts.push(`${Math.floor(rest / size)} ${unit}`)
    rest %= size
  }
  if (rest > 0) parts.push(`${Number(rest.toFixed(3))} s`)
  return `${seconds < 0 ? '−' : ''}${parts.join(' ')}`
}
