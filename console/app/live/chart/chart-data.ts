/** The data of line charts: series of points, as columns that share their times, and as text. */

/** One value at one time. */
export interface ChartPoint {
  /** Milliseconds since 1970, or since the start of what the chart shows. */
  readonly atMs: number
  /** Null where there is none: the line has a gap there. */
  readonly value: number | null
}

/** The points of one line, in the order of their times. */
export interface ChartSeries {
  readonly label: string
  readonly points: readonly ChartPoint[]
}

/** The times of all series, and for each series its values at them. `undefined` where a series has no point: its line goes on there. */
export interface ChartColumns {
  readonly timesMs: readonly number[]
  readonly values: readonly (readonly (number | null | undefined)[])[]
}

/** Joins series over their times. Of each series only the newest `maxPoints` count. */
export function toColumns(series: readonly ChartSeries[], maxPoints: number): ChartColumns {
  const kept = series.map(({ points }) => points.slice(-maxPoints))
  const timesMs = [...new Set(kept.flat().map(({ atMs }) => atMs))].sort((a, b) => a - b)
  const places = new Map(timesMs.map((atMs, place) => [atMs, place]))
  const values = kept.map((points) => {
    const column: (number | null | undefined)[] = new Array(timesMs.length).fill(undefined)
    for (const { atMs, value } of points) column[places.get(atMs) ?? 0] = value
    return column
  })
  return { timesMs, values }
}

/** How a chart writes what it shows. */
export interface ChartFormat {
  readonly value: (value: number) => string
  readonly time: (atMs: number) => string
}

/** Says in words what a chart shows, for those who do not see it. */
export function describeChart(series: readonly ChartSeries[], maxPoints: number, format: ChartFormat): string {
  if (series.every(({ points }) => points.length === 0)) return 'Nothing yet'
  return series.map((each) => describeSeries(each, maxPoints, format)).join('. ')
}

function describeSeries({ label, points }: ChartSeries, maxPoints: number, format: ChartFormat): string {
  const known = points.slice(-maxPoints).flatMap(({ atMs, value }) => (value === null ? [] : [{ atMs, value }]))
  const last = known.at(-1)
  if (last === undefined) return `${label}: no values`
  const values = known.map(({ value }) => value)
  const lowest = format.value(values.reduce((a, b) => Math.min(a, b)))
  const highest = format.value(values.reduce((a, b) => Math.max(a, b)))
  const count = `${known.length} ${known.length === 1 ? 'value' : 'values'}`
  return `${label}: ${count}, the last one ${format.value(last.value)} at ${format.time(last.atMs)}, from ${lowest} to ${highest}`
}
