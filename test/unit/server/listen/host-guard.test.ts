import { expect, test } from 'vitest'
import { type AllowedHosts, HostGuard, normalizeAllowedHosts } from '../../../../server/listen/host-guard.ts'
import { SILENT_LOG } from '../../../../server/observing/port-log.ts'

interface Bound {
  readonly address?: string | null
  readonly name?: string
  readonly localAddress?: string
}

/** Whether a guard refuses a GET over HTTP/1.1. */
function refuses(host: string, allowed: AllowedHosts | undefined, bound: Bound = {}): boolean {
  const { address = '127.0.0.1', name, localAddress } = bound
  const guard = new HostGuard(allowed, SILENT_LOG)
  guard.bind(address === null ? '/tmp/s.sock' : { address, port: 80, family: '' }, name)
  return guard.refuses({ method: 'GET', authority: host, isHttp2: false, hasOrigin: false }, { localAddress })
}

test.each(['127.0.0.1', '127.0.1.1', '::1', '::ffff:127.0.0.1'])('is on for the loopback address %s', (address) => {
  expect(refuses('a.example', undefined, { address })).toBe(true)
  expect(refuses('localhost', undefined, { address })).toBe(false)
})

test.each(['0.0.0.0', '::', '192.0.2.1', '2001:db8::1'])('is off for %s, until there is a list', (address) => {
  expect(refuses('a.example', undefined, { address })).toBe(false)
  expect(refuses('a.example', ['b.example'], { address })).toBe(true)
  expect(refuses('a.example', [], { address })).toBe(true)
})

test('is off for a Unix socket', () => {
  expect(refuses('a.example', undefined, { address: null })).toBe(false)
})

test('allows the host name that the port listens on', () => {
  expect(refuses('dev.example:80', undefined, { name: 'Dev.example' })).toBe(false)
})

test.each([
  ['192.0.2.1', '192.0.2.1:80'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '[2001:DB8:0::1]:80'],
])('allows the local address %s as %s', (localAddress, host) => {
  expect(refuses(host, ['a.example'], { address: '::', localAddress })).toBe(false)
  expect(refuses('192.0.2.2', ['a.example'], { address: '::', localAddress })).toBe(true)
})

// Browsers send only what the URL of a page can contain.
test.each(['', '%2Ftmp%2Fs.sock', '/tmp/s.sock', 'outbound|50051||svc', 'a b', 'a:99999'])(
  '%j is not a host',
  (host) => {
    expect(refuses(host, undefined)).toBe(false)
  },
)

test('a cached decision does not apply to another host', () => {
  const guard = new HostGuard(['a.example'], SILENT_LOG)
  const head = { method: 'GET', isHttp2: false, hasOrigin: false }
  for (const [authority, isRefused] of [
    ['a.example', false],
    ['b.example', true],
    ['a.example', false],
  ] as const) {
    expect(guard.refuses({ ...head, authority }, {})).toBe(isRefused)
    expect(guard.admitted === authority).toBe(!isRefused)
  }
})

test('normalizes lists to URL form', () => {
  const given = ['A.example', '.B.example.', 'bücher.example', '::1', '[2001:DB8::1]', '10.0.0.1']
  expect(normalizeAllowedHosts(given)).toEqual({
    hosts: ['a.example', '.b.example', 'xn--bcher-kva.example', '[::1]', '[2001:db8::1]', '10.0.0.1'],
    faults: [],
  })
  expect(normalizeAllowedHosts(true)).toEqual({ hosts: true, faults: [] })
})

test.each(['', '.', '*', '*.a.example', 'a.example:80', 'http://a.example', 'a b', 'a/b', 'u@a', 7, null])(
  'rejects %j as a host',
  (entry) => {
    const { faults } = normalizeAllowedHosts([entry] as string[])
    expect(faults).toEqual([expect.stringContaining(`allowedHosts has ${JSON.stringify(entry)}: each must be a host`)])
  },
)

test.each([false, 'a.example', {}])('rejects %j, which is neither true nor a list', (given) => {
  expect(normalizeAllowedHosts(given as unknown as AllowedHosts).faults).toEqual([
    'allowedHosts must be true or a list of host names',
  ])
})
