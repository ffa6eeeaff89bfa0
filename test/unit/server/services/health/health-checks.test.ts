import { expect, test, vi } from 'vitest'
import type { HealthCheckOptions } from '../../../../../server/services/health/health-check-options.ts'
import { HealthStatus } from '../../../../../server/services/health/health-status.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { settled } from '../../../../support/settled.ts'

/** A check that passes or fails as the test says. */
class Scripted {
  runs = 0
  open = 0
  mostOpen = 0
  failure: unknown
  /** Set to keep runs open. */
  wait: Promise<unknown> | undefined
  signal: AbortSignal | undefined

  readonly check = async (signal: AbortSignal): Promise<void> => {
    this.runs += 1
    this.open += 1
    this.mostOpen = Math.max(this.mostOpen, this.open)
    this.signal = signal
    try {
      await this.wait
      if (this.failure !== undefined) throw this.failure
    } finally {
      this.open -= 1
    }
  }
}

function setUp(options: Partial<HealthCheckOptions> = {}) {
  const clock = new ManualClock()
  const health = new HealthStatus({ clock })
  const script = new Scripted()
  const log = { warn: vi.fn(), info: vi.fn() }
  health.setStatus('shop', 'SERVING')
  health.setStatus('bank', 'SERVING')
  const remove = health.addCheck('database', { check: script.check, intervalMs: 1_000, timeoutMs: 500, ...options })
  return { clock, health, script, log, remove, start: () => health.startChecks(log) }
}

function statusesOf(health: HealthStatus) {
  return Object.fromEntries(health.listStatuses())
}

test('a server has not started, and serves nothing, until the first run of a critical check', async () => {
  const { health, start } = setUp()
  start()
  expect(health).toMatchObject({ isLive: true, isStarted: false, isReady: false })
  expect(statusesOf(health)).toEqual({ '': 'NOT_SERVING', shop: 'NOT_SERVING', bank: 'NOT_SERVING' })
  await settled()
  expect(health).toMatchObject({ isLive: true, isStarted: true, isReady: true })
  expect(statusesOf(health)).toEqual({ '': 'SERVING', shop: 'SERVING', bank: 'SERVING' })
})

test('a first run that fails ends start-up, and the server is not ready', async () => {
  const { health, script, start } = setUp()
  script.failure = new Error('refused')
  start()
  await settled()
  expect(health).toMatchObject({ isLive: true, isStarted: true, isReady: false })
  expect(health.listChecks()).toEqual([{ name: 'database', weight: 'critical', status: 'failing' }])
})

test.each([
  ['throws', () => Promise.reject(new Error('refused'))],
  [
    'throws at once',
    () => {
      throw new TypeError('refused')
    },
  ],
  ['throws what is not an error', () => Promise.reject(undefined)],
  ['returns false', () => false],
  ['resolves with false', async () => false],
])('a check fails if it %s', async (_how, check) => {
  const { health, start } = setUp({ check })
  start()
  await settled()
  expect(health.getStatus('')).toBe('NOT_SERVING')
})

test.each([undefined, true, null, 0, '', {}])('a check passes if it returns %o', async (result) => {
  const { health, start } = setUp({ check: () => result })
  start()
  await settled()
  expect(health.getStatus('')).toBe('SERVING')
})

test.each([
  ['fatal', { isLive: false, isReady: false }, 'NOT_SERVING'],
  ['critical', { isLive: true, isReady: false }, 'NOT_SERVING'],
  ['minor', { isLive: true, isReady: true }, 'SERVING'],
] as const)('the failure of a %s check makes the server %o', async (weight, expected, status) => {
  const { health, script, start } = setUp({ weight })
  script.failure = new Error('refused')
  start()
  await settled()
  expect(health).toMatchObject(expected)
  expect(statusesOf(health)).toEqual({ '': status, shop: status, bank: status })
})

test('start-up does not wait for minor checks, nor for those that start as passing', async () => {
  for (const options of [{ weight: 'minor' }, { startsAs: 'passing' }] as const) {
    const { health, script, start } = setUp(options)
    script.wait = new Promise(() => {})
    start()
    expect(health).toMatchObject({ isStarted: true, isReady: true })
    expect(health.listChecks()).toMatchObject([{ status: 'pending' }])
  }
})

test('a check of services makes only these NOT_SERVING, and adds names that are not set', async () => {
  const { health, script, clock, start } = setUp({ services: ['shop', 'search'] })
  start()
  await settled()
  expect(statusesOf(health)).toEqual({ '': 'SERVING', shop: 'SERVING', bank: 'SERVING', search: 'SERVING' })
  script.failure = new Error('refused')
  clock.advance(1_000)
  await settled()
  expect(statusesOf(health)).toEqual({ '': 'SERVING', shop: 'NOT_SERVING', bank: 'SERVING', search: 'NOT_SERVING' })
  expect(health.isReady).toBe(true)
})

test('what was set by hand shows again once the check passes', async () => {
  const { health, script, clock, start } = setUp()
  script.failure = new Error('refused')
  start()
  await settled()
  health.setStatus('shop', 'UNKNOWN')
  health.setStatus('late', 'SERVING')
  expect(statusesOf(health)).toMatchObject({ shop: 'NOT_SERVING', late: 'NOT_SERVING' })
  script.failure = undefined
  clock.advance(1_000)
  await settled()
  expect(statusesOf(health)).toEqual({ '': 'SERVING', shop: 'UNKNOWN', bank: 'SERVING', late: 'SERVING' })
})

test('watchers receive one change when a check begins to fail, however often it fails', async () => {
  const { health, script, clock, start } = setUp()
  start()
  await settled()
  const onChange = vi.fn()
  health.watch('shop', onChange)
  script.failure = new Error('refused')
  for (let run = 0; run < 3; run++) {
    clock.advance(1_000)
    await settled()
  }
  expect(script.runs).toBe(4)
  expect(onChange).toHaveBeenCalledTimes(1)
})

test('of several checks every critical one must pass', async () => {
  const { health, script, clock, start } = setUp()
  const second = new Scripted()
  health.addCheck('cache', { check: second.check, intervalMs: 1_000 })
  start()
  await settled()
  script.failure = second.failure = new Error('refused')
  clock.advance(1_000)
  await settled()
  script.failure = undefined
  clock.advance(1_000)
  await settled()
  expect(health.isReady).toBe(false)
  second.failure = undefined
  clock.advance(1_000)
  await settled()
  expect(health.isReady).toBe(true)
})

test('a check runs again an interval after the end of a run', async () => {
  const { script, clock, start } = setUp()
  start()
  await settled()
  clock.advance(999)
  await settled()
  expect(script.runs).toBe(1)
  clock.advance(1)
  await settled()
  expect(script.runs).toBe(2)
})

test('a run that takes too long fails at its timeout, and its signal aborts', async () => {
  const { health, script, clock, log, start } = setUp()
  script.wait = new Promise(() => {})
  start()
  clock.advance(499)
  await settled()
  expect(health.isStarted).toBe(false)
  clock.advance(1)
  await settled()
  expect(health).toMatchObject({ isStarted: true, isReady: false })
  expect(script.signal?.aborted).toBe(true)
  expect(log.warn).toHaveBeenCalledExactlyOnceWith(
    { check: 'database', weight: 'critical', err: new Error('the check took longer than 500 ms') },
    'health check failed',
  )
})

test('a run that ignores its signal never overlaps with the next, whose result counts', async () => {
  const { health, script, clock, start } = setUp()
  const hanging = Promise.withResolvers<void>()
  script.wait = hanging.promise
  start()
  clock.advance(60_000)
  await settled()
  expect(script).toMatchObject({ runs: 1, open: 1 })
  hanging.resolve()
  await settled()
  expect(health.isReady, 'it ended after its timeout').toBe(false)
  script.wait = undefined
  clock.advance(1_000)
  await settled()
  expect(script).toMatchObject({ runs: 2, mostOpen: 1 })
  expect(health.isReady).toBe(true)
})

test('changes are logged once each, with the error', async () => {
  const { script, clock, log, start } = setUp()
  start()
  await settled()
  expect(log.warn).not.toHaveBeenCalled()
  expect(log.info).not.toHaveBeenCalled()
  script.failure = new Error('refused')
  for (let run = 0; run < 3; run++) {
    clock.advance(1_000)
    await settled()
  }
  const fields = { check: 'database', weight: 'critical' }
  expect(log.warn).toHaveBeenCalledExactlyOnceWith({ ...fields, err: script.failure }, 'health check failed')
  script.failure = undefined
  clock.advance(1_000)
  await settled()
  expect(log.info).toHaveBeenCalledExactlyOnceWith(fields, 'health check passes again')
})

test('stopping aborts the run in progress, whose result does not count, and leaves no timer', async () => {
  const { health, script, clock, log, start } = setUp()
  const stop = start()
  await settled()
  const hanging = Promise.withResolvers<void>()
  script.wait = hanging.promise
  clock.advance(1_000)
  await settled()
  stop()
  stop()
  expect(script.signal?.aborted).toBe(true)
  hanging.reject(new Error('aborted'))
  await settled()
  expect(clock.pending).toBe(0)
  expect(log.warn).not.toHaveBeenCalled()
  expect(health.isReady).toBe(true)
  clock.advance(60_000)
  await settled()
  expect(script.runs).toBe(2)
})

test('checks run until the last of several servers has stopped', async () => {
  const { clock, script, start } = setUp()
  const stopFirst = start()
  const stopSecond = start()
  await settled()
  expect(script.runs).toBe(1)
  stopFirst()
  clock.advance(1_000)
  await settled()
  expect(script.runs).toBe(2)
  stopSecond()
  expect(clock.pending).toBe(0)
})

test('a check that is added to a running server starts at once, and start-up stays over', async () => {
  const { health, script, start } = setUp({ weight: 'minor' })
  start()
  await settled()
  script.wait = new Promise(() => {})
  health.addCheck('late', { check: script.check })
  expect(script.runs).toBe(2)
  expect(health).toMatchObject({ isStarted: true, isReady: false })
})

test('a check that is removed no longer counts or runs, and its name is free', async () => {
  const { health, script, clock, remove, start } = setUp()
  script.failure = new Error('refused')
  start()
  await settled()
  remove()
  remove()
  expect(health.isReady).toBe(true)
  expect(clock.pending).toBe(0)
  health.addCheck('database', { check: () => true })
  expect(health.listChecks()).toMatchObject([{ status: 'pending' }])
  remove()
  expect(health.listChecks()).toHaveLength(1)
})

test('runChecks() runs all at once, joins runs in progress and waits for the results', async () => {
  const { health, script, start } = setUp()
  await health.runChecks()
  expect(health.isReady).toBe(true)
  expect(script.runs).toBe(1)
  start()
  await Promise.all([health.runChecks(), health.runChecks()])
  expect(script).toMatchObject({ runs: 2, mostOpen: 1 })
})

test('HC-5 a drain outlasts a check that passes, and a failure outlasts resume()', async () => {
  const { health, script, clock, start } = setUp()
  start()
  await settled()
  health.shutdown()
  clock.advance(1_000)
  await settled()
  expect(health).toMatchObject({ isLive: true, isStarted: true, isReady: false })
  script.failure = new Error('refused')
  clock.advance(1_000)
  await settled()
  health.resume()
  expect(health.getStatus('')).toBe('NOT_SERVING')
  script.failure = undefined
  clock.advance(1_000)
  await settled()
  expect(health.getStatus('')).toBe('SERVING')
})

test('a drain during start-up leaves health NOT_SERVING', async () => {
  const { health, start } = setUp()
  start()
  health.shutdown()
  await settled()
  expect(health).toMatchObject({ isStarted: true, isReady: false })
})

test.each<[HealthCheckOptions, string]>([
  [{ check: 'ping' } as unknown as HealthCheckOptions, 'check must be a function'],
  [{ check: () => {}, intervalMs: 99 }, 'intervalMs is 99: it must be a whole number from 100 to 86400000'],
  [{ check: () => {}, intervalMs: Number.NaN }, 'intervalMs is NaN: it must be a whole number from 100 to 86400000'],
  [{ check: () => {}, timeoutMs: 0 }, 'timeoutMs is 0: it must be a whole number from 1 to 86400000'],
  [{ check: () => {}, timeoutMs: 86_400_001 }, 'timeoutMs is 86400001: it must be a whole number from 1 to 86400000'],
  [{ check: () => {}, weight: 'heavy' as 'minor' }, 'weight is heavy: it must be one of fatal, critical, minor'],
  [{ check: () => {}, startsAs: 'ok' as 'passing' }, 'startsAs is ok: it must be one of passing, failing'],
  [{ check: () => {}, services: [] }, 'services must be an array of names, not empty'],
  [
    { check: () => {}, interval: 5 } as HealthCheckOptions,
    'interval is unknown: use check, intervalMs, timeoutMs, weight, services, startsAs',
  ],
])('rejects %o', (options, fault) => {
  const health = new HealthStatus()
  expect(() => health.addCheck('a', options)).toThrow(new RangeError(`health check "a": ${fault}`))
  expect(health.listChecks()).toEqual([])
})

test('rejects names that are taken or not valid, and options that are not an object', () => {
  const { health } = setUp()
  const check = { check: () => {} }
  expect(() => health.addCheck('database', check)).toThrow('health check "database" exists: choose another name')
  for (const name of ['', 'a b', 'a"', '<b>', 'x'.repeat(101)]) {
    expect(() => health.addCheck(name, check), name).toThrow('its name must have 1 to 100 letters')
  }
  for (const options of [null, undefined, () => true]) {
    expect(() => health.addCheck('b', options as unknown as HealthCheckOptions)).toThrow(
      'health check "b" must be an object: { check: (signal) => ... }',
    )
  }
  expect(() => health.addCheck('b', { ...check, services: ['s'.repeat(1_025)] })).toThrow('at most 1024 characters')
})
