import { expect, test } from 'vitest'
import { ResponseHeartbeat } from '../../../../server/rpc/response-heartbeat.ts'
import { TimerWheel } from '../../../../wire/http2/http2.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function start(intervalMs: number) {
  const clock = new ManualClock()
  const startMs = clock.now()
  const beats: number[] = []
  const exchange = { sentBytes: 0 }
  const owner = {
    exchange,
    beat() {
      beats.push(clock.now() - startMs)
      exchange.sentBytes += 3
    },
  }
  const heartbeat = new ResponseHeartbeat(owner, new TimerWheel(clock), intervalMs)
  return { clock, beats, exchange, heartbeat }
}

test('T3 a silent response opens after a second, and then beats once per interval', () => {
  const { clock, beats } = start(15_000)
  for (let second = 0; second < 47; second++) clock.advance(1_000)
  expect(beats.map((atMs) => Math.round(atMs / 100) / 10)).toEqual([1, 16, 31, 46])
})

test('T3 it opens sooner if the interval is shorter', () => {
  const { clock, beats } = start(200)
  clock.advance(150)
  expect(beats).toHaveLength(1)
  clock.advance(450)
  expect(beats.length).toBeGreaterThanOrEqual(3)
})

test('T3 a response with messages is never silent for longer than the interval, and has no beats between them', () => {
  const { clock, beats, exchange } = start(15_000)
  for (let step = 0; step < 100; step++) {
    exchange.sentBytes += 10
    clock.advance(900)
  }
  expect(beats).toEqual([])
  clock.advance(15_000)
  expect(beats).toHaveLength(1)
})

test('T3 a stopped heartbeat has no timer', () => {
  const { clock, beats, heartbeat } = start(15_000)
  clock.advance(2_000)
  heartbeat.stop()
  clock.advance(60_000)
  expect(beats).toHaveLength(1)
  expect(clock.pending).toBe(0)
})
