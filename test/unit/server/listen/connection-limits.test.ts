import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ConnectionLimits, type IdleConnection } from '../../../../server/listen/connection-limits.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

function socketOf(remoteAddress?: string): Socket {
  return Object.assign(new EventEmitter(), { remoteAddress }) as unknown as Socket
}

function limitsOf(
  options: { maxConnections?: number; maxConnectionsPerAddress?: number },
  find: (now: number) => IdleConnection | undefined = () => undefined,
): ConnectionLimits {
  return new ConnectionLimits({ maxConnections: 100, maxConnectionsPerAddress: 0, ...options }, find)
}

test('a connection above the limit is refused, until another one closes', () => {
  const limits = limitsOf({ maxConnections: 2 })
  const first = socketOf('10.0.0.1')
  expect([limits.admit(first), limits.admit(socketOf('10.0.0.2')), limits.admit(socketOf('10.0.0.3'))]).toEqual([
    true,
    true,
    false,
  ])
  first.emit('close')
  expect(limits.admit(socketOf('10.0.0.3'))).toBe(true)
})

test.each([
  ['the same address', '10.0.0.1', '10.0.0.1', false],
  ['another address', '10.0.0.1', '10.0.0.2', true],
  ['an IPv4 address in IPv6', '10.0.0.1', '::ffff:10.0.0.1', false],
  ['another IPv4 address in IPv6', '::ffff:10.0.0.1', '::ffff:10.0.0.2', true],
  ['the same IPv6 network', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::9', false],
  ['another IPv6 network', '2001:db8:1:2::9', '2001:db8:1:3::9', true],
  ['a short IPv6 network', '2001:db8::1', '2001:db8::2', false],
  ['the local address', '::1', '::1', false],
  ['no address', undefined, undefined, true],
])('one connection an address: %s', (_name, one, other, isAdmitted) => {
  const limits = limitsOf({ maxConnectionsPerAddress: 1 })
  const first = socketOf(one)
  expect(limits.admit(first)).toBe(true)
  expect(limits.admit(socketOf(other))).toBe(isAdmitted)
  first.emit('close')
  expect(limits.admit(socketOf(one))).toBe(true)
})

test('where it is full, the connection that has idled for 10 s ends, and ten a second at the most', () => {
  const end = vi.fn()
  const find = vi.fn(() => ({ idleMs: 10_000, end }))
  const limits = limitsOf({ maxConnections: 1 }, find)
  expect(limits.admit(socketOf())).toBe(true)
  expect(find).not.toHaveBeenCalled()
  expect(limits.admit(socketOf())).toBe(true)
  expect(end).toHaveBeenCalledTimes(1)
  expect(limits.admit(socketOf())).toBe(false)
  expect(find).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(100)
  expect(limits.admit(socketOf())).toBe(true)
  expect(end).toHaveBeenCalledTimes(2)
})

test('a connection that has idled for less is left alone', () => {
  const end = vi.fn()
  const limits = limitsOf({ maxConnections: 1 }, () => ({ idleMs: 9_999, end }))
  expect([limits.admit(socketOf()), limits.admit(socketOf())]).toEqual([true, false])
  expect(end).not.toHaveBeenCalled()
})
