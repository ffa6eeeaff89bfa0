/** The metrics of the server over time, and as a table. */
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { EmptyState } from '../parts/empty-state.tsx'
import { Field } from '../parts/field.tsx'
import { formatBytes, formatDuration } from '../parts/format.ts'
import { facts } from '../session/facts.ts'
import { formatNumber, formatRate, formatShare } from './chart/units.ts'
import { LineChart } from './line-chart.tsx'
import { fetchMetrics } from './metrics/fetch-metrics.ts'
import { type MetricUnit, measuredMethods } from './metrics/metric-charts.ts'
import { MetricTable } from './metrics/metric-table.tsx'
import { MetricsFault } from './metrics/metrics-fault.tsx'
import { type DrawnChart, MetricsHistory } from './metrics/metrics-history.ts'
import { type MetricsPage, parseMetrics } from './metrics/parse-metrics.ts'
import { RefreshBar } from './refresh/refresh-bar.tsx'
import { Refresher } from './refresh/refresher.ts'
import './live.css'

const FORMATS: Readonly<Record<MetricUnit, (value: number) => string>> = {
  'per second': formatRate,
  'bytes per second': (value) => `${formatBytes(value)}/s`,
  seconds: (value) => formatDuration(value * 1_000),
  count: formatNumber,
  bytes: formatBytes,
  share: formatShare,
}

/** What has been read so far. It outlives the view, so that the charts go on when the user comes back. */
const method = signal('')
const shown = signal<{ readonly page: MetricsPage; readonly charts: readonly DrawnChart[] } | null>(null)
let history = new MetricsHistory('')

const refresher = new Refresher(async (stopped) => {
  const path = facts.value?.metricsPath ?? ''
  const page = parseMetrics(await fetchMetrics(path, stopped))
  if (stopped.aborted) return
  history.add(page, Date.now())
  shown.value = { page, charts: history.charts }
})

function choose(name: string): void {
  method.value = name
  history = new MetricsHistory(name)
  refresher.refreshNow()
}

export function View() {
  const path = facts.value?.metricsPath ?? null
  useEffect(() => (path === null ? undefined : refresher.start()), [path])
  if (path === null) return <NoMetrics />
  const snapshot = history.latest
  return (
    <div class="page is-wide">
      <div class="page-head">
        <h1>Metrics</h1>
        <div class="spread">
          <RefreshBar refresher={refresher} />
          {snapshot !== null && <MethodChoice methods={measuredMethods(snapshot)} />}
        </div>
      </div>
      {refresher.error.value !== null && <MetricsFault fault={refresher.error.value} />}
      {shown.value === null && refresher.error.value === null && <p role="status">Reading the metrics</p>}
      {shown.value !== null && <Charts charts={shown.value.charts} />}
      {shown.value !== null && snapshot !== null && <MetricTable page={shown.value.page} snapshot={snapshot} />}
    </div>
  )
}

function NoMetrics() {
  return (
    <EmptyState icon="gauge" heading="h1" title="This server serves no metrics">
      <p>
        Start it with <code>--metrics</code>, or <code>metrics: true</code> in its code, to see its calls, their
        durations and its load here.
      </p>
    </EmptyState>
  )
}

function MethodChoice({ methods }: { methods: readonly string[] }) {
  return (
    <Field label="Calls of" isInline>
      {(attributes) => (
        <select
          {...attributes}
          class="select metric-method"
          value={method.value}
          onChange={(event) => choose(event.currentTarget.value)}
        >
          <option value="">all methods</option>
          {methods.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

function Charts({ charts }: { charts: readonly DrawnChart[] }) {
  return (
    <div class="chart-grid">
      {charts.map(({ label, unit, series }) => (
        <div class="card" key={label}>
          <LineChart label={label} series={series} format={FORMATS[unit]} isBinary={unit.startsWith('bytes')} />
        </div>
      ))}
    </div>
  )
}
