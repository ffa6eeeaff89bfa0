import { expect, test, vi } from 'vitest'
import {
  HealthStatus,
  MAX_SERVICE_NAME_LENGTH,
  type ServingStatus,
  WHOLE_SERVER,
} from '../../../../../server/services/health/health-status.ts'

test('HC-1 the whole server is SERVING from the start, and nothing else is known', () => {
  const health = new HealthStatus()
  expect([...health.listStatuses()]).toEqual([[WHOLE_SERVER, 'SERVING']])
})

test('HC-1 names match exactly', () => {
  const health = new HealthStatus()
  health.setStatus('pkg.Service', 'SERVING')
  for (const other of ['pkg', 'pkg.', 'pkg.service', '.pkg.Service', 'pkg.Service/']) {
    expect(health.getStatus(other), other).toBeUndefined()
  }
  expect(health.getStatus('pkg.Service')).toBe('SERVING')
})

test('a list is a snapshot: later changes do not show in it', () => {
  const health = new HealthStatus()
  const before = health.listStatuses()
  health.setStatus('late', 'SERVING')
  expect(before.has('late')).toBe(false)
})

test('HC-5 shutdown() makes every service NOT_SERVING and ignores changes', () => {
  const health = new HealthStatus()
  health.setStatus('a', 'UNKNOWN')
  health.shutdown()
  health.setStatus('', 'SERVING')
  health.setStatus('a', 'SERVING')
  health.setStatus('b', 'SERVING')
  health.clearStatus('a')
  expect(Object.fromEntries(health.listStatuses())).toEqual({ '': 'NOT_SERVING', a: 'NOT_SERVING' })
})

test('HC-5 resume() makes every service SERVING and accepts changes again', () => {
  const health = new HealthStatus()
  health.setStatus('a', 'NOT_SERVING')
  health.shutdown()
  health.resume()
  expect(Object.fromEntries(health.listStatuses())).toEqual({ '': 'SERVING', a: 'SERVING' })
  health.setStatus('a', 'NOT_SERVING')
  expect(health.getStatus('a')).toBe('NOT_SERVING')
})

test('a watcher receives changes of its service only, once each', () => {
  const health = new HealthStatus()
  const onChange = vi.fn()
  health.watch('a', onChange)
  health.setStatus('a', 'SERVING')
  health.setStatus('a', 'SERVING')
  health.setStatus('b', 'SERVING')
  expect(onChange).toHaveBeenCalledTimes(1)
  health.clearStatus('a')
  health.clearStatus('a')
  expect(onChange).toHaveBeenCalledTimes(2)
})

test('an ended watch receives nothing more, and ends only itself', () => {
  const health = new HealthStatus()
  const onChange = vi.fn()
  const first = health.watch('a', onChange)
  const second = health.watch('a', onChange)
  first()
  first()
  expect(health.watcherCount).toBe(1)
  health.setStatus('a', 'SERVING')
  expect(onChange).toHaveBeenCalledTimes(1)
  second()
  health.setStatus('a', 'NOT_SERVING')
  expect(onChange).toHaveBeenCalledTimes(1)
  expect(health.watcherCount).toBe(0)
})

test('ending an old watch again does not affect newer ones', () => {
  const health = new HealthStatus()
  const onChange = vi.fn()
  const old = health.watch('a', () => {})
  old()
  health.watch('a', onChange)
  old()
  health.setStatus('a', 'SERVING')
  expect(onChange).toHaveBeenCalledTimes(1)
  expect(health.watcherCount).toBe(1)
})

test('a watcher may end its watch from its callback', () => {
  const health = new HealthStatus()
  const other = vi.fn()
  const unwatch = health.watch('a', () => unwatch())
  health.watch('a', other)
  health.setStatus('a', 'SERVING')
  expect(other).toHaveBeenCalledTimes(1)
  expect(health.watcherCount).toBe(1)
})

test('rejects a name that is too long and an invalid status', () => {
  const health = new HealthStatus()
  expect(() => health.setStatus('s'.repeat(MAX_SERVICE_NAME_LENGTH + 1), 'SERVING')).toThrow(
    new RangeError('service must have at most 1024 characters, has 1025'),
  )
  expect(() => health.setStatus('a', 'SERVICE_UNKNOWN' as ServingStatus)).toThrow(
    new RangeError('status must be one of UNKNOWN, SERVING, NOT_SERVING, is SERVICE_UNKNOWN'),
  )
  health.setStatus('s'.repeat(MAX_SERVICE_NAME_LENGTH), 'SERVING')
  expect(health.listStatuses().size).toBe(2)
})
