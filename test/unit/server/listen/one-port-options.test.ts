import { expect, test } from 'vitest'
import { normalizeOnePortOptions } from '../../../../server/listen/one-port-options.ts'

test('nothing gives the defaults, frozen', () => {
  const options = normalizeOnePortOptions({})
  expect(options).toMatchObject({ maxConcurrentStreams: 100, allowsCleartext: true, tls: undefined })
  expect(Object.isFrozen(options)).toBe(true)
})

test('TLS turns cleartext off unless it is asked for', () => {
  const tls = { cert: 'c', key: 'k' }
  expect(normalizeOnePortOptions({ tls }).allowsCleartext).toBe(false)
  expect(normalizeOnePortOptions({ tls, allowsCleartext: true }).allowsCleartext).toBe(true)
  expect(normalizeOnePortOptions({ allowsCleartext: false }).allowsCleartext).toBe(true)
})

test('every fault is named at once, with its value', () => {
  const make = () => normalizeOnePortOptions({ maxConnections: 0, sniffTimeoutMs: 1.5, drainTimeoutMs: Number.NaN })
  expect(make).toThrow(RangeError)
  expect(make).toThrow(/maxConnections is 0.*sniffTimeoutMs is 1\.5.*drainTimeoutMs is NaN/)
})
