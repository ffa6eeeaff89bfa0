import { describe, expect, test } from 'vitest'
import { Keepalive } from '../../../../wire/http2/http2.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function watch(init: { openStreams: number; permitWithoutCalls?: boolean }) {
  const clock = new ManualClock()
  const seen = { pings: 0, deadAtMs: -1 }
  const session = {
    openStreams: init.openStreams,
    stats: { bytesReceived: 100, lastReceivedAtMs: clock.now() },
    ping() {
      seen.pings++
      return true
    },
  }
  const keepalive = new Keepalive(session, {
    options: { timeoutMs: 5_000, permitWithoutCalls: init.permitWithoutCalls ?? false },
    timeMs: 10_000,
    clock,
    onDead: () => {
      seen.deadAtMs = clock.now()
    },
  })
  const receive = () => {
    session.stats.bytesReceived += 10
    session.stats.lastReceivedAtMs = clock.now()
  }
  keepalive.wake()
  return { clock, session, keepalive, seen, receive }
}

describe('a peer that goes silent', () => {
  test('KA-1 is disconnected after time plus timeout, counted from the last byte', () => {
    const { clock, seen, receive } = watch({ openStreams: 1 })
    clock.advance(9_000)
    receive()
    const lastMs = clock.now()
    clock.advance(60_000)
    expect(seen.pings).toBe(1)
    expect(seen.deadAtMs - lastMs).toBe(15_000)
  })

  test('KA-1 right after a response is disconnected in the same time', () => {
    const { clock, keepalive, seen, receive } = watch({ openStreams: 1 })
    clock.advance(10_000)
    receive()
    keepalive.onPingAck()
    const lastMs = clock.now()
    clock.advance(60_000)
    expect(seen.deadAtMs - lastMs).toBe(15_000)
  })
})

test('an acknowledgement that is handled after the end does not start it again', () => {
  const { clock, keepalive, seen, receive } = watch({ openStreams: 1 })
  clock.advance(10_000)
  receive()
  keepalive.stop()
  keepalive.onPingAck()
  expect(clock.pending).toBe(0)
  clock.advance(60_000)
  expect(seen).toEqual({ pings: 1, deadAtMs: -1 })
})

test('any byte counts as a response', () => {
  const { clock, seen, receive } = watch({ openStreams: 1 })
  clock.advance(10_000)
  expect(seen.pings).toBe(1)
  receive()
  clock.advance(5_000)
  expect(seen.deadAtMs).toBe(-1)
})

describe('without calls', () => {
  test('KA-2 sends no pings', () => {
    const { clock, seen } = watch({ openStreams: 0 })
    clock.advance(100_000)
    expect(seen.pings).toBe(0)
    expect(clock.pending).toBe(0)
  })

  test('KA-2 a call after a long silence pings at once', () => {
    const { clock, session, keepalive, seen } = watch({ openStreams: 0 })
    clock.advance(100_000)
    session.openStreams = 1
    keepalive.wake()
    expect(seen.pings).toBe(1)
  })

  test('sends pings when permitted', () => {
    const { clock, seen } = watch({ openStreams: 0, permitWithoutCalls: true })
    clock.advance(10_000)
    expect(seen.pings).toBe(1)
  })
})

test('stop leaves no timer', () => {
  const { clock, keepalive } = watch({ openStreams: 1 })
  keepalive.stop()
  expect(clock.pending).toBe(0)
})
