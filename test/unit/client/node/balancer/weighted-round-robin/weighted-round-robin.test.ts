import { describe, expect, it } from 'vitest'
import { EndpointWeight } from '../../../../../../client/node/balancer/weighted-round-robin/endpoint-weight.ts'
import { weightedRoundRobinPolicy } from '../../../../../../client/node/balancer/weighted-round-robin/weighted-round-robin.ts'
import { parseWeightedRoundRobinConfig } from '../../../../../../client/node/balancer/weighted-round-robin/weighted-round-robin-config.ts'
import { addressText } from '../../../../../../client/node/contracts/endpoint.ts'
import { findLoadReport } from '../../../../../../client/node/orca/load-report.ts'
import { ErrorCode } from '../../../../../../wire/http2/http2.ts'
import { BalancerBench, endpoint } from '../../../../../support/contracts/balancer-bench.ts'
import {
  encodeReport,
  type ReportedLoad,
  reported,
  reportTrailers,
} from '../../../../../support/contracts/load-report.ts'

/** Weights 1, 2 and 4. */
const LOADS: Readonly<Record<string, ReportedLoad>> = {
  'a:1': { qps: 100, application: 1 },
  'b:1': { qps: 100, application: 0.5 },
  'c:1': { qps: 100, cpu: 0.25 },
}

async function start(endpoints = Object.keys(LOADS), config = {}): Promise<BalancerBench> {
  const bench = new BalancerBench(weightedRoundRobinPolicy)
  await bench.ready(endpoints, config)
  return bench
}

/** Calls that end with the reports of their endpoints. */
function call(bench: BalancerBench, times = 30): void {
  for (let count = 0; count < times; count++) {
    const picked = bench.picked()
    picked.onStart?.()
    picked.onEnd?.(reported(LOADS[addressText(picked.subchannel.address)] ?? {}))
  }
}

const EVEN = { 'a:1': 100, 'b:1': 100, 'c:1': 100 }

describe('LB-5 weighted_round_robin', () => {
  it('distributes calls by weights of 1:2:4', async () => {
    const bench = await start()
    call(bench)
    await bench.advance(11_000)
    const counts = bench.count(7_000)
    expect(Math.abs((counts['a:1'] ?? 0) - 1_000)).toBeLessThan(50)
    expect(Math.abs((counts['b:1'] ?? 0) - 2_000)).toBeLessThan(100)
    expect(Math.abs((counts['c:1'] ?? 0) - 4_000)).toBeLessThan(200)
    bench.balancer.destroy()
  })

  it('distributes calls by the weights of name resolution until servers report', async () => {
    const weighed = (a: number, b: number) => [endpoint('a:1', { weight: a }), endpoint('b:1', { weight: b })]
    const bench = new BalancerBench(weightedRoundRobinPolicy)
    await bench.ready(weighed(1, 3))
    expect(bench.count(400)).toEqual({ 'a:1': 100, 'b:1': 300 })
    bench.update(weighed(3, 1))
    expect(bench.count(400)).toEqual({ 'a:1': 300, 'b:1': 100 })
    bench.update(weighed(5, 5))
    expect(bench.count(400)).toEqual({ 'a:1': 200, 'b:1': 200 })
    bench.update(weighed(9, 1))
    call(bench)
    await bench.advance(11_000)
    const counts = bench.count(300)
    expect(Math.abs((counts['b:1'] ?? 0) - 200)).toBeLessThan(10)
    bench.balancer.destroy()
  })

  it('ignores reports for the first 10 s', async () => {
    const bench = await start()
    call(bench)
    await bench.advance(9_000)
    call(bench)
    expect(bench.count(300)).toEqual(EVEN)
    await bench.advance(2_000)
    expect(bench.count(300)).not.toEqual(EVEN)
    bench.balancer.destroy()
  })

  it('expires reports after 3 min, and restarts the blackout period', async () => {
    const bench = await start()
    call(bench)
    await bench.advance(179_000)
    expect(bench.count(300)).not.toEqual(EVEN)
    await bench.advance(2_000)
    expect(bench.count(300)).toEqual(EVEN)
    call(bench)
    await bench.advance(9_000)
    expect(bench.count(300)).toEqual(EVEN)
    await bench.advance(2_000)
    expect(bench.count(300)).not.toEqual(EVEN)
    bench.balancer.destroy()
  })

  it('drops the reports of a lost connection', async () => {
    const bench = await start(['a:1', 'c:1'])
    call(bench)
    await bench.advance(11_000)
    expect(bench.count(100)['c:1']).toBeGreaterThan(75)
    await bench.lose('c:1')
    await bench.connectAll()
    await bench.succeed('c:1')
    expect(bench.count(100)).toEqual({ 'a:1': 50, 'c:1': 50 })
    bench.balancer.destroy()
  })

  it('drops the reports of connections that were all lost at once', async () => {
    const bench = await start(['a:1', 'c:1'])
    call(bench)
    await bench.advance(11_000)
    for (const text of ['a:1', 'c:1']) bench.attempt(text).leave()
    await bench.settle()
    await bench.succeed('a:1', 'c:1')
    await bench.advance(9_000)
    expect(bench.count(100)).toEqual({ 'a:1': 50, 'c:1': 50 })
    bench.balancer.destroy()
  })

  it('uses the mean weight for an endpoint without one', async () => {
    const bench = await start(['a:1', 'b:1', 'new:1'], { blackoutPeriod: '0s' })
    call(bench)
    await bench.advance(1_000)
    const counts = bench.count(900)
    expect(Math.abs((counts['new:1'] ?? 0) - 300)).toBeLessThan(15)
    expect(Math.abs((counts['a:1'] ?? 0) - 200)).toBeLessThan(15)
    bench.balancer.destroy()
  })

  it('acts as round_robin while fewer than two weights are known', async () => {
    const bench = await start(['a:1', 'x:1', 'y:1'], { blackoutPeriod: '0s' })
    call(bench)
    await bench.advance(1_000)
    expect(bench.count(300)).toEqual({ 'a:1': 100, 'x:1': 100, 'y:1': 100 })
    bench.balancer.destroy()
  })
})

describe('invalid reports', () => {
  it.each([
    ['two without an end', [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 100]],
    ['numbers at the end of what there is', [1.7e308, 1.7e308, 1e300]],
    ['one without an end', [Number.POSITIVE_INFINITY, 100, 100]],
  ])('leave every endpoint its share of calls: %s', async (_what, [a = 0, b = 0, c = 0]) => {
    const loads: Readonly<Record<string, ReportedLoad>> = {
      'a:1': { qps: a, application: 1 },
      'b:1': { qps: b, application: 1 },
      'c:1': { qps: c, application: 1 },
    }
    const bench = await start()
    for (let times = 0; times < 30; times++) {
      const picked = bench.picked()
      picked.onStart?.()
      picked.onEnd?.(reported(loads[addressText(picked.subchannel.address)] ?? {}))
    }
    await bench.advance(11_000)
    expect(Object.keys(bench.count(300)).sort()).toEqual(expect.arrayContaining(['a:1', 'b:1']))
    bench.balancer.destroy()
  })

  it.each([
    { qps: Number.POSITIVE_INFINITY, application: 1 },
    { qps: 1e308, application: 1e-10 },
    { qps: 100, application: Number.POSITIVE_INFINITY },
    { qps: Number.NaN, application: 1 },
    { qps: 100, application: Number.NaN },
    { qps: -1, application: 1 },
    { qps: 100, application: -1 },
  ])('are ignored: %j', (load) => {
    const config = parseWeightedRoundRobinConfig({ blackoutPeriod: '0s' })
    const report = findLoadReport(reportTrailers(load))
    const weight = new EndpointWeight()
    if (report !== undefined) weight.report({ ...report, qps: 50, applicationUtilization: 1 }, config, 0)
    if (report !== undefined) weight.report(report, config, 1)
    expect(weight.current(config, 2)).toBe(50)
  })
})

describe('out-of-band reports', () => {
  const OUT_OF_BAND = { enableOobLoadReport: true, oobReportingPeriod: '30s', blackoutPeriod: '0s' }

  /** The stream on which an endpoint is asked. */
  const streamOf = (bench: BalancerBench, text: string) =>
    bench.attempt(text).streams.at(-1) ?? expect.unreachable(`${text} was not asked`)

  function report(bench: BalancerBench): void {
    for (const [text, load] of Object.entries(LOADS)) streamOf(bench, text).answer(encodeReport(load))
  }

  it('determine the weights, and trailers are ignored', async () => {
    const bench = await start(Object.keys(LOADS), OUT_OF_BAND)
    call(bench)
    await bench.advance(1_000)
    expect(bench.count(300)).toEqual(EVEN)
    report(bench)
    await bench.advance(1_000)
    const counts = bench.count(7_000)
    expect(Math.abs((counts['c:1'] ?? 0) - 4_000)).toBeLessThan(200)
    bench.balancer.destroy()
  })

  it('are requested once per connection, whatever else changes', async () => {
    const bench = await start(Object.keys(LOADS), OUT_OF_BAND)
    report(bench)
    await bench.advance(5_000)
    expect(bench.connector.attempts.map(({ streams }) => streams.length)).toEqual([1, 1, 1])
    await bench.lose('a:1')
    await bench.succeed('a:1')
    expect(bench.connector.attempts.map(({ streams }) => streams.length)).toEqual([1, 1, 1, 1])
    bench.balancer.destroy()
  })

  it('follow the interval of a new config, or stop', async () => {
    const bench = await start(['a:1', 'b:1'], OUT_OF_BAND)
    const first = streamOf(bench, 'a:1')
    bench.update(['a:1', 'b:1'], { ...OUT_OF_BAND, oobReportingPeriod: '60s' })
    expect(first.resetCode).toBe(ErrorCode.CANCEL)
    const second = streamOf(bench, 'a:1')
    expect(second.message).not.toEqual(first.message)
    bench.update(['a:1', 'b:1'], { blackoutPeriod: '0s' })
    expect(second.resetCode).toBe(ErrorCode.CANCEL)
    call(bench)
    expect(bench.attempt('a:1').streams).toHaveLength(2)
    bench.balancer.destroy()
  })

  it('end with the policy', async () => {
    const bench = await start(['a:1', 'b:1'], OUT_OF_BAND)
    bench.balancer.destroy()
    expect([streamOf(bench, 'a:1').resetCode, bench.clock.pending]).toEqual([ErrorCode.CANCEL, 0])
  })
})

describe('the weight of a report', () => {
  const weigh = (load: ReportedLoad, json = {}): number => {
    const config = parseWeightedRoundRobinConfig({ blackoutPeriod: '0s', ...json })
    const weight = new EndpointWeight()
    const report = findLoadReport(reportTrailers(load))
    if (report !== undefined) weight.report(report, config, 0)
    return weight.current(config, 0)
  }
  const metrics = (...names: string[]) => ({ metricNamesForComputingUtilization: names })

  it.each([
    ['qps by application utilization', { qps: 10, application: 0.5, cpu: 0.1 }, {}, 20],
    ['qps by cpu where the application says nothing', { qps: 10, cpu: 0.1 }, {}, 100],
    ['failures as load', { qps: 10, eps: 5, application: 0.5 }, {}, 10],
    ['failures as more load', { qps: 10, eps: 5, application: 0.5 }, { errorUtilizationPenalty: 3 }, 5],
    ['nothing without calls', { application: 0.5 }, {}, 0],
    ['nothing without load', { qps: 10 }, {}, 0],
    ['the metrics that are asked for', { qps: 10, cpu: 0.1, memory: 0.5 }, metrics('mem_utilization'), 20],
    [
      'the highest',
      { qps: 10, utilization: { gpu: 1 }, named: { q: 2 } },
      metrics('utilization.gpu', 'named_metrics.q'),
      5,
    ],
    ['others where what is asked for is not told', { qps: 10, cpu: 0.1 }, metrics('named_metrics.q', 'x'), 100],
    ['others where it is no number', { qps: 10, cpu: 0.1, named: { q: Number.NaN } }, metrics('named_metrics.q'), 100],
  ])('is %s', (_what, load, json, expected) => {
    expect(weigh(load, json)).toBeCloseTo(expected)
  })

  it.each(['!!', 'CQ=='])('is unknown for an unreadable report: %s', (value) => {
    const trailers = reportTrailers({}).map((field) => ({ ...field, value }))
    expect(findLoadReport(trailers)).toBeUndefined()
  })
})

describe('the config of weighted_round_robin', () => {
  it('raises the update period to at least 100 ms', () => {
    expect(parseWeightedRoundRobinConfig({ weightUpdatePeriod: '0.01s' }).weightUpdatePeriodMs).toBe(100)
  })

  it.each([
    [{ enableOobLoadReport: 1 }, 'enableOobLoadReport'],
    [{ oobReportingPeriod: '-1s' }, 'oobReportingPeriod'],
    [{ errorUtilizationPenalty: -1 }, 'errorUtilizationPenalty'],
    [{ blackoutPeriod: 1 }, 'blackoutPeriod'],
    [{ metricNamesForComputingUtilization: [1] }, 'metricNamesForComputingUtilization[0]'],
  ])('refuses %j', (json, name) => {
    expect(() => parseWeightedRoundRobinConfig(json)).toThrow(name)
  })
})
