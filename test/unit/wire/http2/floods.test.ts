/** Every flood at ten times its budget ends the connection, and at half of it passes. Time stands still, so nothing refills. */
import { describe, expect, test } from 'vitest'
import { FrameFlag as F, FrameType as T } from '../../../../wire/http2/frame.ts'
import { TimerWheel } from '../../../../wire/http2/timer-wheel.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { frame, headers, settingsFrame, uint32 } from '../../../support/raw-http2.ts'
import { type Bench, closeBench, GET, POST, serverBench } from './harness.ts'

const END = F.END_HEADERS | F.END_STREAM
const CALM = 'C ENHANCE_YOUR_CALM'

/** The nth event of a flood; `id` is a fresh stream. */
type Flood = readonly [name: string, budget: number, event: (id: number, n: number) => readonly Buffer[]]

const rst = (id: number) => frame(T.RST_STREAM, 0, id, uint32(8))

const FLOODS: readonly Flood[] = [
  ['rapid reset', 200, (id) => [headers(id, GET, END), rst(id)]],
  ['malformed requests', 200, (id) => [headers(id, [...GET, ['A', 'b']], END)]],
  ['malformed bodies', 200, (id) => [headers(id, [...POST, ['content-length', '0']]), frame(T.DATA, 0, id, [1])]],
  ['empty DATA', 1_000, (_id, n) => [...(n === 0 ? [headers(1, POST)] : []), frame(T.DATA, 0, 1)]],
  ['all-padding DATA', 1_000, (_id, n) => [...(n === 0 ? [headers(1, POST)] : []), frame(T.DATA, F.PADDED, 1, [1, 0])]],
  ['SETTINGS', 100, () => [settingsFrame([[4, 70_000]])]],
  ['PING', 100, () => [frame(T.PING, 0, 0, Buffer.alloc(8))]],
  ['WINDOW_UPDATE', 1_000, () => [frame(T.WINDOW_UPDATE, 0, 0, uint32(1))]],
  ['PRIORITY', 1_000, () => [frame(T.PRIORITY, 0, 1, Buffer.from([0, 0, 0, 3, 1]))]],
  ['PING ACK not asked for', 1_000, () => [frame(T.PING, F.ACK, 0, Buffer.alloc(8))]],
  ['header lists above the limit', 1_000, (id) => [...(id > 1 ? [rst(id - 2)] : []), headers(id, manyFields(), END)]],
]

function manyFields() {
  return [...GET, ...Array.from({ length: 101 }, (_, i) => ['a', `${i}`] as const)]
}

async function calmBench(): Promise<Bench> {
  return serverBench({ timers: new TimerWheel(new ManualClock()) })
}

describe('floods', () => {
  const single = FLOODS.filter(([name]) => name !== 'header lists above the limit')

  test.each(single)('%s: 10x its budget of %i closes the connection', async (_name, budget, event) => {
    const bench = await calmBench()
    for (let n = 0; n < budget * 10; n++) bench.peer.raw(...event(2 * n + 1, n))
    expect(await bench.peer.verdict()).toBe(CALM)
    expect(bench.requests.length).toBeLessThanOrEqual(budget)
    await closeBench(bench)
    expect(bench.memory.heldBytes).toBe(0)
  })

  test.each(single)('%s: half its budget of %i passes', async (_name, budget, event) => {
    const bench = await calmBench()
    for (let n = 0; n < budget / 2; n++) bench.peer.raw(...event(2 * n + 1, n))
    await bench.peer.settled()
    expect(bench.peer.frames.some((f) => f.type === T.GOAWAY)).toBe(false)
    await closeBench(bench)
  })

  test('refused streams: 10x closes the connection, half passes', async () => {
    for (const [count, isAnswered] of [
      [1_100, true],
      [150, false],
    ] as const) {
      const bench = await calmBench()
      for (let n = 0; n < count; n++) bench.peer.headers(2 * n + 1, POST)
      await bench.peer.settled()
      expect(bench.peer.frames.some((f) => f.type === T.GOAWAY)).toBe(isAnswered)
      await closeBench(bench)
    }
  })

  test('refused streams before our SETTINGS are acknowledged do not count', async () => {
    const bench = await serverBench({ timers: new TimerWheel(new ManualClock()) }, false)
    bench.peer.raw(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settingsFrame([]))
    for (let n = 0; n < 400; n++) bench.peer.headers(2 * n + 1, POST)
    await bench.peer.settled()
    expect(bench.peer.frames.some((f) => f.type === T.GOAWAY)).toBe(false)
    expect(bench.peer.frames.filter((f) => f.type === T.RST_STREAM)).toHaveLength(300)
    await closeBench(bench)
  })

  test('CONTINUATIONs: the ninth closes the connection, four pass', async () => {
    for (const [count, verdict] of [
      [9, CALM],
      [4, 'fine'],
    ] as const) {
      const bench = await calmBench()
      bench.peer.headers(1, GET, 0)
      for (let n = 0; n < count; n++) bench.peer.send(T.CONTINUATION, n === count - 1 ? 4 : 0, 1)
      expect(await bench.peer.verdict()).toBe(verdict)
      await closeBench(bench)
    }
  })

  test('33 settings in a frame close the connection, 32 pass', async () => {
    for (const [count, verdict] of [
      [33, CALM],
      [32, 'fine'],
    ] as const) {
      const bench = await calmBench()
      bench.peer.raw(settingsFrame(Array.from({ length: count }, () => [0x99, 1] as const)))
      expect(await bench.peer.verdict()).toBe(verdict)
      await closeBench(bench)
    }
  })

  test('header lists above the limit reach the handler with their verdict, and count as glitches', async () => {
    const bench = await serverBench({
      timers: new TimerWheel(new ManualClock()),
      glitchBurst: 20,
      onRequest: (stream) => stream.reset(8),
    })
    for (let n = 0; n < 10; n++) bench.peer.headers(2 * n + 1, manyFields(), END)
    expect(await bench.peer.verdict()).toBe('S CANCEL')
    expect(bench.requests.map(({ head }) => head.verdict)).toEqual(Array.from({ length: 10 }, () => 'too-large'))
    for (let n = 10; n < 200; n++) bench.peer.headers(2 * n + 1, manyFields(), END)
    expect(await bench.peer.verdict()).toBe(CALM)
    await closeBench(bench)
  })

  test('resets of streams that lived 100 ms are free', async () => {
    const clock = new ManualClock()
    const bench = await serverBench({ timers: new TimerWheel(clock), earlyResetBurst: 10 })
    for (let round = 0; round < 3; round++) {
      const ids = Array.from({ length: 90 }, (_, i) => 180 * round + 2 * i + 1)
      for (const id of ids) bench.peer.headers(id, POST)
      await bench.peer.settled()
      clock.advance(150)
      for (const id of ids) bench.peer.raw(rst(id))
      await bench.peer.settled()
      for (const { stream } of bench.requests) stream.release()
    }
    expect(bench.requests).toHaveLength(270)
    expect(bench.peer.frames.some((f) => f.type === T.GOAWAY)).toBe(false)
    await closeBench(bench)
  })

  test.each([
    [9, CALM],
    [10, 'fine'],
  ])('resets %i ms into calls with a deadline of 20 ms: %s', async (ageMs, verdict) => {
    const clock = new ManualClock()
    const bench = await serverBench({
      timers: new TimerWheel(clock),
      earlyResetBurst: 10,
      onRequest: (stream) => {
        stream.deadlineAtMs = stream.openedAtMs + 20
      },
    })
    for (let n = 0; n < 50; n++) bench.peer.headers(2 * n + 1, POST)
    await bench.peer.settled()
    clock.advance(ageMs)
    for (let n = 0; n < 50; n++) bench.peer.raw(rst(2 * n + 1))
    await bench.peer.settled()
    expect(bench.peer.frames.some((f) => f.type === T.GOAWAY) ? CALM : 'fine').toBe(verdict)
    await closeBench(bench)
  })

  test('tiny DATA is free: 26,000 one-byte frames hold their size, rounded up to pages', async () => {
    const bench = await calmBench()
    bench.peer.headers(1, POST)
    const tiny = frame(T.DATA, 0, 1, [7])
    for (let i = 0; i < 260; i++) bench.peer.raw(...Array.from({ length: 100 }, () => tiny))
    await bench.peer.settled()
    expect(bench.peer.frames.some((f) => f.type === T.GOAWAY)).toBe(false)
    expect(bench.requests[0]?.stream.readableBytes).toBe(26_000)
    expect(bench.session.heldBytes).toBeLessThanOrEqual(32 * 1_024)
    await closeBench(bench)
  })

  test('a PING and a WINDOW_UPDATE for every response, as grpc-go sends them, never trip', async () => {
    const bench = await serverBench({
      timers: new TimerWheel(new ManualClock()),
      onRequest(stream) {
        stream.respond([{ name: ':status', value: '200' }])
        stream.end(Buffer.from('x'))
        stream.release()
      },
    })
    for (let n = 0; n < 3_000; n++) {
      const ping = frame(T.PING, 0, 0, Buffer.alloc(8))
      bench.peer.raw(headers(2 * n + 1, GET, END), ping, frame(T.WINDOW_UPDATE, 0, 0, uint32(1)))
      if (n % 50 === 0) await bench.peer.frame((f) => f.type === T.DATA, n + 1)
    }
    await bench.peer.settled()
    expect(bench.peer.frames.some((f) => f.type === T.GOAWAY)).toBe(false)
    expect(bench.requests).toHaveLength(3_000)
    await closeBench(bench)
  })
})
