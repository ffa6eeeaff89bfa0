/** However connections end, nothing is left: no timer, memory or session. */
import { expect, test } from 'vitest'
import { FrameFlag as F, FrameType as T } from '../../../../wire/http2/frame.ts'
import type { Http2Session } from '../../../../wire/http2/http2.ts'
import { ProcessMemory } from '../../../../wire/http2/process-memory.ts'
import { TimerWheel } from '../../../../wire/http2/timer-wheel.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { frame, uint32 } from '../../../support/raw-http2.ts'
import { ask, type Bench, clientBench, GET, OK, POST, serverBench } from './harness.ts'

const END = F.END_HEADERS | F.END_STREAM

/** The ways in which a connection with two open streams can end. */
const FATES: readonly (readonly [string, (bench: Bench) => void])[] = [
  ['the peer is gone', ({ peer }) => peer.close()],
  ['the peer says FIN', ({ peer }) => peer.socket.end()],
  ['the peer breaks the protocol', ({ peer }) => peer.send(T.DATA, 0, 0, [1])],
  ['the peer breaks HPACK', ({ peer }) => peer.send(T.HEADERS, END, 9, [0x80])],
  ['the peer resets and leaves', ({ peer }) => peer.socket.end(frame(T.RST_STREAM, 0, 1, uint32(8)))],
  ['destroyed', ({ session }) => session.destroy(8)],
  ['destroyed twice', ({ session }) => destroyTwice(session)],
  ['closed with grace, then cut off', cutOff],
]

test.each(FATES)('server: %s', async (_name, end) => {
  const clock = new ManualClock()
  const timers = new TimerWheel(clock)
  const memory = new ProcessMemory()
  for (let round = 0; round < 5; round++) {
    const bench = await serverBench({ timers, memory })
    bench.peer.headers(1, POST)
    bench.peer.send(T.DATA, 0, 1, Buffer.alloc(10_000))
    bench.peer.headers(3, GET, END)
    await bench.peer.settled()
    bench.requests[1]?.stream.respond([{ name: ':status', value: '200' }])
    bench.requests[1]?.stream.write(Buffer.alloc(100_000))
    await bench.peer.settled()
    end(bench)
    await bench.closed
    bench.peer.close()
    await gone(bench, timers)
    expect(bench.session.openStreams).toBe(0)
    for (const { recorder } of bench.requests) expect(recorder.reset).toBeDefined()
  }
  expect({ heldBytes: memory.heldBytes, sessions: memory.size, timers: timers.size }).toEqual({
    heldBytes: 0,
    sessions: 0,
    timers: 0,
  })
})

test.each(FATES)('client: %s', async (_name, end) => {
  const clock = new ManualClock()
  const timers = new TimerWheel(clock)
  const memory = new ProcessMemory()
  const bench = await clientBench({ timers, memory })
  const asked = [ask(bench.session, false, 'POST', false), ask(bench.session, true)]
  asked[0]?.stream.write(Buffer.alloc(100_000))
  await bench.peer.frame((f) => f.type === T.HEADERS, 2)
  bench.peer.headers(1, OK)
  bench.peer.send(T.DATA, 0, 1, Buffer.alloc(10_000))
  await bench.peer.settled()
  end(bench)
  bench.peer.close()
  await bench.closed
  await gone(bench, timers)
  expect(asked.every(({ recorder }) => recorder.reset !== undefined)).toBe(true)
  expect({ heldBytes: memory.heldBytes, sessions: memory.size, timers: timers.size }).toEqual({
    heldBytes: 0,
    sessions: 0,
    timers: 0,
  })
})

test('with more than 256 requests a client credits the connection on consumption', async () => {
  const bench = await clientBench({ connectionWindowBytes: 200_000, settings: [[3, 1_000]] })
  const asked = Array.from({ length: 300 }, () => ask(bench.session, true, 'GET', false))
  await bench.peer.frame((f) => f.type === T.HEADERS, 300)
  bench.peer.headers(1, OK)
  const credit = () => bench.peer.frames.filter((f) => f.type === T.WINDOW_UPDATE && f.streamId === 0).length
  for (let i = 0; i < 10; i++) bench.peer.send(T.DATA, 0, 1, Buffer.alloc(16_384))
  await bench.peer.settled()
  expect(credit()).toBe(1)
  asked[0]?.stream.read(163_840)
  await bench.peer.settled()
  expect(credit()).toBe(2)
  bench.peer.close()
  await bench.closed
})

/** The socket is closed a little after the session is over. */
async function gone(bench: Bench, timers: TimerWheel): Promise<void> {
  while (!bench.peer.isEnded || timers.size > 0) await new Promise((next) => setImmediate(next))
}

function cutOff({ session, peer }: Bench): void {
  session.close(60_000)
  peer.close()
}

function destroyTwice(session: Http2Session): void {
  session.destroy(8)
  session.destroy(8)
}
