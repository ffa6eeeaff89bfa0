import { expect, test } from 'vitest'
import { normalizeOnePortOptions, type OnePortOptions } from '../../../../server/listen/one-port-options.ts'

test('no options give the defaults, frozen', () => {
  const options = normalizeOnePortOptions({})
  expect(options).toMatchObject({ maxConcurrentStreams: 100, allowsCleartext: true, tls: undefined })
  expect(Object.isFrozen(options)).toBe(true)
})

test('TLS disables cleartext unless requested', () => {
  const tls = { cert: 'c', key: 'k' }
  expect(normalizeOnePortOptions({ tls }).allowsCleartext).toBe(false)
  expect(normalizeOnePortOptions({ tls, allowsCleartext: true }).allowsCleartext).toBe(true)
  expect(normalizeOnePortOptions({ allowsCleartext: false }).allowsCleartext).toBe(true)
})

test('every error is reported at once, with its value', () => {
  const make = () => normalizeOnePortOptions({ maxConnections: 0, sniffTimeoutMs: 1.5, drainTimeoutMs: Number.NaN })
  expect(make).toThrow(RangeError)
  expect(make).toThrow(/maxConnections is 0.*sniffTimeoutMs is 1\.5.*drainTimeoutMs is NaN/)
})

test('HTTP/2 options derive from those of the port', () => {
  const { http2 } = normalizeOnePortOptions({ maxHeaderFields: 50, headerTimeoutMs: 20, stallTimeoutMs: 100 })
  // Pseudo-headers count there, and readers of an unfinished response have more time.
  expect(http2).toMatchObject({ role: 'server', maxHeaderFields: 54, headerTimeoutMs: 20 })
  expect(http2).toMatchObject({ stallTimeoutMs: 100, liveStallTimeoutMs: 500 })
})

test('an HTTP/2 session can hold what all allowed streams may have in flight', () => {
  const windows = ({
    maxConcurrentStreams,
    streamWindowBytes,
  }: {
    maxConcurrentStreams: number
    streamWindowBytes: number
  }) => maxConcurrentStreams * streamWindowBytes
  const { http2 } = normalizeOnePortOptions({ maxConcurrentStreams: 10_000 })
  expect(http2.sessionBufferBytes).toBe(windows(http2))
})

test('a disabled stall timeout is the longest that HTTP/2 sessions support', () => {
  const { http2 } = normalizeOnePortOptions({ stallTimeoutMs: 0 })
  expect(http2).toMatchObject({ stallTimeoutMs: 86_400_000, liveStallTimeoutMs: 86_400_000 })
})

test('explicit HTTP/2 options override derived ones, and are validated', () => {
  expect(normalizeOnePortOptions({ http2: { liveStallTimeoutMs: 7, resetBurst: 9 } }).http2).toMatchObject({
    liveStallTimeoutMs: 7,
    resetBurst: 9,
  })
  expect(() => normalizeOnePortOptions({ http2: { resetBurst: 0 } })).toThrow(/http2\.resetBurst is 0/)
})

test.each([
  [{ maxConnection: 5 }, 'maxConnection is unknown: did you mean maxConnections?'],
  [{ cert: 'c', key: 'k' }, 'cert is unknown: use tls.cert; key is unknown: use tls.key'],
  [{ keepAliveTimeout: 5 }, 'keepAliveTimeout is unknown: use keepAliveTimeoutMs'],
  [{ something: 5 }, 'something is unknown'],
  [{ keepalive: { timeMs: 5 } }, 'keepalive.timeMs is 5: it must be 0 (never) or from 1000'],
  [{ keepalive: { timeMs: '2h' } }, 'keepalive.timeMs is a string, and must be a number'],
  [{ keepalive: true }, 'keepalive is a boolean, and must be an object'],
  [
    { keepalive: { maxConnectionIdleMs: 5 } },
    'keepalive.maxConnectionIdleMs is unknown: use idleTimeoutMs, beside keepalive',
  ],
  [
    { keepalive: { permitWithoutCalls: true } },
    'keepalive.permitWithoutCalls is unknown: use keepalive.permitWithoutStream',
  ],
  [{ maxConnectionAgeMs: 5 }, 'maxConnectionAgeMs is unknown: use keepalive.maxConnectionAgeMs'],
  [{ http2: { resetBusrt: 5 } }, 'http2.resetBusrt is unknown: did you mean http2.resetBurst?'],
  [
    { http2: { maxConcurrentStreams: 5 } },
    'http2.maxConcurrentStreams is unknown: use maxConcurrentStreams, beside http2',
  ],
  [{ tls: { cert: 'c', key: 'k', pfx: 'p' } }, 'tls.pfx is unknown: use tls.cert and tls.key, in PEM'],
  [{ tls: { cert: 'c' } }, 'tls.key is missing'],
  [{ tls: true }, 'tls is a boolean, and must be an object'],
  [{ maxConnections: '5' }, 'maxConnections is a string, and must be a number'],
])('rejects %j', (options, message) => {
  expect(() => normalizeOnePortOptions(options as OnePortOptions)).toThrow(new RangeError(`onePort: ${message}`))
})

test('an undefined option counts as absent', () => {
  expect(() => normalizeOnePortOptions({ unknown: undefined } as OnePortOptions)).not.toThrow()
})
