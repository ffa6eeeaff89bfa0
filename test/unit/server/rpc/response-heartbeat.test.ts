/** Heartbeats: when a silent response has one, and what streams do with them. */
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { type GetStreamRequest, GetStreamRequestSchema, GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { grpc } from '../../../../server/rpc/protocols/grpc/protocol.ts'
import type { ServerProtocol } from '../../../../server/rpc/protocols/server-protocol.ts'
import { ResponseHeartbeat } from '../../../../server/rpc/response-heartbeat.ts'
import { TimerWheel } from '../../../../wire/http2/http2.ts'
import { createLaneBench, enveloped, grpcHead } from '../../../support/lane-bench.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { settled } from '../../../support/settled.ts'

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

describe('T3 a server stream in a protocol with heartbeats', () => {
  const BEAT = Buffer.from(':')
  const beating: ServerProtocol = {
    ...grpc,
    heartbeat: { intervalMsOf: () => 2_000, beat: ({ exchange }) => exchange.write(BEAT) },
  }

  function silent() {
    const { promise, resolve } = Promise.withResolvers<void>()
    async function* getStream({ limit }: GetStreamRequest) {
      await promise
      if (limit === 0) throw new ConnectError('no', Code.OutOfRange)
      yield {}
    }
    const call = createLaneBench((router) => router.service(GreeterService, { getStream }), { protocols: [beating] })
    const exchange = call.request(grpcHead('/greeter.v1.GreeterService/GetStream'))
    exchange.feed(enveloped(GetStreamRequestSchema, { topic: 't' }), true)
    return { ...call, exchange, fail: resolve }
  }

  test('opens, and beats while the service has nothing', async () => {
    const { clock, timers, exchange, fail } = silent()
    await settled()
    expect(exchange.status).toBeUndefined()
    clock.advance(1_000)
    expect(exchange).toMatchObject({ status: 200, body: BEAT })
    clock.advance(2_000)
    expect(exchange.body.toString()).toBe('::')
    fail()
    await settled()
    expect(exchange.trailers.get('grpc-status')).toBe(String(Code.OutOfRange))
    expect(timers.size).toBe(0)
  })

  test('does not beat while the client does not read', async () => {
    const { clock, timers, exchange } = silent()
    await settled()
    exchange.isFull = true
    for (let second = 0; second < 20; second++) clock.advance(1_000)
    expect(exchange.body.toString()).toBe(':')
    exchange.drain()
    clock.advance(2_000)
    expect(exchange.body.toString()).toBe('::')
    exchange.isCrowded = true
    clock.advance(4_000)
    expect(exchange.body.toString()).toBe('::')
    exchange.abort()
    await settled()
    expect(timers.size).toBe(0)
  })

  test('an error in its first second is not a late one', async () => {
    const { clock, timers, exchange, fail } = silent()
    clock.advance(500)
    fail()
    await settled()
    expect(exchange).toMatchObject({ isHeadOnly: true })
    expect(timers.size).toBe(0)
  })
})
