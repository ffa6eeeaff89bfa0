/** Times of RFC 3339, as the inputs of browsers for dates and times write them. */

export type Zone = 'local' | 'utc'

/** Returns the value of a picker for a valid time; empty for years that it does not know. */
export function pickerValue(time: string, zone: Zone): string {
  const at = new Date(time.replace(/\.\d+/, ''))
  const shown = zone === 'utc' ? at.toISOString() : localTime(at)
  return /^\d{4}-/.test(shown) ? shown.slice(0, 19) : ''
}

/** To the second, as zones had seconds before there were time tables: `getTimezoneOffset` has minutes alone. */
function localTime(at: Date): string {
  const date = [padded(at.getFullYear(), 4), padded(at.getMonth() + 1), padded(at.getDate())].join('-')
  return `${date}T${[at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => padded(part)).join(':')}`
}

function padded(number: number, digits = 2): string {
  return String(number).padStart(digits, '0')
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
