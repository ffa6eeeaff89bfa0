/** A server ends streams that its client does not continue. A client waits as long as its owner wants. */
import { describe, expect, test } from 'vitest'
import { FrameFlag as F, PREFACE, FrameType as T } from '../../../../wire/http2/frame.ts'
import { type Http2Stream, type StreamSink, TimerWheel } from '../../../../wire/http2/http2.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { frame, headers, settingsFrame, uint32 } from '../../../support/raw-http2.ts'
import { ask, type Bench, clientBench, closeBench, OK, POST, serverBench } from './harness.ts'

const STALL_MS = 60_000
const HOUR_MS = 3_600_000
const isReset = ({ type }: { type: number }) => type === T.RST_STREAM

/** A sink that reports whether the peer owes it octets. */
class OwedSink implements StreamSink {
  isOwed: boolean
  readonly resets: string[] = []

  constructor(isOwed: boolean) {
    this.isOwed = isOwed
  }

  onHead(): void {}

  onReadable(): void {}

  onWritable(): void {}

  onReset(_stream: Http2Stream, { reason }: { reason: string }): void {
    this.resets.push(reason)
  }
}

describe('a server', () => {
  async function serve(isOwed: boolean, onRequest: (stream: Http2Stream) => void = () => {}) {
    const clock = new ManualClock()
    const sink = new OwedSink(isOwed)
    const bench = await serverBench({
      timers: new TimerWheel(clock),
      onRequest(stream) {
        stream.sink = sink
        onRequest(stream)
      },
    })
    bench.peer.headers(1, POST)
    await bench.peer.settled()
    return { bench, clock, sink }
  }

  test.each([
    ['nothing but a head', []],
    ['a part of a message', [1, 2, 3]],
  ])('resets a stream of which %s arrived, with more expected', async (_what, octets) => {
    const { bench, clock, sink } = await serve(true)
    if (octets.length > 0) bench.peer.send(T.DATA, 0, 1, octets)
    await bench.peer.settled()
    clock.advance(STALL_MS - 1)
    await bench.peer.settled()
    expect(bench.session.openStreams).toBe(1)
    clock.advance(STALL_MS / 2)
    const reset = await bench.peer.frame(isReset)
    expect(reset.payload.readUInt32BE(0)).toBe(8)
    expect(sink.resets).toEqual(['the peer does not send the rest of the message'])
    await closeBench(bench)
  })

  test('gives a peer the full timeout from when something is owed', async () => {
    const { bench, clock, sink } = await serve(false)
    clock.advance(HOUR_MS)
    sink.isOwed = true
    clock.advance(STALL_MS - 5_000)
    expect(bench.session.openStreams).toBe(1)
    sink.isOwed = false
    clock.advance(10_000)
    sink.isOwed = true
    clock.advance(STALL_MS - 5_000)
    expect(bench.session.openStreams).toBe(1)
    clock.advance(15_000)
    expect(bench.session.openStreams).toBe(0)
    await closeBench(bench)
  })

  test('tolerates a stream that progresses, however slowly', async () => {
    const { bench, clock } = await serve(true)
    for (let i = 0; i < 5; i++) {
      clock.advance(STALL_MS - 10_000)
      bench.peer.send(T.DATA, 0, 1, [1])
      await bench.peer.settled()
    }
    expect(bench.session.openStreams).toBe(1)
    await closeBench(bench)
  })

  test('tolerates a stream whose peer has no window', async () => {
    const { bench, clock } = await serve(true)
    for (let i = 0; i < 8; i++) bench.peer.send(T.DATA, 0, 1, Buffer.alloc(16_384))
    await bench.peer.settled()
    clock.advance(HOUR_MS)
    expect(bench.session.openStreams).toBe(1)
    bench.requests[0]?.stream.read(100_000)
    clock.advance(STALL_MS + 20_000)
    expect(bench.session.openStreams).toBe(0)
    await closeBench(bench)
  })

  describe('of a stream waiting for data that others have queued', () => {
    const LIVE_STALL_MS = 5 * STALL_MS

    /** Streams 1 and 3, of which the first has queued all that the session takes. */
    async function serveCrowded() {
      const clock = new ManualClock()
      const bench = await serverBench({ timers: new TimerWheel(clock), sessionHighWaterBytes: 200_000 })
      for (const id of [1, 3]) bench.peer.headers(id, POST, F.END_HEADERS | F.END_STREAM)
      await bench.peer.settled()
      const [first, second] = bench.requests.map(({ stream }) => stream) as [Http2Stream, Http2Stream]
      first.respond(OK.map(([name, value]) => ({ name, value })))
      first.write(Buffer.alloc(300_000))
      expect(second.mayWrite()).toBe(false)
      await bench.peer.settled()
      return { bench, clock, first, second }
    }

    test('resets both, if the peer takes nothing', async () => {
      const { bench, clock } = await serveCrowded()
      clock.advance(LIVE_STALL_MS - 10_000)
      expect(bench.session.openStreams).toBe(2)
      clock.advance(20_000)
      expect(bench.session.openStreams).toBe(0)
      await closeBench(bench)
    })

    test("lets it wait, as long as the peer takes the others' data", async () => {
      const { bench, clock, second } = await serveCrowded()
      for (let taken = 0; taken < 4; taken++) {
        clock.advance(LIVE_STALL_MS - 10_000)
        for (const id of [0, 1]) bench.peer.send(T.WINDOW_UPDATE, 0, id, uint32(20_000))
        await bench.peer.settled()
      }
      expect(bench.session.openStreams).toBe(2)
      for (const id of [0, 1]) bench.peer.send(T.WINDOW_UPDATE, 0, id, uint32(100_000))
      await bench.peer.settled()
      expect(second.mayWrite()).toBe(true)
      await closeBench(bench)
    })
  })

  test('tolerates a stream whose peer is done', async () => {
    const { bench, clock } = await serve(true)
    bench.peer.send(T.DATA, F.END_STREAM, 1, [1])
    await bench.peer.settled()
    clock.advance(HOUR_MS)
    expect(bench.session.openStreams).toBe(1)
    await closeBench(bench)
  })

  test('continues with the others if an owner throws in its owed check', async () => {
    const fault = new Error('cannot say')
    const clock = new ManualClock()
    const sinks: StreamSink[] = [
      Object.defineProperty(new OwedSink(true), 'isOwed', {
        get() {
          throw fault
        },
      }),
      new OwedSink(true),
    ]
    const bench = await serverBench({
      timers: new TimerWheel(clock),
      onRequest(stream) {
        stream.sink = sinks[(stream.id - 1) / 2] ?? null
      },
    })
    bench.peer.headers(1, POST)
    bench.peer.headers(3, POST)
    await bench.peer.settled()
    clock.advance(STALL_MS + 20_000)
    expect((await bench.peer.frame(isReset)).streamId).toBe(3)
    expect(bench.session.openStreams).toBe(1)
    expect(bench.faults.length).toBeGreaterThan(0)
    expect(new Set(bench.faults)).toEqual(new Set([fault]))
    await closeBench(bench)
  })
})

describe('a client', () => {
  const HELLO = settingsFrame([])

  async function connect(saysHello = true): Promise<{ bench: Bench; clock: ManualClock }> {
    const clock = new ManualClock()
    const bench = await clientBench({ timers: new TimerWheel(clock) }, saysHello)
    return { bench, clock }
  }

  test('waits for SETTINGS as long as its owner does', async () => {
    const { bench, clock } = await connect(false)
    clock.advance(HOUR_MS)
    expect(clock.pending).toBe(0)
    bench.peer.raw(HELLO)
    await bench.peer.settled()
    expect(bench.session.canRequest).toBe(true)
    await closeBench(bench)
  })

  test('does not disconnect from a server that never acknowledges its SETTINGS', async () => {
    const { bench, clock } = await connect(false)
    bench.peer.raw(HELLO)
    await bench.peer.settled()
    const { stream, recorder } = ask(bench.session, true)
    clock.advance(HOUR_MS)
    bench.peer.raw(headers(1, OK, F.END_HEADERS | F.END_STREAM))
    await recorder.until(() => recorder.head !== undefined)
    expect(stream.isPeerDone).toBe(true)
    await closeBench(bench)
  })

  test.each<[what: string, begin: (bench: Bench) => void]>([
    ['a head', () => {}],
    ['the rest of a message', ({ peer }) => peer.raw(headers(1, OK), frame(T.DATA, 0, 1, [0, 0]))],
    ['trailers behind a message', ({ peer }) => peer.raw(headers(1, OK), frame(T.DATA, 0, 1, [0, 0, 0, 0, 1, 7]))],
  ])('waits for %s', async (_what, begin) => {
    const { bench, clock } = await connect()
    const { stream, recorder } = ask(bench.session, true, 'POST', false)
    // The complete response, as unary calls read it.
    stream.want(1_000)
    begin(bench)
    await bench.peer.settled()
    clock.advance(HOUR_MS)
    await bench.peer.settled()
    expect(bench.session.openStreams).toBe(1)
    expect(recorder.reset).toBeUndefined()
    if (recorder.head === undefined) bench.peer.raw(headers(1, OK))
    bench.peer.raw(headers(1, [['grpc-status', '0']], F.END_HEADERS | F.END_STREAM))
    await recorder.until(() => recorder.isDone)
    await closeBench(bench)
  })

  test('waits for a server that opens no window, and for one that reads nothing', async () => {
    const { bench, clock } = await connect()
    const { stream, recorder } = ask(bench.session, false)
    while (stream.write(Buffer.alloc(16_384)));
    bench.peer.socket.pause()
    clock.advance(HOUR_MS)
    await new Promise(setImmediate)
    expect(recorder.reset).toBeUndefined()
    expect(bench.session.openStreams).toBe(1)
    bench.peer.socket.resume()
    await bench.peer.settled()
    await closeBench(bench)
  })

  test('has no timer while calls are open', async () => {
    const { bench, clock } = await connect()
    const asked = Array.from({ length: 10 }, () => ask(bench.session, false))
    for (const { stream } of asked) stream.write(Buffer.alloc(100))
    await bench.peer.settled()
    expect(clock.pending).toBe(0)
    await closeBench(bench)
  })

  test('that is closing closes in time, though the server reads nothing', async () => {
    const clock = new ManualClock()
    const bench = await clientBench({ timers: new TimerWheel(clock), settings: [[4, 2 ** 31 - 1]] })
    bench.peer.raw(frame(T.WINDOW_UPDATE, 0, 0, Buffer.from([0x70, 0, 0, 0])))
    await bench.peer.settled()
    bench.peer.socket.pause()
    const { stream } = ask(bench.session, false)
    stream.write(Buffer.alloc(64_000_000))
    let sent = -1
    while (sent !== bench.session.stats.bytesSent || sent < 100_000) {
      sent = bench.session.stats.bytesSent
      for (let i = 0; i < 20; i++) await new Promise((next) => setImmediate(next))
    }
    bench.session.close()
    stream.reset(8)
    for (let i = 0; i < 5; i++) await new Promise((next) => setImmediate(next))
    clock.advance(STALL_MS + 20_000)
    clock.advance(20_000)
    await bench.closed
    bench.peer.close()
    expect(bench.memory.heldBytes).toBe(0)
  })
})

test('a server that receives nothing, or no acknowledgement, leaves after the handshake timeout', async () => {
  for (const octets of [Buffer.alloc(0), Buffer.concat([PREFACE, settingsFrame([])])]) {
    const clock = new ManualClock()
    const bench = await serverBench({ timers: new TimerWheel(clock) }, false)
    bench.peer.raw(octets)
    await expect.poll(() => bench.session.stats.bytesReceived).toBe(octets.length)
    clock.advance(9_000)
    expect(bench.session.isClosing).toBe(false)
    clock.advance(1_100)
    expect(await bench.closed).toMatchObject({ code: 4 })
    bench.peer.close()
  }
})
