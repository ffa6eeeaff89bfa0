/** The arithmetic of charts. */

/** A range of values, and the round values in it that get a grid line. */
export interface Scale {
  readonly min: number
  readonly max: number
  readonly ticks: readonly number[]
}

/**
 * Returns a scale that contains all values, with 2 to `maxTicks` ticks of 1, 2 or 5 times a power of ten.
 *
 * @param minSpan the smallest range, so that noise does not look like large changes
 */
export function scaleFor(values: readonly number[], maxTicks: number, minSpan: number): Scale {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity)
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity)
  if (low > high) return { min: 0, max: minSpan, ticks: [] }
  const missing = Math.max(0, minSpan - (high - low))
  const step = niceStep((high - low + missing) / (maxTicks - 1))
  const first = Math.floor((low - missing / 2) / step)
  const last = Math.ceil((high + missing / 2) / step)
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step)
  return { min: first * step, max: last * step, ticks }
}

/** Returns the smallest 1, 2 or 5 times a power of ten that is at least this. */
function niceStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast))
  const factor = [1, 2, 5].find((candidate) => candidate * power >= atLeast * (1 - 1e-9)) ?? 10
  return factor * power
}
