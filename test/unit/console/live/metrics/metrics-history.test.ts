import { expect, it } from 'vitest'
import { measuredMethods } from '../../../../../console/app/live/metrics/metric-charts.ts'
import { MetricsHistory } from '../../../../../console/app/live/metrics/metrics-history.ts'
import { parseMetrics } from '../../../../../console/app/live/metrics/parse-metrics.ts'

/** The pages of a server, of which each is two seconds after the one before. */
function historyOf(pages: readonly string[], method = ''): MetricsHistory {
  const history = new MetricsHistory(method)
  for (const [index, text] of pages.entries()) history.add(parseMetrics(text), 1_000 + 2_000 * index)
  return history
}

/** The values of the lines of a chart. */
function valuesOf(history: MetricsHistory, label: string): Record<string, (number | null)[]> {
  const chart = history.charts.find((each) => each.label === label)
  return Object.fromEntries(
    (chart?.series ?? []).map(({ label: line, points }) => [line, points.map(({ value }) => value)]),
  )
}

/** Calls of two methods, by gRPC's names: `[method, code, count]`. */
function calls(...counts: readonly (readonly [string, string, number])[]): string {
  return counts
    .map(([method, code, count]) => {
      const labels = `grpc_method="${method}",grpc_status="${code}"`
      return [
        `grpc_server_call_duration_seconds_bucket{le="0.1",${labels}} ${count}`,
        `grpc_server_call_duration_seconds_bucket{le="1",${labels}} ${count}`,
        `grpc_server_call_duration_seconds_bucket{le="+Inf",${labels}} ${count}`,
        `grpc_server_call_duration_seconds_count{${labels}} ${count}`,
      ].join('\n')
    })
    .join('\n')
}

it('shows calls per second by status, of all methods or one', () => {
  const pages = [
    calls(['a.B/C', 'OK', 10], ['a.B/D', 'OK', 5]),
    calls(['a.B/C', 'OK', 20], ['a.B/D', 'OK', 5], ['a.B/D', 'NOT_FOUND', 4]),
    calls(['a.B/C', 'OK', 22], ['a.B/D', 'OK', 9], ['a.B/D', 'NOT_FOUND', 4]),
  ]
  expect(valuesOf(historyOf(pages), 'Calls by status')).toEqual({ OK: [5, 3], NOT_FOUND: [2, 0] })
  expect(valuesOf(historyOf(pages, 'a.B/D'), 'Calls by status')).toEqual({ OK: [0, 2], NOT_FOUND: [2, 0] })
  const latest = historyOf(pages).latest
  expect(latest && measuredMethods(latest)).toEqual(['a.B/C', 'a.B/D'])
})

it('counts from zero when the server has restarted', () => {
  const pages = [calls(['a.B/C', 'OK', 100]), calls(['a.B/C', 'OK', 104]), calls(['a.B/C', 'OK', 6])]
  expect(valuesOf(historyOf(pages), 'Calls by status')).toEqual({ OK: [2, 3] })
})

it("knows OpenTelemetry's names, in which Connect writes no code for a success", () => {
  const page = (good: number, bad: number) =>
    `rpc_server_call_duration_seconds_count{rpc_method="a.B/C"} ${good}
rpc_server_call_duration_seconds_count{rpc_method="a.B/C",rpc_status_code="OK"} ${good}
rpc_server_call_duration_seconds_count{rpc_method="a.B/C",rpc_status_code="not_found"} ${bad}`
  expect(valuesOf(historyOf([page(0, 0), page(2, 6)]), 'Calls by status')).toEqual({ OK: [2], NOT_FOUND: [3] })
})

it('shows quantiles of the calls between two refreshes, and a gap when there were none', () => {
  const page = (fast: number, slow: number) =>
    `rpc_server_call_duration_seconds_bucket{le="0.1"} ${fast}
rpc_server_call_duration_seconds_bucket{le="1"} ${fast + slow}
rpc_server_call_duration_seconds_bucket{le="+Inf"} ${fast + slow}
rpc_server_call_duration_seconds_count ${fast + slow}`
  const { p50, p99 } = valuesOf(
    historyOf([page(1000, 0), page(1010, 0), page(1010, 0), page(1010, 10)]),
    'Duration of calls',
  )
  expect(p50).toEqual([0.05, null, expect.closeTo(0.55)])
  expect(p99).toEqual([expect.closeTo(0.099), null, expect.closeTo(0.991)])
})

it('shows gauges, and the share of time of the event loop', () => {
  const page = (active: number, idle: number) =>
    `portico_server_call_active{rpc_method="a.B/C"} 3
portico_server_call_active{rpc_method="a.B/D"} 4
portico_server_connection_open{tls="no"} 2
nodejs_eventloop_time_seconds_total{nodejs_eventloop_state="active"} ${active}
nodejs_eventloop_time_seconds_total{nodejs_eventloop_state="idle"} ${idle}
process_memory_usage_bytes 1000`
  const history = historyOf([page(1, 1), page(1.5, 2.5)])
  expect(valuesOf(history, 'In flight')).toEqual({ Calls: [7, 7], Connections: [2, 2] })
  expect(valuesOf(history, 'Load of the process')).toEqual({ 'Event loop': [0.25] })
  expect(valuesOf(history, 'Memory')).toEqual({ Process: [1000, 1000] })
  expect(history.charts.map(({ label }) => label)).toEqual(['In flight', 'Load of the process', 'Memory'])
})

it('keeps a bounded number of points and lines', () => {
  const hostile = (count: number) =>
    calls(...Array.from({ length: 25 }, (_, index) => ['m', `C${index}`, count] as const))
  const history = historyOf(Array.from({ length: 620 }, (_, index) => hostile(index)))
  const [chart] = history.charts
  expect(chart?.series.length).toBeLessThanOrEqual(20)
  expect(Math.max(...(chart?.series ?? []).map(({ points }) => points.length))).toBe(600)
})

it('shows no chart of a page without the metrics that it knows', () => {
  expect(historyOf(['a 1', 'a 2']).charts).toEqual([])
  expect(historyOf(['', '']).charts).toEqual([])
})
