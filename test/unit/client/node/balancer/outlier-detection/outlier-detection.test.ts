import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, it } from 'vitest'
import { outlierDetectionPolicy } from '../../../../../../client/node/balancer/outlier-detection/outlier-detection.ts'
import { addressText } from '../../../../../../client/node/contracts/endpoint.ts'
import { BalancerBench } from '../../../../../support/contracts/balancer-bench.ts'

const SERVERS = ['a:1', 'b:1', 'c:1', 'd:1', 'e:1', 'f:1']
const childPolicy = [{ round_robin: {} }]
const BY_FAILURES = { failurePercentageEjection: { threshold: 40, requestVolume: 10 }, childPolicy }
const BY_SUCCESS = { successRateEjection: { stdevFactor: 1_000, requestVolume: 10 }, childPolicy }

const FAILED = { error: new ConnectError('no', Code.Internal), trailers: null, isAbandoned: false }
const SERVED = { error: null, trailers: null, isAbandoned: false }

async function start(config: object): Promise<BalancerBench> {
  const bench = new BalancerBench(outlierDetectionPolicy)
  await bench.ready(SERVERS, config)
  return bench
}

/** Calls in turn, of which those to the bad endpoints fail every second time. */
function call(bench: BalancerBench, bad: readonly string[], times = 120): void {
  const calls = new Map<string, number>()
  for (let count = 0; count < times; count++) {
    const picked = bench.picked()
    const text = addressText(picked.subchannel.address)
    const nth = (calls.get(text) ?? 0) + 1
    calls.set(text, nth)
    picked.onStart?.()
    picked.onEnd?.(bad.includes(text) && nth % 2 === 0 ? FAILED : SERVED)
  }
}

/** Failures and successes of an endpoint, one after the other. */
function end(bench: BalancerBench, text: string, { failures, calls }: { failures: number; calls: number }): void {
  for (let ended = 0; ended < calls; ) {
    const picked = bench.picked()
    if (addressText(picked.subchannel.address) !== text) continue
    picked.onStart?.()
    picked.onEnd?.(ended < failures ? FAILED : SERVED)
    ended++
  }
}

const served = (bench: BalancerBench): string[] => Object.keys(bench.count(60)).sort()

describe('LB-8 outlier_detection', () => {
  it('keeps an endpoint whose failures are at the threshold, not above it', async () => {
    for (let threshold = 1; threshold < 100; threshold++) {
      const failurePercentageEjection = { threshold, requestVolume: 10, minimumHosts: 1 }
      const bench = await start({ failurePercentageEjection, childPolicy })
      end(bench, 'c:1', { failures: threshold, calls: 100 })
      await bench.advance(10_000)
      expect([threshold, served(bench)]).toEqual([threshold, SERVERS])
      end(bench, 'c:1', { failures: threshold + 1, calls: 100 })
      await bench.advance(10_000)
      expect([threshold, served(bench)]).toEqual([threshold, SERVERS.filter((text) => text !== 'c:1')])
      bench.balancer.destroy()
    }
  })

  it.each([
    ['failures', BY_FAILURES],
    ['success rates', BY_SUCCESS],
  ])(
    'by %s: ejects an endpoint for 30 s, the second time for 60 s, and keeps its connection',
    async (_what, config) => {
      const bench = await start(config)
      call(bench, ['c:1'])
      expect(served(bench)).toEqual(SERVERS)
      await bench.advance(10_000)
      expect(served(bench)).toEqual(SERVERS.filter((text) => text !== 'c:1'))
      expect([bench.open, bench.attempted]).toEqual([SERVERS, SERVERS])
      await bench.advance(20_000)
      expect(served(bench)).not.toContain('c:1')
      await bench.advance(10_000)
      expect(served(bench)).toEqual(SERVERS)
      call(bench, ['c:1'])
      await bench.advance(10_000)
      await bench.advance(50_000)
      expect(served(bench)).not.toContain('c:1')
      await bench.advance(10_000)
      expect(served(bench)).toEqual(SERVERS)
      bench.balancer.destroy()
    },
  )

  it.each([
    ['failures', BY_FAILURES],
    ['success rates', BY_SUCCESS],
  ])('by %s: attempts abandoned by the client do not count', async (_what, config) => {
    const bench = await start(config)
    for (let count = 0; count < 600; count++) {
      const picked = bench.picked()
      picked.onStart?.()
      const isBad = addressText(picked.subchannel.address) === 'c:1'
      picked.onEnd?.(isBad && count % 12 < 6 ? { ...FAILED, isAbandoned: true } : SERVED)
    }
    await bench.advance(10_000)
    expect(served(bench)).toEqual(SERVERS)
    bench.balancer.destroy()
  })

  it('shortens ejections over time', async () => {
    const bench = await start(BY_FAILURES)
    call(bench, ['c:1'])
    await bench.advance(40_000)
    await bench.advance(20_000)
    call(bench, ['c:1'])
    await bench.advance(10_000)
    expect(served(bench)).not.toContain('c:1')
    await bench.advance(30_000)
    expect(served(bench)).toContain('c:1')
    bench.balancer.destroy()
  })

  it('ejects at most the allowed share, but always one', async () => {
    const bench = await start(BY_FAILURES)
    call(bench, SERVERS)
    await bench.advance(10_000)
    expect(served(bench)).toHaveLength(5)
    bench.balancer.destroy()
    const generous = await start({ ...BY_FAILURES, maxEjectionPercent: 50 })
    call(generous, SERVERS)
    await generous.advance(10_000)
    expect(served(generous)).toHaveLength(3)
    generous.balancer.destroy()
  })

  it.each([
    ['none, if the maximum share is 0', { ...BY_FAILURES, maxEjectionPercent: 0 }],
    ['none without enough calls', { failurePercentageEjection: { threshold: 40 }, childPolicy }],
    [
      'none among too few hosts',
      { failurePercentageEjection: { threshold: 40, requestVolume: 10, minimumHosts: 7 }, childPolicy },
    ],
    [
      'none at or below the threshold',
      { failurePercentageEjection: { threshold: 50, requestVolume: 10 }, childPolicy },
    ],
    [
      'none without enforcement',
      { failurePercentageEjection: { threshold: 40, requestVolume: 10, enforcementPercentage: 0 }, childPolicy },
    ],
  ])('ejects %s', async (_what, config) => {
    const bench = await start(config)
    call(bench, ['c:1'])
    await bench.advance(10_000)
    expect(served(bench)).toEqual(SERVERS)
    bench.balancer.destroy()
  })

  it('readmits all endpoints, and stops its timer, when a config disables detection', async () => {
    const bench = await start(BY_FAILURES)
    call(bench, ['c:1'])
    await bench.advance(10_000)
    bench.update(SERVERS, { childPolicy })
    await bench.settle()
    expect([served(bench), bench.clock.pending]).toEqual([SERVERS, 0])
    bench.balancer.destroy()
  })

  it('fails calls while all are ejected, until one returns', async () => {
    const bench = await start({ ...BY_FAILURES, maxEjectionPercent: 100 })
    call(bench, SERVERS)
    await bench.advance(10_000)
    expect([bench.state, bench.pickText()]).toEqual(['TRANSIENT_FAILURE', expect.stringContaining('is ejected')])
    await bench.advance(30_000)
    expect([bench.state, served(bench)]).toEqual(['READY', SERVERS])
    bench.balancer.destroy()
  })

  it('keeps an endpoint ejected across address lists', async () => {
    const bench = await start(BY_FAILURES)
    call(bench, ['c:1'])
    await bench.advance(10_000)
    bench.update([...SERVERS, 'g:1'], BY_FAILURES)
    await bench.succeed('g:1')
    expect(served(bench)).toEqual(['a:1', 'b:1', 'd:1', 'e:1', 'f:1', 'g:1'])
    bench.balancer.destroy()
  })

  it.each([
    [{ maxEjectionPercent: 101 }, 'maxEjectionPercent'],
    [{ interval: '-1s' }, 'interval'],
    [{ successRateEjection: { enforcementPercentage: 101 } }, 'successRateEjection.enforcementPercentage'],
    [{ failurePercentageEjection: { threshold: -1 } }, 'failurePercentageEjection.threshold'],
    [{ childPolicy: null }, 'childPolicy is missing'],
  ])('refuses %j', (json, name) => {
    const bench = new BalancerBench(outlierDetectionPolicy)
    expect(() => bench.update(SERVERS, { childPolicy, ...json })).toThrow(name)
  })
})
