/** A line chart on a canvas, by uPlot. The page loads this module when it first shows a chart. */
import UPlot from 'uplot'
import type { ChartColumns, ChartFormat } from './chart-data.ts'

/** What a plot shows, and where. */
export interface ChartPlotOptions {
  /** The plot takes its width and height. */
  readonly host: HTMLElement
  /** The elements of the legend, whose text colours are those of the lines. */
  readonly swatches: readonly HTMLElement[]
  readonly format: ChartFormat
  /** The smallest vertical range, so that noise does not look like large changes. */
  readonly minSpan: number
  /** Whether the vertical axis starts at zero. */
  readonly fromZero: boolean
  /** Whether times are of the day, which the chart writes to the second. */
  readonly isClock: boolean
  /** Whether grid lines are at multiples of powers of two, as for bytes. */
  readonly isBinary: boolean
  /** Called with the place of the column under the pointer; null for none. */
  readonly onHover: (place: number | null) => void
}

/** Lines differ by their dashes too, for those who cannot tell their colours apart. */
const DASHES: readonly number[][] = [[], [7, 4], [2, 3], [9, 3, 2, 3], [4, 2]]

/** The height of the labels of times. */
const TIMES_PX = 32
/** Steps below a second would have labels that are the same. */
const CLOCK_STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400].map(
  (seconds) => seconds * 1_000,
)
const BINARY_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power)

/** A plot. It follows the size of its host, and the colours of the page. */
export class ChartPlot {
  readonly #options: ChartPlotOptions
  readonly #plot: UPlot
  readonly #ended = new AbortController()
  #colours: readonly string[] = []
  #ink = ''
  #grid = ''

  constructor(options: ChartPlotOptions) {
    this.#options = options
    this.#readColours()
    this.#plot = new UPlot(this.#plotOptions(), [[], ...options.swatches.map(() => [])], options.host)
    this.#followSize()
    this.#followColours()
  }

  /** Shows other values. */
  set({ timesMs, values }: ChartColumns): void {
    this.#plot.setData([timesMs as number[], ...(values as (number | null | undefined)[][])])
  }

  /** Removes the plot. */
  destroy(): void {
    this.#ended.abort()
    this.#plot.destroy()
  }

  #plotOptions(): UPlot.Options {
    const { host, swatches, format, isBinary, isClock } = this.#options
    const axis = { stroke: () => this.#ink, grid: { stroke: () => this.#grid, width: 1 }, ticks: { show: false } }
    return {
      width: host.clientWidth,
      height: host.clientHeight,
      ms: 1,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      scales: { y: { range: (_plot, low, high) => this.#rangeOf(low, high) } },
      axes: [
        {
          ...axis,
          space: 90,
          size: TIMES_PX,
          ...(isClock && { incrs: CLOCK_STEPS_MS }),
          values: (_plot, times) => times.map((atMs) => format.time(atMs)),
        },
        {
          ...axis,
          size: sizeOfLabels,
          ...(isBinary && { incrs: BINARY_STEPS }),
          values: (_plot, ticks) => ticks.map((tick) => format.value(tick)),
        },
      ],
      series: [{}, ...swatches.map((_swatch, place) => this.#line(place))],
      hooks: { setCursor: [({ cursor }) => this.#options.onHover(cursor.idx ?? null)] },
    }
  }

  #line(place: number): UPlot.Series {
    return {
      stroke: () => this.#colours[place] ?? '',
      width: 2,
      dash: DASHES[place % DASHES.length] ?? [],
      points: { show: (_plot, _series, first, last) => last - first < 2 },
    }
  }

  #rangeOf(low: number | null, high: number | null): [number, number] {
    const { fromZero, minSpan } = this.#options
    const from = fromZero ? 0 : (low ?? 0)
    const to = Math.max(high ?? 0, from)
    const missing = Math.max(0, minSpan - (to - from))
    if (fromZero) return [0, (to + missing) * 1.05]
    const margin = (to - from + missing) * 0.05 + missing / 2
    return [from - margin, to + margin]
  }

  #followSize(): void {
    const { host } = this.#options
    const observer = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = host
      if (width > 0 && (width !== this.#plot.width || height !== this.#plot.height))
        this.#plot.setSize({ width, height })
    })
    observer.observe(host)
    this.#ended.signal.addEventListener('abort', () => observer.disconnect())
  }

  #followColours(): void {
    const { signal } = this.#ended
    const redraw = () => {
      this.#readColours()
      this.#plot.redraw(false)
    }
    for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)'])
      matchMedia(query).addEventListener('change', redraw, { signal })
    const observer = new MutationObserver(redraw)
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    signal.addEventListener('abort', () => observer.disconnect())
  }

  /** A canvas knows no variables of CSS, so the colours are those that elements have. */
  #readColours(): void {
    const { host, swatches } = this.#options
    this.#colours = swatches.map((swatch) => getComputedStyle(swatch).color)
    const { color, borderTopColor } = getComputedStyle(host)
    this.#ink = color
    this.#grid = borderTopColor
  }
}

/** The width of the widest label of an axis, with its gap. */
function sizeOfLabels(plot: UPlot, labels: string[] | null, axis: number, cycle: number): number {
  const { axes, ctx } = plot
  const { ticks, gap, font, _size } = axes[axis] as UPlot.Axis & { readonly _size: number }
  // The first cycle finds the size, later ones keep it: it would go back and forth otherwise.
  if (cycle > 1) return _size
  ctx.font = Array.isArray(font) ? (font[0] ?? '') : (font ?? '')
  const widest = Math.max(0, ...(labels ?? []).map((label) => ctx.measureText(label).width))
  return Math.ceil((ticks?.size ?? 0) + (gap ?? 0) + widest / devicePixelRatio) + 4
}
