/** The adaptive limit on a simulated event loop, with calls that block it and calls that wait. */
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { Health } from '../../../../gen/health/v1/health_pb.js'
import { adaptiveLimit } from '../../../../server/limits/adaptive-limit.ts'
import type { AdaptiveLimitOptions } from '../../../../server/limits/adaptive-limit-options.ts'
import type { PriorityOptions } from '../../../../server/limits/call-priority.ts'
import {
  answeredShare,
  latencyMs,
  OverloadSimulation,
  type SimulatedCall,
  type SimulatedWork,
} from '../../../support/overload-simulation.ts'

const { sayHello, publish, getStream } = GreeterService.method

interface Kind {
  readonly name: string
  /** The calls per second that the loop can answer. */
  readonly capacity: number
  readonly work: (random: () => number) => SimulatedWork
  /** For the clients of answered calls. */
  readonly p99Ms: number
}

const KINDS: readonly Kind[] = [
  { name: 'calls that block for 1.5 ms', capacity: 654, p99Ms: 50, work: () => ({ cpuMs: 1.5 }) },
  { name: 'calls that block for 20 ms', capacity: 50, p99Ms: 200, work: () => ({ cpuMs: 20 }) },
  {
    name: 'calls that block for 2 ms on average',
    capacity: 493,
    p99Ms: 80,
    work: (random) => ({ cpuMs: -2 * Math.log(1 - random()) }),
  },
  {
    name: 'calls that block for 5 ms and wait for 50',
    capacity: 199,
    p99Ms: 250,
    work: () => ({ cpuMs: 5, waitMs: 50 }),
  },
  {
    name: 'two methods, one of which waits for 200 ms',
    capacity: 395,
    p99Ms: 450,
    work: (random) => (random() < 0.5 ? { cpuMs: 1, method: sayHello } : { cpuMs: 4, waitMs: 200, method: publish }),
  },
]

const [BLOCKING] = KINDS as [Kind]

function shedOf(calls: readonly SimulatedCall[]): number {
  return calls.filter(({ isShed }) => isShed).length
}

describe.each(KINDS)('GV-4 with $name', ({ capacity, work, p99Ms }) => {
  test('answers at least 90 % of what it can at three times the load, and each in time', () => {
    const simulation = new OverloadSimulation()
    const calm = simulation.run({ forMs: 5_000, perSecond: capacity * 0.3, work })
    expect(shedOf(calm)).toBe(0)
    simulation.run({ forMs: 3_000, perSecond: capacity * 3, work })
    const overload = simulation.run({ forMs: 10_000, perSecond: capacity * 3, work })
    expect(answeredShare(overload) * 3).toBeGreaterThan(0.9)
    expect(latencyMs(overload, 0.99)).toBeLessThan(p99Ms)
  })

  test('admits all calls within two seconds after the overload', () => {
    const simulation = new OverloadSimulation()
    simulation.run({ forMs: 5_000, perSecond: capacity * 3, work })
    simulation.run({ forMs: 2_000, perSecond: capacity * 0.5, work })
    const after = simulation.run({ forMs: 5_000, perSecond: capacity * 0.5, work })
    expect(shedOf(after)).toBe(0)
    expect(simulation.limit.state).toMatchObject({ isOverloaded: false, limit: 1_000 })
  })
})

test('refuses nothing at low traffic, not even in bursts, and never measures with a lower limit', () => {
  const simulation = new OverloadSimulation()
  const limits = new Set<number>()
  for (let second = 0; second < 120; second++) {
    simulation.run({ forMs: 10, perSecond: 10_000, work: () => ({ cpuMs: 1 }) }, ({ limit }) => limits.add(limit))
    simulation.run({ forMs: 990, perSecond: 5, work: () => ({ cpuMs: 1 }) }, ({ limit }) => limits.add(limit))
  }
  expect(shedOf(simulation.calls)).toBe(0)
  expect([...limits]).toEqual([1_000])
})

test('an overload after a quiet time is noticed as soon as one at the start', () => {
  const { capacity, work } = BLOCKING
  const simulation = new OverloadSimulation()
  simulation.run({ forMs: 600_000, perSecond: 1, work })
  simulation.run({ forMs: 1_000, perSecond: capacity * 3, work })
  expect(simulation.limit.state.isOverloaded).toBe(true)
  expect(simulation.limit.state.limit).toBeLessThan(30)
})

test('a long overload does not become the measure of itself', () => {
  const { capacity, work } = BLOCKING
  const simulation = new OverloadSimulation()
  simulation.run({ forMs: 5_000, perSecond: capacity * 0.3, work })
  simulation.run({ forMs: 3_000, perSecond: capacity * 2, work })
  const first = simulation.run({ forMs: 5_000, perSecond: capacity * 2, work })
  simulation.run({ forMs: 120_000, perSecond: capacity * 2, work })
  const last = simulation.run({ forMs: 5_000, perSecond: capacity * 2, work })
  expect(latencyMs(last, 0.99)).toBeLessThan(latencyMs(first, 0.99) * 1.5)
})

test('the limit does not fall below its floor, nor rise above its ceiling', () => {
  const { capacity, work } = BLOCKING
  const simulation = new OverloadSimulation({ minConcurrencyLimit: 20, maxConcurrencyLimit: 25 })
  const limits = new Set<number>()
  simulation.run({ forMs: 10_000, perSecond: capacity * 5, work }, ({ limit }) => limits.add(limit))
  expect(Math.min(...limits)).toBeGreaterThanOrEqual(20)
  expect(Math.max(...limits)).toBe(25)
})

test('streams are shed as other calls, but do not count while they are open', () => {
  const simulation = new OverloadSimulation()
  const streams = { cpuMs: 0.5, waitMs: 60_000, isStream: true, method: getStream }
  simulation.run({ forMs: 5_000, perSecond: 400, work: () => streams })
  expect(simulation.limit.state.inFlight).toBe(0)
  expect(shedOf(simulation.calls)).toBe(0)
  const overload = simulation.run({
    forMs: 5_000,
    perSecond: 2_000,
    work: (random) => (random() < 0.5 ? streams : { cpuMs: 1.5 }),
  })
  const shed = overload.filter(({ isShed }) => isShed)
  expect(shed.some(({ work }) => work.isStream === true)).toBe(true)
  expect(latencyMs(overload.filter(({ work }) => work.isStream !== true).slice(-500), 0.99)).toBeLessThan(60)
})

describe('priorities', () => {
  /** The share of answered calls by the value of the header, at three times the load. */
  function sharesOf(priority: PriorityOptions) {
    const simulation = new OverloadSimulation({ priority })
    const values = ['sheddable', 'normal', 'critical', 'bogus', '']
    let next = 0
    simulation.run({
      forMs: 8_000,
      perSecond: 2_000,
      work() {
        next++
        return { cpuMs: 1.5, header: { 'x-priority': values[next % values.length] ?? '' } }
      },
    })
    const late = simulation.calls.filter(({ arrivedAtMs }) => arrivedAtMs > 2_000)
    return Object.fromEntries(
      values.map((value) => [value, answeredShare(late.filter(({ work }) => work.header?.['x-priority'] === value))]),
    ) as Record<'sheddable' | 'normal' | 'critical' | 'bogus' | '', number>
  }

  test('of trusted callers decide which calls are refused first', () => {
    const shares = sharesOf({ header: 'x-priority', trustHeader: true })
    expect(shares.critical).toBeGreaterThan(0.8)
    expect(shares.normal).toBeGreaterThan(shares.sheddable * 1.5)
    expect(shares.bogus).toBeCloseTo(shares.normal, 1)
    expect(shares['']).toBeCloseTo(shares.normal, 1)
  })

  test('of callers that are not trusted can only be lower', () => {
    const shares = sharesOf({ header: 'x-priority' })
    expect(shares.critical).toBeCloseTo(shares.normal, 1)
    expect(shares.normal).toBeGreaterThan(shares.sheddable * 1.5)
  })

  test('of methods hold without a header', () => {
    const simulation = new OverloadSimulation({
      priority: { ofMethod: ({ name }) => (name === 'SayHello' ? 'critical' : 'sheddable') },
    })
    simulation.run({
      forMs: 8_000,
      perSecond: 2_000,
      work: (random) => ({ cpuMs: 1.5, method: random() < 0.2 ? sayHello : publish }),
    })
    const late = simulation.calls.filter(({ arrivedAtMs }) => arrivedAtMs > 2_000)
    expect(answeredShare(late.filter(({ work }) => work.method === sayHello))).toBeGreaterThan(0.8)
    expect(answeredShare(late.filter(({ work }) => work.method !== sayHello))).toBeLessThan(0.3)
  })
})

test('refusals are UNAVAILABLE, and spread the next attempts of clients', () => {
  const { capacity, work } = BLOCKING
  const simulation = new OverloadSimulation({ retryAfterMs: 1_000, minConcurrencyLimit: 1 })
  simulation.run({ forMs: 2_000, perSecond: capacity * 3, work })
  const delaysMs = new Set<number>()
  const peer = { address: '', port: 0, tls: undefined, certificate: undefined }
  const call = { method: sayHello, isStream: false, header: new Headers(), peer, startedAtMs: simulation.nowMs }
  for (let attempt = 0; attempt < 1_000; attempt++) {
    try {
      simulation.limit.admission?.admit(call)
    } catch (refusal) {
      const error = ConnectError.from(refusal)
      expect(error.code).toBe(Code.Unavailable)
      delaysMs.add(Number(error.metadata.get('grpc-retry-pushback-ms')))
    }
  }
  expect(delaysMs.size).toBeGreaterThan(10)
  expect(Math.min(...delaysMs)).toBeGreaterThanOrEqual(500)
  expect(Math.max(...delaysMs)).toBeLessThanOrEqual(1_500)
})

test('standard services are never shed', () => {
  const limit = adaptiveLimit()
  expect(limit.appliesTo?.(Health.method.check)).toBe(false)
  expect(limit.appliesTo?.(sayHello)).toBe(true)
})

test.each<[object, string]>([
  [{ minConcurrencyLimit: 0 }, 'minConcurrencyLimit is 0'],
  [{ minConcurrencyLimit: 2.5 }, 'minConcurrencyLimit is 2.5: it must be a whole number'],
  [{ minConcurrencyLimit: 11, maxConcurrencyLimit: 10 }, 'minConcurrencyLimit is 11: it must be from 1 to 10'],
  [{ maxLoopUtilization: 90 }, 'maxLoopUtilization is 90'],
  [{ maxCpu: Number.NaN }, 'maxCpu is NaN'],
  [{ tolerance: -1 }, 'tolerance is -1'],
  [{ targetDelayMs: 0 }, 'targetDelayMs is 0'],
  [{ retryAfterMs: 0 }, 'retryAfterMs is 0'],
  [{ priority: { headers: 'x' } }, 'priority.headers is unknown'],
  [{ minConcurency: 1 }, 'minConcurency is unknown'],
])('options %j are refused', (options, fault) => {
  expect(() => adaptiveLimit(options as AdaptiveLimitOptions)).toThrow(fault)
})
