import promClient from 'prom-client'
import { describe, expect, test } from 'vitest'
import { Exposition, type PromClient } from '../../../../server/telemetry/metrics/exposition.ts'
import { servePrimaryMetrics } from '../../../../server/telemetry/metrics/primary-metrics.ts'
import { PrometheusRegistry } from '../../../../server/telemetry/metrics/prometheus-registry.ts'
import { shareMetrics } from '../../../../server/telemetry/metrics/worker-metrics.ts'
import type { OverWorkers } from '../../../../wire/telemetry/metrics/metric-registry.ts'
import { workerLinks } from '../../../support/worker-links.ts'

const CLIENT = promClient as unknown as PromClient

function setUp() {
  const { primary, startWorker } = workerLinks()
  servePrimaryMetrics(primary, { timeoutMs: 100 })
  return {
    startWorker() {
      const worker = startWorker()
      const registry = new PrometheusRegistry(() => 1_500)
      const program = new promClient.Registry()
      const exposition = new Exposition(CLIENT, registry, [program])
      const shared = shareMetrics(worker.link, () => exposition.read())
      const calls = registry.counter({ name: 'a.calls', unit: '{call}', description: '-' })
      const gauge = (name: string, value: number, overWorkers: OverWorkers) =>
        registry.addSource({
          name,
          unit: '{x}',
          description: '-',
          kind: 'gauge',
          overWorkers,
          read: (report) => report(value),
        })
      const page = async (accept?: string) => (await exposition.renderValues(accept, await shared.collect())).body
      const lines = async (name: string) =>
        (await page()).split('\n').filter((line) => line.startsWith(name) && !line.startsWith('#'))
      return { worker, registry, program, shared, calls, gauge, page, lines }
    },
  }
}

test('whichever worker answers, counters and histograms are the sum of all', async () => {
  const { startWorker } = setUp()
  const [a, b] = [startWorker(), startWorker()]
  a.calls.with({ m: 'x' }).add(3)
  b.calls.with({ m: 'x' }).add(4)
  b.calls.with({ m: 'y' }).add(1)
  for (const { registry } of [a, b]) {
    registry
      .histogram({ name: 'a.time', unit: 's', description: '-', buckets: [1] })
      .with({})
      .record(0.5)
  }
  for (const { lines } of [a, b]) {
    expect(await lines('a_calls')).toEqual(['a_calls_total{m="x"} 7', 'a_calls_total{m="y"} 1'])
    expect(await lines('a_time')).toEqual([
      'a_time_seconds_bucket{le="1"} 2',
      'a_time_seconds_bucket{le="+Inf"} 2',
      'a_time_seconds_sum 1',
      'a_time_seconds_count 2',
    ])
  }
})

test('gauges are added up, the maximum, or one series for each worker', async () => {
  const { startWorker } = setUp()
  const [a, b] = [startWorker(), startWorker()]
  for (const overWorkers of ['sum', 'max', 'each'] as const) {
    a.gauge(`a.${overWorkers}`, 2, overWorkers)
    b.gauge(`a.${overWorkers}`, 5, overWorkers)
  }
  expect(await a.lines('a_')).toEqual(['a_sum 7', 'a_max 5', 'a_each{worker="1"} 2', 'a_each{worker="2"} 5'])
})

test("the program's own metrics are merged as prom-client says, and quantiles are those of each worker", async () => {
  const { startWorker } = setUp()
  const workers = [startWorker(), startWorker()]
  for (const [index, { program }] of workers.entries()) {
    const registers = [program]
    new promClient.Counter({ name: 'p_orders_total', help: '-', labelNames: ['kind'], registers }).inc({ kind: 'a' }, 2)
    new promClient.Gauge({ name: 'p_avg', help: '-', registers, aggregator: 'average' }).set(index)
    new promClient.Gauge({ name: 'p_min', help: '-', registers, aggregator: 'min' }).set(index)
    new promClient.Gauge({ name: 'p_first', help: '-', registers, aggregator: 'first' }).set(index)
    new promClient.Gauge({ name: 'p_gone', help: '-', registers, aggregator: 'omit' }).set(index)
    new promClient.Summary({ name: 'p_sum', help: '-', registers, percentiles: [0.5] }).observe(index)
    program.setDefaultLabels({ zone: 'z' })
  }
  expect(await workers[0]?.lines('p_')).toEqual([
    'p_orders_total{kind="a",zone="z"} 4',
    'p_avg{zone="z"} 0.5',
    'p_min{zone="z"} 0',
    'p_first{zone="z"} 0',
    'p_sum{quantile="0.5",zone="z",worker="1"} 0',
    'p_sum_sum{zone="z"} 1',
    'p_sum_count{zone="z"} 2',
    'p_sum{quantile="0.5",zone="z",worker="2"} 1',
  ])
})

test('OpenMetrics has one page, with the newest exemplar', async () => {
  const { startWorker } = setUp()
  const [a, b] = [startWorker(), startWorker()]
  for (const [index, { registry }] of [a, b].entries()) {
    const series = registry.histogram({ name: 'a.time', unit: 's', description: '-', buckets: [1] }).with({})
    series.record(0.5, { traceId: `t${index}`, spanId: 's' })
  }
  const page = await a.page('application/openmetrics-text; version=1.0.0')
  expect(page).toContain('a_time_seconds_bucket{le="1"} 2 # {trace_id="t0",span_id="s"} 0.5 1.5\n')
  expect(page.match(/# EOF/g)).toHaveLength(1)
  expect(page.endsWith('# EOF\n')).toBe(true)
})

describe('the counters never go back', () => {
  test('when a worker crashes: what it had at the last collection goes on to count', async () => {
    const { startWorker } = setUp()
    const [a, b] = [startWorker(), startWorker()]
    a.calls.with({}).add(3)
    b.calls.with({}).add(4)
    b.gauge('a.open', 9, 'sum')
    expect(await a.lines('a_')).toEqual(['a_calls_total 7', 'a_open 9'])
    b.worker.end()
    expect(await a.lines('a_')).toEqual(['a_calls_total 7'])

    const c = startWorker()
    c.calls.with({}).add(1)
    c.worker.end()
    startWorker().calls.with({}).add(2)
    expect(await a.lines('a_')).toEqual(['a_calls_total 9'])
    expect(await a.lines('portico_server_workers_ended')).toEqual(['portico_server_workers_ended_total 2'])
  })

  test('when a worker ends by itself: it reports its last values', async () => {
    const { startWorker } = setUp()
    const [a, b] = [startWorker(), startWorker()]
    const remove = b.registry.addSource({
      name: 'a.calls',
      unit: '{call}',
      description: '-',
      kind: 'counter',
      read: (report) => report(4),
    })
    await b.shared.report()
    remove()
    expect(await a.lines('a_calls')).toEqual(['a_calls_total 4'])
    b.worker.end()
    expect(await a.lines('a_calls')).toEqual(['a_calls_total 4'])
  })

  test('when a worker ends and its metrics cannot be read: that does not keep it from ending', async () => {
    const { startWorker } = setUp()
    const [a, b] = [startWorker(), startWorker()]
    b.calls.with({}).add(4)
    expect(await a.lines('a_calls')).toEqual(['a_calls_total 4'])
    const collect = () => {
      throw new Error('the pool has ended')
    }
    new promClient.Gauge({ name: 'p_pool', help: '-', registers: [b.program], collect })
    await b.shared.report()
    b.worker.end()
    expect(await a.lines('a_calls')).toEqual(['a_calls_total 4'])
  })

  test('when a worker stalls: its last values stand in, and the page says how many did not answer', async () => {
    const { startWorker } = setUp()
    const [a, b] = [startWorker(), startWorker()]
    b.calls.with({}).add(4)
    expect(await a.lines('portico_server_workers{')).toEqual([
      'portico_server_workers{state="answered"} 2',
      'portico_server_workers{state="stalled"} 0',
    ])
    b.worker.stall()
    expect(await a.lines('a_calls')).toEqual(['a_calls_total 4'])
    expect(await a.lines('portico_server_workers{')).toEqual([
      'portico_server_workers{state="answered"} 1',
      'portico_server_workers{state="stalled"} 1',
    ])
  })
})

test('the page has the primary among the processes', async () => {
  const { startWorker } = setUp()
  const lines = await startWorker().lines('process_memory')
  expect(lines).toEqual([expect.stringMatching(/^process_memory_usage_bytes\{worker="primary"\} [\d.e+]+$/)])
})
