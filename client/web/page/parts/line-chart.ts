/** A line chart of values over time, as SVG that fills the width of its host. */
import { type Scale, scaleFor } from './chart-scale.ts'
import { svgElement } from './element.ts'
import { formatTime } from './format.ts'
import type { Lapse } from './topic-feed.ts'

/** One value at one time. */
export interface ChartPoint {
  /** Milliseconds since 1970. */
  readonly timeMs: number
  readonly value: number
  /** What happened between the point before and this one. Default: nothing. */
  readonly lapse?: Lapse | undefined
}

/** How a chart looks. */
export interface LineChartOptions {
  /** What the chart shows, for screen readers. */
  readonly label: string
  /** The oldest points are dropped beyond this. */
  readonly maxPoints: number
  /** The smallest vertical range. */
  readonly minSpan: number
  /** Points further apart than this, in milliseconds, are not joined. Default: no limit. */
  readonly maxGapMs?: number
  /** Formats a value for the axis and the description. */
  readonly format: (value: number) => string
}

interface Plot {
  readonly width: number
  readonly height: number
  readonly x: (point: ChartPoint) => number
  readonly y: (value: number) => number
}

const MARGIN = { top: 12, right: 14, bottom: 26, left: 64 }
const PIXELS_PER_TICK = 48

/** Draws at most once per frame. */
export class LineChart {
  readonly #host: HTMLElement
  readonly #options: LineChartOptions
  readonly #svg: SVGSVGElement
  #points: ChartPoint[] = []
  #frame = 0

  constructor(host: HTMLElement, options: LineChartOptions) {
    this.#host = host
    this.#options = options
    this.#svg = svgElement('svg', { class: 'chart-svg', role: 'img' })
    host.append(this.#svg)
    new ResizeObserver(() => this.#schedule()).observe(host)
  }

  /** The points in the chart, oldest first. */
  get points(): readonly ChartPoint[] {
    return this.#points
  }

  /** Adds the newest point. */
  add(point: ChartPoint): void {
    this.#points.push(point)
    if (this.#points.length > this.#options.maxPoints) this.#points.shift()
    this.#schedule()
  }

  /** Removes all points. */
  clear(): void {
    this.#points = []
    this.#schedule()
  }

  #schedule(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = requestAnimationFrame(() => this.#draw())
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#host
    if (width === 0 || height === 0) return
    const maxTicks = Math.max(2, Math.floor((height - MARGIN.top - MARGIN.bottom) / PIXELS_PER_TICK))
    const scale = scaleFor(
      this.#points.map(({ value }) => value),
      maxTicks,
      this.#options.minSpan,
    )
    const plot = createPlot(width, height, scale, this.#points)
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${height}`)
    this.#svg.setAttribute('aria-label', this.#describe())
    this.#svg.replaceChildren(
      ...scale.ticks.map((tick) => gridLine(plot, plot.y(tick), this.#options.format(tick))),
      ...timeLabels(plot, this.#points),
      ...restartMarks(plot, this.#points),
      ...splitAtGaps(this.#points, this.#options.maxGapMs).flatMap((points) => line(plot, points)),
      ...lastDot(plot, this.#points),
    )
  }

  #describe(): string {
    const { label, format } = this.#options
    const last = this.#points.at(-1)
    if (last === undefined) return `${label}: nothing yet`
    const restarts = this.#points.filter(({ lapse }) => lapse === 'restart').length
    const restarted = restarts === 0 ? '' : `, ${restarts} ${restarts === 1 ? 'restart' : 'restarts'} between them`
    return `${label}: ${this.#points.length} values${restarted}, the last one ${format(last.value)} at ${formatTime(last.timeMs)}`
  }
}

function createPlot(width: number, height: number, scale: Scale, points: readonly ChartPoint[]): Plot {
  const fromMs = points[0]?.timeMs ?? 0
  const spanMs = Math.max(1, (points.at(-1)?.timeMs ?? 0) - fromMs)
  const innerWidth = width - MARGIN.left - MARGIN.right
  const innerHeight = height - MARGIN.top - MARGIN.bottom
  return {
    width,
    height,
    x: ({ timeMs }) => MARGIN.left + (innerWidth * (timeMs - fromMs)) / spanMs,
    y: (value) => MARGIN.top + innerHeight * (1 - (value - scale.min) / (scale.max - scale.min)),
  }
}

function gridLine({ width }: Plot, y: number, text: string): SVGElement {
  return svgElement(
    'g',
    {},
    svgElement('line', {
      class: 'chart-grid',
      x1: String(MARGIN.left),
      x2: String(width - MARGIN.right),
      y1: String(y),
      y2: String(y),
    }),
    svgElement('text', { class: 'chart-text is-end', x: String(MARGIN.left - 10), y: String(y + 4) }, text),
  )
}

function timeLabels({ width, height }: Plot, points: readonly ChartPoint[]): SVGElement[] {
  const [first] = points
  const last = points.at(-1)
  if (first === undefined || last === undefined || first === last) return []
  const y = String(height - 6)
  return [
    svgElement('text', { class: 'chart-text', x: String(MARGIN.left), y }, formatTime(first.timeMs)),
    svgElement('text', { class: 'chart-text is-end', x: String(width - MARGIN.right), y }, formatTime(last.timeMs)),
  ]
}

/** Splits the points where messages are missing, so that no line bridges the gap. */
function splitAtGaps(points: readonly ChartPoint[], maxGapMs = Number.POSITIVE_INFINITY): ChartPoint[][] {
  const runs: ChartPoint[][] = []
  let previous: ChartPoint | undefined
  for (const point of points) {
    const isJoined = previous !== undefined && point.lapse === undefined && point.timeMs - previous.timeMs <= maxGapMs
    if (isJoined) runs.at(-1)?.push(point)
    else runs.push([point])
    previous = point
  }
  return runs
}

/** Returns the area under the line and the line; a point without neighbors is a dot. */
function line(plot: Plot, points: readonly ChartPoint[]): SVGElement[] {
  const [first] = points
  if (first === undefined) return []
  if (points.length === 1) return [dot(plot, first, 'chart-point', '2')]
  const path = points.map((point) => `${plot.x(point).toFixed(1)},${plot.y(point.value).toFixed(1)}`).join('L')
  const floor = plot.height - MARGIN.bottom
  return [
    svgElement('path', { class: 'chart-area', d: `M${path}V${floor}H${plot.x(first).toFixed(1)}Z` }),
    svgElement('path', { class: 'chart-line', d: `M${path}` }),
  ]
}

function lastDot(plot: Plot, points: readonly ChartPoint[]): SVGElement[] {
  const last = points.at(-1)
  return last === undefined ? [] : [dot(plot, last, 'chart-dot', '4')]
}

function dot(plot: Plot, point: ChartPoint, name: string, radius: string): SVGElement {
  return svgElement('circle', { class: name, cx: String(plot.x(point)), cy: String(plot.y(point.value)), r: radius })
}

function restartMarks(plot: Plot, points: readonly ChartPoint[]): SVGElement[] {
  return points
    .filter(({ lapse }) => lapse === 'restart')
    .map((point) => {
      const x = plot.x(point).toFixed(1)
      const ends = { x1: x, x2: x, y1: String(MARGIN.top), y2: String(plot.height - MARGIN.bottom) }
      return svgElement('line', { class: 'chart-restart', ...ends }, svgElement('title', {}, 'The server restarted'))
    })
}
