import promClient from 'prom-client'
import { describe, expect, test } from 'vitest'
import { Exposition, type PromClient } from '../../../../../server/telemetry/metrics/exposition.ts'
import { PrometheusRegistry } from '../../../../../server/telemetry/metrics/prometheus-registry.ts'

const CLIENT = promClient as unknown as PromClient
const OPEN = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
const TEXT = 'text/plain; version=0.0.4; charset=utf-8'
/** As Prometheus 2.42 sends it. */
const PROMETHEUS_ACCEPT =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'

function setUp() {
  const registry = new PrometheusRegistry(() => 1_500)
  const program = new promClient.Registry()
  const render = (accept?: string) => new Exposition(CLIENT, registry, [program]).render(accept)
  return { registry, program, render, body: async (accept?: string) => (await render(accept)).body }
}

const LATENCY = { name: 'a.duration', unit: 's', description: 'How long', buckets: [0.1, 1] }
const STARTED = { name: 'a.started', unit: '{call}', description: 'How many' }

test('a histogram is cumulative, with its name, unit and labels as Prometheus spells them', async () => {
  const { registry, body } = setUp()
  const series = registry.histogram(LATENCY).with({ 'rpc.method': 'a.B/C' })
  for (const value of [0.05, 0.1, 0.5, 5]) series.record(value)
  expect(await body()).toBe(
    [
      '# HELP a_duration_seconds How long',
      '# TYPE a_duration_seconds histogram',
      'a_duration_seconds_bucket{le="0.1",rpc_method="a.B/C"} 2',
      'a_duration_seconds_bucket{le="1",rpc_method="a.B/C"} 3',
      'a_duration_seconds_bucket{le="+Inf",rpc_method="a.B/C"} 4',
      'a_duration_seconds_sum{rpc_method="a.B/C"} 5.65',
      'a_duration_seconds_count{rpc_method="a.B/C"} 4',
      '',
    ].join('\n'),
  )
})

test.each([
  { name: 'grpc.server.call.started', unit: '{call}', kind: 'counter', spelled: 'grpc_server_call_started_total' },
  { name: 'a.size', unit: 'By', kind: 'gauge', spelled: 'a_size_bytes' },
  { name: 'a.bytes', unit: 'By', kind: 'gauge', spelled: 'a_bytes' },
  { name: 'a.cpu.time', unit: 's', kind: 'counter', spelled: 'a_cpu_time_seconds_total' },
  { name: 'a.use', unit: '1', kind: 'gauge', spelled: 'a_use_ratio' },
  { name: 'a.use-2', unit: '{x}', kind: 'gauge', spelled: 'a_use_2' },
] as const)('$name in $unit is $spelled', async ({ name, unit, kind, spelled }) => {
  const { registry, body } = setUp()
  registry.addSource({ name, unit, kind, description: '-', read: (report) => report(7) })
  expect((await body()).split('\n')).toContain(`${spelled} 7`)
})

test('series with the same attributes are one, in any order of the attributes', async () => {
  const { registry, body } = setUp()
  const started = registry.counter(STARTED)
  started.with({ a: '1', b: 2 }).add(1)
  started.with({ b: 2, a: '1' }).add(2)
  registry.counter(STARTED).with({ a: '1', b: 2 }).add(4)
  expect(await body()).toContain('a_started_total{a="1",b="2"} 7\n')
})

test('sources of one name add up, until they are removed', async () => {
  const { registry, body } = setUp()
  const source = { name: 'a.open', unit: '{x}', description: '-', kind: 'gauge' } as const
  const remove = registry.addSource({ ...source, read: (report) => report(3, { a: 1 }) })
  registry.addSource({
    ...source,
    read: (report) => {
      report(4, { a: 1 })
      report(5, { a: 2 })
    },
  })
  expect(await body()).toContain('a_open{a="1"} 7\na_open{a="2"} 5\n')
  remove()
  expect(await body()).toContain('a_open{a="1"} 4\n')
})

test('label values are escaped', async () => {
  const { registry, body } = setUp()
  registry.counter(STARTED).with({ a: 'x"y\\z\n' }).add(1)
  expect(await body()).toContain('a_started_total{a="x\\"y\\\\z\\n"} 1\n')
})

test('a metric without values is not on the page', async () => {
  const { registry, render } = setUp()
  registry.histogram(LATENCY)
  expect(await render()).toEqual({ contentType: TEXT, body: '' })
  expect(await render('application/openmetrics-text')).toEqual({ contentType: OPEN, body: '# EOF\n' })
})

describe('OpenMetrics', () => {
  test('a value with a trace is the example of its bucket, and only there', async () => {
    const { registry, body } = setUp()
    const series = registry.histogram(LATENCY).with({ m: 'x' })
    series.record(0.5, { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) })
    series.record(0.6)
    const labels = `trace_id="${'a'.repeat(32)}",span_id="${'b'.repeat(16)}"`
    expect(await body(OPEN)).toContain(`a_duration_seconds_bucket{le="1",m="x"} 2 # {${labels}} 0.5 1.5\n`)
    expect(await body()).not.toContain('trace_id')
  })

  test('counters keep their names in the other format, whichever was asked for first', async () => {
    const { registry, program, body } = setUp()
    registry.counter(STARTED).with({}).add(1)
    new promClient.Counter({ name: 'orders_total', help: 'Orders', registers: [program] }).inc(2)
    const text = await body()
    const open = await body(OPEN)
    expect(await body()).toBe(text)
    expect(text).toContain('# TYPE a_started_total counter\na_started_total 1\n')
    expect(text).toContain('# TYPE orders_total counter\norders_total 2\n')
    expect(open).toContain('# TYPE a_started counter\na_started_total 1\n')
    expect(open).toContain('# TYPE orders counter\norders_total 2\n')
    expect(open.match(/# EOF\n/g)).toHaveLength(1)
    expect(open.endsWith('\n# EOF\n')).toBe(true)
    expect(open).not.toContain('\n\n')
  })

  test.each([
    { accept: PROMETHEUS_ACCEPT, contentType: OPEN },
    { accept: 'application/openmetrics-text', contentType: OPEN },
    { accept: 'application/openmetrics-text; version=0.0.1', contentType: TEXT },
    { accept: 'application/openmetrics-text;q=0.4,text/plain;q=0.5', contentType: TEXT },
    { accept: 'application/openmetrics-text;q=0', contentType: TEXT },
    { accept: 'application/openmetrics-text;q=x', contentType: TEXT },
    { accept: 'text/html, */*', contentType: TEXT },
    { accept: undefined, contentType: TEXT },
  ])('is chosen by Accept: $accept', async ({ accept, contentType }) => {
    const { registry, render } = setUp()
    registry.counter(STARTED).with({}).add(1)
    expect((await render(accept)).contentType).toBe(contentType)
  })
})

test('the metrics of the program come after ours, with its labels, and no name twice', async () => {
  const { registry, program, body } = setUp()
  registry.counter(STARTED).with({}).add(1)
  program.setDefaultLabels({ shop: 'x' })
  new promClient.Counter({ name: 'a_started_total', help: 'Theirs', registers: [program] }).inc(9)
  new promClient.Gauge({
    name: 'queue',
    help: 'Read when collected',
    registers: [program],
    collect() {
      this.set(3)
    },
  })
  const text = await body()
  expect(text).toContain('a_started_total 1\n')
  expect(text).not.toContain('Theirs')
  expect(text).toContain('queue{shop="x"} 3\n')
})
