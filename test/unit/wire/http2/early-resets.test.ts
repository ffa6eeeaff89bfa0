/** Early resets: honest peers are slowed down at most, and a flood ends the connection. Time is manual. */
import { describe, expect, test } from 'vitest'
import { FrameFlag as F, FrameType as T } from '../../../../wire/http2/frame.ts'
import type { Http2Stream, StreamReset } from '../../../../wire/http2/http2.ts'
import { TimerWheel } from '../../../../wire/http2/timer-wheel.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { frame, headers, uint32 } from '../../../support/raw-http2.ts'
import { type Bench, closeBench, GET, Recorder, type ServerBenchOptions, serverBench } from './harness.ts'

const END = F.END_HEADERS | F.END_STREAM
const CALM = 'C ENHANCE_YOUR_CALM'
const STREAMS = 100
/** After this time every slot has cooled down. */
const COOLED_MS = 200

/** A handler that ends with its stream. */
class Obedient extends Recorder {
  override onReset(stream: Http2Stream, reset: StreamReset): void {
    super.onReset(stream, reset)
    stream.release()
  }
}

interface ClockedBench extends Bench {
  readonly clock: ManualClock
  readonly timers: TimerWheel
}

async function clockedBench(options: ServerBenchOptions = {}): Promise<ClockedBench> {
  const clock = new ManualClock()
  const onRequest = (stream: Http2Stream) => {
    stream.sink = new Obedient()
  }
  const timers = new TimerWheel(clock)
  return { ...(await serverBench({ timers, onRequest, pingBurst: 1_000, ...options })), clock, timers }
}

function rst(id: number): Buffer {
  return frame(T.RST_STREAM, 0, id, uint32(8))
}

function isGone({ peer }: Bench): boolean {
  return peer.frames.some(({ type }) => type === T.GOAWAY)
}

/** Opens the maximum number of concurrent calls, waits until the server has seen them, and cancels them all. */
async function hedge(bench: Bench, round: number): Promise<void> {
  const ids = Array.from({ length: STREAMS }, (_, n) => 2 * (STREAMS * round + n) + 1)
  bench.peer.raw(...ids.map((id) => headers(id, GET, END)))
  await bench.peer.settled()
  bench.peer.raw(...ids.map(rst))
  await bench.peer.settled()
}

describe('early resets', () => {
  test('10,000 calls reset in the read that brought them start no handler and close the connection', async () => {
    const bench = await clockedBench()
    for (let n = 0; n < 10_000; n++) bench.peer.raw(headers(2 * n + 1, GET, END), rst(2 * n + 1))
    expect(await bench.peer.verdict()).toBe(CALM)
    // A read of the socket may end between a call and its reset.
    expect(bench.requests.length).toBeLessThan(300)
    await closeBench(bench)
    expect(bench.memory.heldBytes).toBe(0)
  })

  test('calls reset in the read that brought them close the connection near the budget', async () => {
    const bench = await clockedBench({ earlyResetBurst: 1_000_000 })
    for (let n = 0; n < 10_000; n++) bench.peer.raw(headers(2 * n + 1, GET, END), rst(2 * n + 1))
    expect(await bench.peer.verdict()).toBe(CALM)
    expect(bench.session.stats.resetsReceived).toBeLessThan(2_000)
    await closeBench(bench)
  })

  test('short deadlines that pass before the calls are read are not counted', async () => {
    const bench = await clockedBench({ timeoutMsOf: () => 100 })
    for (let n = 0; n < 2_000; n++) bench.peer.raw(headers(2 * n + 1, GET, END), rst(2 * n + 1))
    await bench.peer.settled()
    expect(isGone(bench)).toBe(false)
    await closeBench(bench)
  })

  test('1,000 hedged calls cancelled at once are slowed down, and the connection survives', async () => {
    const bench = await clockedBench()
    for (let round = 0; round < 10; round++) await hedge(bench, round)
    expect(bench.requests.length).toBe(3 * STREAMS)
    expect(isGone(bench)).toBe(false)
    bench.clock.advance(COOLED_MS)
    bench.peer.headers(2_001, GET, END)
    await bench.peer.settled()
    expect(bench.requests.at(-1)?.stream.id).toBe(2_001)
    await closeBench(bench)
  })

  test('a persistent peer starts at most 100 handlers per 100 ms', async () => {
    const bench = await clockedBench()
    const rounds = 40
    for (let round = 0; round < rounds; round++) {
      await hedge(bench, round)
      bench.clock.advance(COOLED_MS / 2)
    }
    expect(isGone(bench)).toBe(false)
    expect(bench.requests.length).toBeGreaterThan((rounds / 4) * STREAMS)
    expect(bench.requests.length).toBeLessThanOrEqual((rounds / 2 + 4) * STREAMS)
    await closeBench(bench)
  })

  test('successful calls pay for the slower ones that hedging cancels', async () => {
    const bench = await clockedBench({
      earlyResetBurst: 200,
      onRequest(stream) {
        if (stream.id % 10 !== 9) {
          stream.sink = new Obedient()
          return
        }
        stream.reply([{ name: ':status', value: '204' }], new Uint8Array(0), null)
        stream.release()
      },
    })
    for (let attempt = 0; attempt < 400; attempt++) {
      const [a, b, c, d, winner] = [1, 3, 5, 7, 9].map((id) => 10 * attempt + id) as [
        number,
        number,
        number,
        number,
        number,
      ]
      bench.peer.raw(...[a, b, c, d, winner].map((id) => headers(id, GET, END)))
      await bench.peer.frame(({ type, streamId }) => type === T.HEADERS && streamId === winner)
      bench.peer.raw(...[a, b, c, d].map(rst))
    }
    await bench.peer.settled()
    expect(bench.requests).toHaveLength(2_000)
    bench.clock.advance(COOLED_MS)
    await closeBench(bench)
  })

  test('20,000 deadlines that pass while no handler slot is free cost nothing', async () => {
    const bench = await clockedBench({ onRequest: () => {}, earlyResetRate: 0 })
    const rounds = 200
    for (let round = 0; round < rounds; round++) {
      const ids = Array.from({ length: STREAMS }, (_, n) => 2 * (STREAMS * round + n) + 1)
      bench.peer.raw(...ids.map((id) => headers(id, GET, END)))
      await bench.peer.settled()
      bench.clock.advance(110)
      bench.peer.raw(...ids.map(rst))
      await bench.peer.settled()
      if (round % 50 === 49) for (const { stream } of bench.requests) stream.release()
    }
    expect(isGone(bench)).toBe(false)
    expect(bench.requests.length).toBe(4 * STREAMS)
    await closeBench(bench)
  })

  test('cooling slots keep no timer once the session is over', async () => {
    const bench = await clockedBench()
    for (let round = 0; round < 5; round++) await hedge(bench, round)
    const busy = bench.timers.size
    await closeBench(bench)
    expect(busy).toBeGreaterThan(0)
    await expect.poll(() => bench.timers.size).toBe(0)
  })
})
