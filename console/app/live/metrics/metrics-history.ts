/** The charts of metrics over time, as far back as they are kept. */
import type { ChartPoint, ChartSeries } from '../chart/chart-data.ts'
import { METRIC_CHARTS, type MetricUnit } from './metric-charts.ts'
import type { MetricsPage } from './parse-metrics.ts'
import { Snapshot } from './snapshot.ts'

/** A chart with its points so far. */
export interface DrawnChart {
  readonly label: string
  readonly unit: MetricUnit
  readonly series: readonly ChartSeries[]
}

const MAX_POINTS = 600
/** Of a chart. */
const MAX_LINES = 20

/** Takes pages of metrics, and keeps the points of the charts. */
export class MetricsHistory {
  readonly #method: string
  readonly #points = new Map<string, Map<string, readonly ChartPoint[]>>()
  #latest: Snapshot | null = null

  /** @param method the method whose calls count; an empty text for all */
  constructor(method: string) {
    this.#method = method
  }

  /** The samples of the last page; null before the first. */
  get latest(): Snapshot | null {
    return this.#latest
  }

  /** Adds the page of a refresh. */
  add(page: MetricsPage, atMs: number): void {
    const snapshot = new Snapshot(page, atMs, this.#latest)
    const isFirst = this.#latest === null
    this.#latest = snapshot
    for (const chart of METRIC_CHARTS) {
      const lines = this.#points.get(chart.label) ?? new Map<string, readonly ChartPoint[]>()
      this.#points.set(chart.label, lines)
      for (const [line, value] of chart.linesOf(snapshot, this.#method)) {
        if (!lines.has(line) && lines.size === MAX_LINES) continue
        const points = lines.get(line) ?? []
        // Growth is known from the second page on.
        const isUnknown = isFirst && value === null
        lines.set(line, isUnknown ? points : [...points.slice(1 - MAX_POINTS), { atMs, value }])
      }
    }
  }

  /** The charts that have lines. */
  get charts(): DrawnChart[] {
    return METRIC_CHARTS.flatMap(({ label, unit }) => {
      const series = [...(this.#points.get(label) ?? [])].map(([line, points]) => ({ label: line, points }))
      return series.length === 0 ? [] : [{ label, unit, series }]
    })
  }
}
