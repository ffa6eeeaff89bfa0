/** A line chart of values over time, with its text alternatives: a sentence, and a table. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { type ChartFormat, type ChartSeries, describeChart, toColumns } from './chart/chart-data.ts'
import type { ChartPlot } from './chart/chart-plot.ts'
import './line-chart.css'

export type { ChartPoint, ChartSeries } from './chart/chart-data.ts'

export interface LineChartProps {
  /** What the chart shows, as in `Latency`. */
  readonly label: string
  /** At most 8 lines. */
  readonly series: readonly ChartSeries[]
  /** Of each series, only the newest so many points are shown. Default: 600. */
  readonly maxPoints?: number
  /** Formats a value for the axis, the legend and the table. Default: up to three decimals. */
  readonly format?: (value: number) => string
  /** Formats a time. Default: the time of day of milliseconds since 1970. */
  readonly formatTime?: (atMs: number) => string
  /** The smallest vertical range. Default: 0. */
  readonly minSpan?: number
  /** Whether the vertical axis starts at zero. Default: true. */
  readonly fromZero?: boolean
  /** Whether the values are bytes, whose round numbers are powers of two. Default: false. */
  readonly isBinary?: boolean
}

const MAX_POINTS = 600
const MAX_SERIES = 8
const MAX_ROWS = 100
const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 3 })
const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
})

/** Draws at most once per frame, and loads what draws when it is first shown. */
export function LineChart(props: LineChartProps) {
  const { label, maxPoints = MAX_POINTS } = props
  const series = props.series.slice(0, MAX_SERIES)
  const format: ChartFormat = {
    value: props.format ?? ((value) => NUMBER.format(value)),
    time: props.formatTime ?? ((atMs) => CLOCK.format(atMs)),
  }
  const [hovered, setHovered] = useState<number | null>(null)
  const [showsTable, setShowsTable] = useState(false)
  const [isMissing, setIsMissing] = useState(false)
  const figure = useRef<HTMLElement>(null)
  usePlot(figure, { ...props, series, maxPoints }, format, setHovered, () => setIsMissing(true))
  return (
    <figure class="line-chart" ref={figure}>
      <figcaption class="line-chart-head">
        <span class="line-chart-label">{label}</span>
        <Legend series={series} maxPoints={maxPoints} hovered={hovered} format={format} />
      </figcaption>
      <div class="line-chart-plot" role="img" aria-label={`${label}. ${describeChart(series, maxPoints, format)}`} />
      {isMissing && (
        <p class="soft small">
          What draws the chart could not be loaded. Reload the page when the server is back; the table has the values.
        </p>
      )}
      <details class="line-chart-table" onToggle={(event) => setShowsTable(event.currentTarget.open)}>
        <summary>
          Table<span class="visually-hidden"> of {label}</span>
        </summary>
        {showsTable && <ChartTable label={label} series={series} format={format} />}
      </details>
    </figure>
  )
}

/** Keeps the plot in step with what the component shows. */
function usePlot(
  figure: { readonly current: HTMLElement | null },
  {
    series,
    maxPoints,
    minSpan = 0,
    fromZero = true,
    isBinary = false,
    formatTime,
  }: LineChartProps & { readonly maxPoints: number },
  format: ChartFormat,
  onHover: (place: number | null) => void,
  onMissing: () => void,
): void {
  const plot = useRef<ChartPlot | null>(null)
  const latest = useRef({ series, maxPoints, format })
  latest.current = { series, maxPoints, format }
  const draw = () => plot.current?.set(toColumns(latest.current.series, latest.current.maxPoints))
  const isClock = formatTime === undefined
  const names = series.map(({ label }) => label).join('\n')

  // A plot has a fixed number of lines, so other series get another plot.
  useEffect(() => {
    let isLeft = false
    const show = ({ ChartPlot }: typeof import('./chart/chart-plot.ts')) => {
      const host = figure.current?.querySelector<HTMLElement>('.line-chart-plot')
      if (isLeft || figure.current === null || host == null) return
      const swatches = [...figure.current.querySelectorAll<HTMLElement>('.line-chart-swatch')]
      const current: ChartFormat = {
        value: (value) => latest.current.format.value(value),
        time: (atMs) => latest.current.format.time(atMs),
      }
      plot.current = new ChartPlot({
        host,
        swatches,
        format: current,
        minSpan,
        fromZero,
        isBinary,
        isClock,
        onHover,
      })
      draw()
    }
    import('./chart/chart-plot.ts').then(show, onMissing)
    return () => {
      isLeft = true
      plot.current?.destroy()
      plot.current = null
    }
  }, [names, minSpan, fromZero, isBinary, isClock])

  useEffect(() => {
    const frame = requestAnimationFrame(draw)
    return () => cancelAnimationFrame(frame)
  })
}

interface LegendProps {
  readonly series: readonly ChartSeries[]
  readonly maxPoints: number
  readonly hovered: number | null
  readonly format: ChartFormat
}

/** The lines by name, with their values under the pointer, or the last ones. */
function Legend({ series, maxPoints, hovered, format }: LegendProps) {
  const columns = hovered === null ? null : toColumns(series, maxPoints)
  return (
    <ul class="line-chart-legend">
      {series.map(({ label, points }, place) => {
        const value = columns === null ? points.at(-1)?.value : columns.values[place]?.[hovered ?? 0]
        return (
          <li key={label}>
            <span class="line-chart-swatch" data-line={place} aria-hidden="true" />
            <span dir="auto">{label}</span> <b>{value == null ? '–' : format.value(value)}</b>
          </li>
        )
      })}
    </ul>
  )
}

/** The newest values, newest first. */
function ChartTable({
  label,
  series,
  format,
}: Omit<LegendProps, 'hovered' | 'maxPoints'> & { readonly label: string }) {
  const { timesMs, values } = toColumns(series, MAX_ROWS)
  const places = timesMs.map((_, place) => place).slice(-MAX_ROWS)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls
    <section class="line-chart-scroll" aria-label={`${label}: values`} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map(({ label: name }) => (
              <th key={name} scope="col" dir="auto">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {places.reverse().map((place) => (
            <tr key={timesMs[place]}>
              <th scope="row">{format.time(timesMs[place] ?? 0)}</th>
              {values.map((column, line) => {
                const value = column[place]
                return <td key={series[line]?.label}>{value == null ? '–' : format.value(value)}</td>
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
