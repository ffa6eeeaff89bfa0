/** Values as texts for people. */

const COUNT = new Intl.NumberFormat('en')
const DIGITS = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** Returns a count, such as `12,345`. */
export function formatCount(count: number): string {
  return COUNT.format(count)
}

/** Returns a count with its noun, such as `1 method` or `12 methods`. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`
}

/** Returns a number of bytes, such as `812 B` or `1.53 KiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  // What would be shown as 1,000 or more has a larger unit.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? COUNT.format(Math.round(value)) : DIGITS.format(value)} ${BYTE_UNITS[unit]}`
}

/** Returns a duration, such as `0.42 ms`, `87 ms`, `1.25 s`, `2 min 5 s` or `3 h 20 min`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 0) return `-${formatDuration(-durationMs)}`
  if (durationMs < 999.5) return `${DIGITS.format(durationMs)} ms`
  const seconds = durationMs / 1000
  if (seconds < 59.95) return `${DIGITS.format(seconds)} s`
  const whole = Math.round(seconds)
  if (whole < 3600) return joined(Math.floor(whole / 60), 'min', whole % 60, 's')
  const minutes = Math.round(seconds / 60)
  return joined(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

/** Returns a time of day with milliseconds, such as `14:03:07.120`, in the zone of the user. */
export function formatTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')
  return `${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`
}

/** Returns a date and a time of day, such as `2026-03-14 14:03`, in the zone of the user. */
export function formatDate(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-')
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`
}
