/** What a session lets its peer send: windows, credit, buffers. */
import { describe, expect, test } from 'vitest'
import { FrameFlag as F, FrameType as T } from '../../../../wire/http2/frame.ts'
import { type Http2Stream, headerField, type StreamSink } from '../../../../wire/http2/http2.ts'
import { ProcessMemory } from '../../../../wire/http2/process-memory.ts'
import { TimerWheel } from '../../../../wire/http2/timer-wheel.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { frame, headers, type RawFields, type RawPeer, uint32 } from '../../../support/raw-http2.ts'
import { type Bench, clientBench, closeBench, OK, POST, type ServerBenchOptions, serverBench } from './harness.ts'

const KIB = 1_024

const credit = (peer: RawPeer, id: number) =>
  peer.frames
    .filter((f) => f.type === T.WINDOW_UPDATE && f.streamId === id)
    .reduce((sum, f) => sum + f.payload.readUInt32BE(0), 0)

/** Sends a body as a correct peer does: never beyond the windows. */
async function upload(peer: RawPeer, id: number, bytes: number, endsStream: boolean): Promise<void> {
  for (let sent = 0; sent < bytes; ) {
    const room = Math.min(128 * KIB + credit(peer, id), 64 * KIB - 1 + credit(peer, 0)) - sent
    if (room <= 0) {
      const count = peer.frames.filter((f) => f.type === T.WINDOW_UPDATE).length
      await peer.frame((f) => f.type === T.WINDOW_UPDATE, count + 1)
      continue
    }
    const size = Math.min(room, 16 * KIB, bytes - sent)
    sent += size
    peer.send(T.DATA, endsStream && sent === bytes ? F.END_STREAM : 0, id, Buffer.alloc(size))
  }
}

describe('receiving', () => {
  test('the connection is credited on receipt, a stream only on consumption', async () => {
    const bench = await serverBench({ timers: new TimerWheel(new ManualClock()) })
    bench.peer.headers(1, POST)
    await upload(bench.peer, 1, 128 * KIB, false)
    for (let id = 3; id <= 13; id += 2) {
      bench.peer.headers(id, POST)
      for (let i = 0; i < 8; i++) bench.peer.send(T.DATA, 0, id, Buffer.alloc(16 * KIB))
    }
    await bench.peer.settled()
    expect(credit(bench.peer, 1)).toBe(0)
    expect(credit(bench.peer, 0)).toBeGreaterThan(1_024 * KIB)
    const stream = bench.requests[0]?.stream as Http2Stream
    stream.read(64 * KIB)
    await bench.peer.settled()
    expect(credit(bench.peer, 1)).toBe(64 * KIB)
    stream.read(64 * KIB)
    await bench.peer.settled()
    expect(credit(bench.peer, 1)).toBe(128 * KIB)
    await closeBench(bench)
    expect(bench.memory.heldBytes).toBe(0)
  })

  test('a message above every window arrives when its owner waits for it', async () => {
    const size = 3 * 1_024 * KIB
    const { promise, resolve } = Promise.withResolvers<number>()
    const bench = await serverBench({
      maxStreamWindowBytes: 128 * KIB,
      maxConnectionWindowBytes: 1_024 * KIB,
      onRequest(stream) {
        stream.sink = { onHead() {}, onWritable() {}, onReset() {}, onReadable: () => resolve(stream.readableBytes) }
        stream.want(size)
      },
    })
    bench.peer.headers(1, POST)
    await upload(bench.peer, 1, size, false)
    expect(await promise).toBe(size)
    await closeBench(bench)
    expect(bench.memory.heldBytes).toBe(0)
  })

  test('above the session buffer only the oldest message progresses, the next one after it', async () => {
    const size = 400 * KIB
    const whole: number[] = []
    const bench = await serverBench({
      maxConcurrentStreams: 2,
      sessionBufferBytes: 300 * KIB,
      onRequest(stream) {
        stream.sink = {
          onHead() {},
          onWritable() {},
          onReset() {},
          onReadable() {
            whole.push(stream.id)
            stream.read(stream.readableBytes)
          },
        }
        stream.want(size)
      },
    })
    bench.peer.headers(1, POST)
    bench.peer.headers(3, POST)
    await Promise.all([upload(bench.peer, 3, size, false), upload(bench.peer, 1, size, false)])
    await bench.peer.settled()
    expect(whole.sort()).toEqual([1, 3])
    await closeBench(bench)
    expect(bench.memory.heldBytes).toBe(0)
  })

  test('above the session buffer the next message progresses when the oldest is dropped', async () => {
    const size = 400 * KIB
    const { promise: whole, resolve } = Promise.withResolvers<number>()
    const bench = await serverBench({
      maxConcurrentStreams: 2,
      sessionBufferBytes: 300 * KIB,
      onRequest(stream) {
        stream.sink = { onHead() {}, onWritable() {}, onReset() {}, onReadable: () => resolve(stream.id) }
        stream.want(size)
      },
    })
    bench.peer.headers(1, POST)
    bench.peer.headers(3, POST)
    await upload(bench.peer, 1, 300 * KIB, false)
    const second = upload(bench.peer, 3, size, false)
    await bench.peer.settled()
    await bench.peer.settled()
    expect(bench.requests[1]?.stream.readableBytes).toBe(128 * KIB)
    bench.peer.send(T.RST_STREAM, 0, 1, uint32(8))
    await second
    expect(await whole).toBe(3)
    await closeBench(bench)
    expect(bench.memory.heldBytes).toBe(0)
  })

  test('a window doubles when its updates follow each other within two round trips', async () => {
    const clock = new ManualClock()
    const bench = await serverBench(
      { timers: new TimerWheel(clock), onRequest: (stream) => void stream.want(1) },
      false,
    )
    clock.advance(50)
    bench.peer.hello({ isClient: true })
    bench.peer.headers(1, POST)
    await bench.peer.settled()
    const { stream, recorder } = bench.requests[0] as (typeof bench.requests)[0]
    await upload(bench.peer, 1, 512 * KIB, false)
    await recorder.until(() => recorder.body.length === 512 * KIB)
    await bench.peer.settled()
    expect(credit(bench.peer, 1)).toBeGreaterThan(512 * KIB)
    expect(stream.isPeerDone).toBe(false)
    await closeBench(bench)
  })

  test('padding is credited', async () => {
    const bench = await serverBench()
    bench.peer.headers(1, POST)
    const padded = frame(T.DATA, F.PADDED, 1, Buffer.concat([Buffer.from([200]), Buffer.alloc(210)]))
    for (let i = 0; i < 400; i++) bench.peer.raw(padded)
    await bench.peer.settled()
    expect(credit(bench.peer, 1)).toBeGreaterThanOrEqual(64 * KIB)
    await closeBench(bench)
  })

  test('above the process buffer the largest unread holder is reset', async () => {
    const bench = await serverBench({ processBufferBytes: 200 * KIB })
    bench.peer.headers(1, POST)
    bench.peer.headers(3, POST)
    for (let i = 0; i < 2; i++) bench.peer.send(T.DATA, 0, 3, Buffer.alloc(16 * KIB))
    for (let i = 0; i < 8; i++) bench.peer.send(T.DATA, 0, 1, Buffer.alloc(16 * KIB))
    bench.peer.headers(5, POST)
    for (let i = 0; i < 6; i++) bench.peer.send(T.DATA, 0, 5, Buffer.alloc(16 * KIB))
    const reset = await bench.peer.frame((f) => f.type === T.RST_STREAM)
    expect(reset.streamId).toBe(1)
    expect(reset.payload.readUInt32BE(0)).toBe(11)
    await closeBench(bench)
    expect(bench.memory.heldBytes).toBe(0)
  })

  test('above half of the process buffer the connection too is credited only on consumption', async () => {
    const memory = new ProcessMemory()
    memory.heldBytes = 600 * KIB
    const bench = await serverBench({ memory, connectionWindowBytes: 100 * KIB, processBufferBytes: 1_024 * KIB })
    bench.peer.headers(1, POST)
    for (let i = 0; i < 5; i++) bench.peer.send(T.DATA, 0, 1, Buffer.alloc(16 * KIB))
    await bench.peer.settled()
    const initial = 100 * KIB - 65_535
    expect(credit(bench.peer, 0)).toBe(initial)
    bench.requests[0]?.stream.read(80 * KIB)
    await bench.peer.settled()
    expect(credit(bench.peer, 0)).toBe(initial + 80 * KIB)
    await closeBench(bench)
    expect(memory.heldBytes).toBe(600 * KIB)
  })

  test('100 sleeping streams do not starve an active one', async () => {
    const bench = await serverBench()
    for (let i = 0; i < 99; i++) {
      bench.peer.headers(2 * i + 1, POST)
      await upload(bench.peer, 2 * i + 1, 100 * KIB, false)
    }
    bench.peer.headers(199, POST)
    await bench.peer.settled()
    const { stream, recorder } = bench.requests[99] as (typeof bench.requests)[0]
    stream.want(1)
    await upload(bench.peer, 199, 1_024 * KIB, true)
    await recorder.until(() => recorder.isDone)
    expect(recorder.body.length).toBe(1_024 * KIB)
    await closeBench(bench)
    expect(bench.memory.heldBytes).toBe(0)
  })
})

describe('after 256 open streams', () => {
  const STREAMS = 260
  const UPLOADS = 40
  const FRAME_BYTES = 16 * KIB

  /** A server with enough open streams for the connection to be credited on consumption. */
  async function crowdedBench(options: ServerBenchOptions = {}): Promise<Bench> {
    const bench = await serverBench({
      maxConcurrentStreams: STREAMS + UPLOADS,
      streamWindowBytes: 65_535,
      sessionBufferBytes: 64 * 1_024 * KIB,
      connectionWindowBytes: 256 * KIB,
      maxConnectionWindowBytes: 256 * KIB,
      ...options,
    })
    for (let i = 0; i < STREAMS; i++) bench.peer.headers(2 * i + 1, POST)
    await bench.peer.settled()
    return bench
  }

  /** How much the peer may send in total, of which `sent` is used. */
  const room = (peer: RawPeer, sent: number) => 64 * KIB - 1 + credit(peer, 0) - sent

  test.each<[what: string, head: RawFields, flags: number, refuse: (stream: Http2Stream) => void]>([
    ['reset', POST, 0, (stream) => stream.reset(8)],
    ['answered', POST, 0, (stream) => stream.reply([{ name: ':status', value: '413' }], new Uint8Array(0), null)],
    ['reset in padding', POST, F.PADDED, (stream) => stream.reset(8)],
    ['above their content-length', [...POST, ['content-length', '1']], 0, () => {}],
    ['short of their content-length', [...POST, ['content-length', '99999']], F.END_STREAM, () => {}],
  ])('uploads that are %s between a DATA header and its payload use none of the window', async (...row) => {
    const [_what, head, flags, refuse] = row
    const bench = await crowdedBench()
    for (let i = 0; i < UPLOADS; i++) {
      const id = 2 * (STREAMS + i) + 1
      const payload = Buffer.alloc(FRAME_BYTES, flags & F.PADDED ? 100 : 0)
      const octets = frame(T.DATA, flags, id, payload)
      bench.peer.headers(id, head)
      bench.peer.raw(octets.subarray(0, 9))
      const { bytesWritten } = bench.peer.socket
      await expect.poll(() => bench.session.stats.bytesReceived, { interval: 1 }).toBe(bytesWritten)
      const { stream } = bench.requests[STREAMS + i] as (typeof bench.requests)[0]
      refuse(stream)
      bench.peer.raw(octets.subarray(9))
      await bench.peer.settled()
      stream.release()
    }
    expect(room(bench.peer, UPLOADS * FRAME_BYTES)).toBeGreaterThan(128 * KIB)
    expect(bench.session.openStreams).toBe(STREAMS)
    await closeBench(bench)
    expect(bench.memory.heldBytes).toBe(0)
  })

  test('incomplete messages on every stream all arrive, though their sum exceeds the window', async () => {
    const size = 8 * KIB
    const whole: number[] = []
    const bench = await crowdedBench({
      onRequest(stream) {
        stream.sink = {
          onHead() {},
          onWritable() {},
          onReset() {},
          onReadable: () => void whole.push(stream.read(size).length),
        }
        stream.want(size)
      },
    })
    let sent = 0
    for (let round = 0; round < 8; round++) {
      for (let i = 0; i < STREAMS; i++) {
        while (room(bench.peer, sent) < KIB) {
          const updates = bench.peer.frames.filter((f) => f.type === T.WINDOW_UPDATE).length
          await bench.peer.frame((f) => f.type === T.WINDOW_UPDATE, updates + 1)
        }
        bench.peer.send(T.DATA, 0, 2 * i + 1, Buffer.alloc(KIB))
        sent += KIB
      }
    }
    await bench.peer.settled()
    expect(whole).toEqual(Array(STREAMS).fill(size))
    await closeBench(bench)
  })
})

describe('complete responses', () => {
  /** Two requests, and the responses to both in one read: `1` and `3`. */
  async function askTwice(onReadable: (stream: Http2Stream) => void): Promise<Http2Stream[]> {
    const bench = await clientBench()
    const sink: StreamSink = { onHead() {}, onReadable, onWritable() {}, onReset() {} }
    const fields = POST.map(([name, value]) => headerField(name, value))
    const streams = [1, 3].map(() => bench.session.request(fields, sink, { endsStream: true }))
    for (const stream of streams) stream.want(100)
    await bench.peer.frame((f) => f.type === T.HEADERS, 2)
    const answers = [1, 3].flatMap((id) => [headers(id, OK), frame(T.DATA, F.END_STREAM, id, Buffer.from(`${id}`))])
    bench.peer.raw(Buffer.concat(answers))
    await bench.peer.settled()
    bench.peer.close()
    await bench.closed
    return streams
  }

  test('that are read at once are not copied', async () => {
    const pieces: Buffer[] = []
    await askTwice((stream) => pieces.push(stream.read(stream.readableBytes)))
    expect(pieces.map(String)).toEqual(['1', '3'])
    expect(pieces[0]?.buffer).toBe(pieces[1]?.buffer)
  })

  test('that are left for later retain no socket chunk', async () => {
    const pieces = (await askTwice(() => {})).map((stream) => stream.read(1))
    expect(pieces.map(String)).toEqual(['1', '3'])
    expect(pieces[0]?.buffer).not.toBe(pieces[1]?.buffer)
  })
})
