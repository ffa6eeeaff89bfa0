import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { expect, test, vi } from 'vitest'
import { ConnectionLimits, type IdleConnection } from '../../../../server/listen/connection-limits.ts'
import { IdleQueue } from '../../../../server/listen/idle-queue.ts'
import { SILENT_LOG } from '../../../../server/observing/port-log.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function socketOf(remoteAddress?: string): Socket {
  return Object.assign(new EventEmitter(), { remoteAddress }) as unknown as Socket
}

function limitsOf(
  options: { maxConnections?: number; maxConnectionsPerAddress?: number },
  findLongestIdle: (now: number) => IdleConnection | undefined = () => undefined,
) {
  const clock = new ManualClock()
  const warn = vi.fn()
  const clearIdle = vi.fn()
  const limits = new ConnectionLimits(
    { maxConnections: 100, maxConnectionsPerAddress: 0, ...options },
    { findLongestIdle, clearIdle, clock, log: { ...SILENT_LOG, warn } },
  )
  return { limits, clock, warn, clearIdle, admit: (address?: string) => limits.admit(socketOf(address)) }
}

test('rejects a connection above the limit, until another one closes', () => {
  const { limits } = limitsOf({ maxConnections: 2 })
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
])('one connection per address: %s', (_name, one, other, isAdmitted) => {
  const { limits } = limitsOf({ maxConnectionsPerAddress: 1 })
  const first = socketOf(one)
  expect(limits.admit(first)).toBe(true)
  expect(limits.admit(socketOf(other))).toBe(isAdmitted)
  first.emit('close')
  expect(limits.admit(socketOf(one))).toBe(true)
})

test('each of 1,000 new connections replaces an idle one at once', () => {
  const ended: Socket[] = []
  const idle = new Map<Socket, number>()
  const queue = new IdleQueue<Socket>({ connections: () => idle.keys(), idleSinceOf: (socket) => idle.get(socket) })
  const { limits, clock } = limitsOf({ maxConnections: 5_000 }, (now) => {
    const longest = queue.findLongest(now)
    if (longest === undefined) return undefined
    const end = () => {
      queue.take()
      ended.push(longest.connection)
      longest.connection.emit('close')
    }
    return { idleMs: now - longest.sinceMs, end }
  })
  const open = Array.from({ length: 5_000 }, () => socketOf())
  for (const socket of open) {
    expect(limits.admit(socket)).toBe(true)
    idle.set(socket, clock.now())
  }
  clock.advance(10_000)
  expect(Array.from({ length: 1_000 }, () => limits.admit(socketOf()))).not.toContain(false)
  expect(ended).toEqual(open.slice(0, 1_000))
})

test('keeps a connection that has idled for less than 10 s', () => {
  const end = vi.fn()
  const { admit } = limitsOf({ maxConnections: 1 }, () => ({ idleMs: 9_999, end }))
  expect([admit(), admit()]).toEqual([true, false])
  expect(end).not.toHaveBeenCalled()
})

test('a full port warns at once, and then once a minute with counts, while connections are turned away', () => {
  let idleMs = 10_000
  const { limits, admit, clock, warn, clearIdle } = limitsOf(
    { maxConnections: 2, maxConnectionsPerAddress: 1 },
    () => ({
      idleMs,
      end() {},
    }),
  )
  admit('10.0.0.1')
  expect(warn).not.toHaveBeenCalled()
  admit('10.0.0.1')
  const limitFields = { maxConnections: 2, maxConnectionsPerAddress: 1 }
  const message = 'connection limit reached'
  expect(warn.mock.calls).toEqual([
    [{ refused: 0, refusedByAddress: 1, endedIdle: 0, connections: 1, ...limitFields }, message],
  ])
  admit('10.0.0.2')
  admit('10.0.0.3')
  idleMs = 0
  for (let n = 0; n < 1_000; n++) admit('10.0.0.4')
  clock.advance(59_999)
  expect(warn).toHaveBeenCalledTimes(1)
  clock.advance(1)
  expect(warn.mock.lastCall).toEqual([
    { refused: 1_000, refusedByAddress: 0, endedIdle: 1, connections: 3, ...limitFields },
    message,
  ])
  clock.advance(60_000)
  expect(warn).toHaveBeenCalledTimes(2)
  expect(clearIdle).toHaveBeenCalledOnce()
  expect(clock.pending).toBe(0)
  admit('10.0.0.4')
  expect(warn).toHaveBeenCalledTimes(3)
  limits.close()
  expect(clock.pending).toBe(0)
})
