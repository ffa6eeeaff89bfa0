/** How sessions end, and what they do when a peer keeps them waiting. */
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { FrameFlag as F, PREFACE, FrameType as T } from '../../../../wire/http2/frame.ts'
import { createServerSession, normalizeHttp2Options } from '../../../../wire/http2/http2.ts'
import { ProcessMemory } from '../../../../wire/http2/process-memory.ts'
import { TimerWheel } from '../../../../wire/http2/timer-wheel.ts'
import { encodeHeaderBlock, type Frame } from '../../../support/http2-frames.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { frame, headers, settingsFrame, socketPair, uint32 } from '../../../support/raw-http2.ts'
import { ask, type Bench, clientBench, closeBench, GET, POST, serverBench } from './harness.ts'

const END = F.END_HEADERS | F.END_STREAM
const OK = [{ name: ':status', value: '200' }]
const isGoaway = (f: Frame) => f.type === T.GOAWAY
const lastIds = (bench: Bench) => bench.peer.frames.filter(isGoaway).map((f) => f.payload.readUInt32BE(0))

describe('graceful shutdown', () => {
  test('a server sends GOAWAY, waits for the PING, accepts earlier streams, and ends with its last one', async () => {
    const bench = await serverBench()
    bench.peer.headers(1, GET, END)
    await bench.peer.settled()
    bench.session.close()
    const ping = await bench.peer.frame((f) => f.type === T.PING && (f.flags & F.ACK) === 0)
    expect(lastIds(bench)).toEqual([2 ** 31 - 1])
    bench.peer.headers(3, GET, END)
    bench.peer.send(T.PING, F.ACK, 0, ping.payload)
    await bench.peer.frame(isGoaway, 2)
    expect(lastIds(bench)).toEqual([2 ** 31 - 1, 3])
    bench.peer.headers(5, GET, END)
    for (const { stream } of bench.requests) stream.reply(OK, Buffer.from('x'), null)
    expect(await bench.closed).toBeUndefined()
    await bench.peer.ended()
    expect(bench.requests.map(({ stream }) => stream.id)).toEqual([1, 3])
    expect(bench.peer.frames.filter((f) => f.type === T.DATA)).toHaveLength(2)
    expect(bench.peer.frames.some((f) => f.type === T.RST_STREAM)).toBe(false)
    bench.peer.close()
  })

  test('without the PING it proceeds after 5 s', async () => {
    const clock = new ManualClock()
    const bench = await serverBench({ timers: new TimerWheel(clock) })
    await bench.peer.settled()
    bench.session.close()
    await bench.peer.frame(isGoaway)
    clock.advance(4_900)
    await bench.peer.settled()
    expect(lastIds(bench)).toHaveLength(1)
    clock.advance(200)
    await bench.peer.ended()
    expect(lastIds(bench)).toEqual([2 ** 31 - 1, 0])
    expect(await bench.closed).toBeUndefined()
    bench.peer.close()
  })

  test('at the end of the grace period the rest is reset with CANCEL', async () => {
    const clock = new ManualClock()
    const bench = await serverBench({ timers: new TimerWheel(clock) })
    bench.peer.headers(1, POST)
    await bench.peer.settled()
    bench.session.close(10_000)
    clock.advance(10_100)
    const reset = await bench.peer.frame((f) => f.type === T.RST_STREAM)
    expect(reset.payload.readUInt32BE(0)).toBe(8)
    await bench.closed
    expect(bench.requests[0]?.recorder.reset).toMatchObject({ code: 8, source: 'local' })
    await bench.peer.ended()
    bench.peer.close()
    expect(bench.memory.heldBytes).toBe(0)
  })

  test('a client finishes its requests and starts no more', async () => {
    const bench = await clientBench()
    const { recorder } = ask(bench.session, true)
    bench.session.close()
    expect(bench.session.canRequest).toBe(false)
    await bench.peer.frame(isGoaway)
    await bench.peer.frame((f) => f.type === T.HEADERS)
    bench.peer.headers(1, [[':status', '200']], END)
    expect(await bench.closed).toBeUndefined()
    expect(recorder.isDone).toBe(true)
    await bench.peer.ended()
    bench.peer.close()
  })
})

describe('immediate shutdown', () => {
  test('a socket closed before it has a session ends the session', async () => {
    const { near, far } = await socketPair()
    near.destroy()
    far.destroy()
    await once(near, 'close')
    const { promise: closed, resolve } = Promise.withResolvers<Error | undefined>()
    createServerSession(near, normalizeHttp2Options('server'), {
      onRequest() {},
      onClose: (_session, error) => resolve(error),
    }).start()
    expect(await closed).toBeUndefined()
  })

  test('destroy notifies the streams and the peer', async () => {
    const bench = await serverBench()
    bench.peer.headers(1, POST)
    await bench.peer.settled()
    bench.session.destroy(2, 'no more')
    expect(bench.requests[0]?.recorder.reset).toMatchObject({ code: 2, source: 'connection' })
    expect(await bench.closed).toMatchObject({ code: 2 })
    const goaway = await bench.peer.frame(isGoaway)
    expect(goaway.payload.subarray(8).toString()).toBe('no more')
    await bench.peer.ended()
    bench.peer.close()
  })

  test('after an error the peer is still read, so that it receives the GOAWAY; then the socket is closed', async () => {
    const clock = new ManualClock()
    const bench = await serverBench({ timers: new TimerWheel(clock) })
    bench.peer.send(T.DATA, 0, 0, [1])
    for (let i = 0; i < 10; i++) bench.peer.send(T.PING, 0, 0, Buffer.alloc(8))
    await bench.peer.frame(isGoaway)
    await bench.peer.ended()
    const gone = new Promise((resolve) => bench.peer.socket.once('close', resolve))
    clock.advance(1_100)
    bench.peer.socket.resume()
    bench.peer.socket.end()
    await gone
    await bench.closed
  })

  test('a FIN right after a request: a synchronous response is still sent', async () => {
    const bench = await serverBench({ onRequest: (stream) => stream.reply(OK, Buffer.alloc(4_000_000), null) })
    bench.peer.raw(settingsFrame([[4, 2 ** 30]]))
    bench.peer.send(T.WINDOW_UPDATE, 0, 0, uint32(2 ** 30))
    await bench.peer.settled()
    bench.peer.socket.end(headers(1, GET, END))
    await bench.peer.frame((f) => f.type === T.DATA && (f.flags & F.END_STREAM) !== 0)
    expect(await bench.closed).toBeUndefined()
    expect(bench.requests[0]?.recorder.reset).toBeUndefined()
    bench.peer.close()
  })

  test('a FIN aborts handlers, but a finished response is still sent', async () => {
    const bench = await serverBench()
    bench.peer.headers(1, POST)
    bench.peer.headers(3, GET, END)
    await bench.peer.settled()
    bench.requests[1]?.stream.reply(OK, Buffer.from('x'), null)
    bench.peer.socket.end()
    await bench.peer.frame((f) => f.type === T.DATA && f.streamId === 3)
    await bench.closed
    expect(bench.requests[0]?.recorder.reset).toMatchObject({ source: 'connection' })
    expect(bench.requests[1]?.recorder.reset).toBeUndefined()
    await bench.peer.ended()
    bench.peer.close()
    expect(bench.memory.heldBytes).toBe(0)
  })
})

describe('waiting for the peer', () => {
  test('no SETTINGS, or no ACK of ours, for 10 s: SETTINGS_TIMEOUT', async () => {
    for (const hello of [PREFACE.subarray(0, 10), Buffer.concat([PREFACE, settingsFrame([])])]) {
      const clock = new ManualClock()
      const bench = await serverBench({ timers: new TimerWheel(clock) }, false)
      bench.peer.raw(hello)
      await bench.peer.frame((f) => f.type === T.SETTINGS)
      clock.advance(10_100)
      const goaway = await bench.peer.frame(isGoaway)
      expect(goaway.payload.readUInt32BE(4)).toBe(4)
      await closeBench(bench)
      expect(clock.pending).toBeLessThanOrEqual(1)
    }
  })

  test('a header block has 10 s from its HEADERS, in whole or partial frames', async () => {
    for (const begun of [frame(T.HEADERS, 0, 1, [0x82]), frame(T.HEADERS, END, 1, [0x82, 0x84]).subarray(0, 10)]) {
      const clock = new ManualClock()
      const bench = await serverBench({ timers: new TimerWheel(clock) })
      await bench.peer.settled()
      const received = bench.session.stats.bytesReceived
      bench.peer.raw(begun)
      while (bench.session.stats.bytesReceived < received + begun.length)
        await new Promise((next) => setImmediate(next))
      clock.advance(10_100)
      const goaway = await bench.peer.frame(isGoaway)
      expect(goaway.payload.readUInt32BE(4)).toBe(11)
      await closeBench(bench)
    }
  })

  test('a header block that arrived in time is no longer timed', async () => {
    const clock = new ManualClock()
    const bench = await serverBench({ timers: new TimerWheel(clock) })
    bench.peer.send(T.HEADERS, F.END_STREAM, 1, encodeHeaderBlock(GET))
    while (bench.session.stats.framesReceived < 3) await new Promise((next) => setImmediate(next))
    bench.peer.send(T.CONTINUATION, F.END_HEADERS, 1)
    await bench.peer.settled()
    clock.advance(20_000)
    await bench.peer.settled()
    expect(lastIds(bench)).toEqual([])
    expect(bench.requests).toHaveLength(1)
    await closeBench(bench)
  })

  test('a header block that begins after another has its own 10 s', async () => {
    const clock = new ManualClock()
    const bench = await serverBench({ timers: new TimerWheel(clock) })
    await bench.peer.settled()
    const send = async (octets: Buffer) => {
      const received = bench.session.stats.bytesReceived + octets.length
      bench.peer.raw(octets)
      while (bench.session.stats.bytesReceived < received) await new Promise((next) => setImmediate(next))
    }
    await send(headers(1, GET, F.END_STREAM))
    clock.advance(9_000)
    const end = frame(T.CONTINUATION, F.END_HEADERS, 1)
    await send(Buffer.concat([end, headers(3, GET, F.END_STREAM)]))
    clock.advance(9_000)
    expect(bench.session.isClosing).toBe(false)
    clock.advance(1_100)
    expect(bench.session.isClosing).toBe(true)
    await closeBench(bench)
  })

  test('a socket that accepts nothing for 60 s is destroyed', async () => {
    const clock = new ManualClock()
    const bench = await serverBench({
      timers: new TimerWheel(clock),
      onRequest: (stream) => stream.reply(OK, Buffer.alloc(64_000_000), null),
    })
    bench.peer.raw(settingsFrame([[4, 2 ** 31 - 1]]))
    bench.peer.send(T.WINDOW_UPDATE, 0, 0, uint32(2 ** 31 - 1 - 65_535))
    await bench.peer.settled()
    bench.peer.socket.pause()
    bench.peer.headers(1, GET, END)
    let sent = -1
    while (sent !== bench.session.stats.bytesSent || sent < 100_000) {
      sent = bench.session.stats.bytesSent
      for (let i = 0; i < 20; i++) await new Promise((next) => setImmediate(next))
    }
    clock.advance(70_000)
    expect(await bench.closed).toMatchObject({ message: 'the peer does not read' })
    bench.peer.close()
    expect(bench.memory.heldBytes).toBe(0)
  })

  test('a finished response that the peer does not take for 60 s is reset, an unfinished one after 5 min', async () => {
    const clock = new ManualClock()
    const bench = await serverBench(
      {
        timers: new TimerWheel(clock),
        onRequest(stream, head) {
          stream.respond(OK)
          stream.write(Buffer.alloc(100))
          if (head.method === 'GET') stream.end()
        },
      },
      false,
    )
    bench.peer.hello({ isClient: true, settings: [[4, 0]] })
    bench.peer.headers(1, GET, END)
    bench.peer.headers(3, POST, END)
    await bench.peer.settled()
    clock.advance(55_000)
    bench.peer.send(T.WINDOW_UPDATE, 0, 1, uint32(1))
    await bench.peer.settled()
    expect(bench.peer.frames.some((f) => f.type === T.RST_STREAM)).toBe(false)
    clock.advance(15_000)
    expect((await bench.peer.frame((f) => f.type === T.RST_STREAM)).streamId).toBe(1)
    clock.advance(200_000)
    await bench.peer.settled()
    expect(bench.session.openStreams).toBe(1)
    clock.advance(50_000)
    expect((await bench.peer.frame((f) => f.type === T.RST_STREAM, 2)).streamId).toBe(3)
    await closeBench(bench)
  })

  test('under memory pressure a stalled response has 10 s', async () => {
    const clock = new ManualClock()
    const memory = new ProcessMemory()
    memory.heldBytes = 600_000
    const bench = await serverBench(
      {
        timers: new TimerWheel(clock),
        memory,
        processBufferBytes: 1_000_000,
        onRequest: (stream) => stream.reply(OK, Buffer.alloc(100), null),
      },
      false,
    )
    bench.peer.hello({ isClient: true, settings: [[4, 0]] })
    bench.peer.headers(1, GET, END)
    await bench.peer.settled()
    clock.advance(9_000)
    await bench.peer.settled()
    expect(bench.session.openStreams).toBe(1)
    clock.advance(7_000)
    expect((await bench.peer.frame((f) => f.type === T.RST_STREAM)).payload.readUInt32BE(0)).toBe(8)
    await closeBench(bench)
  })

  test('half a message without another byte for 60 s is reset', async () => {
    const clock = new ManualClock()
    const bench = await serverBench({ timers: new TimerWheel(clock), onRequest: (stream) => void stream.want(100) })
    bench.peer.headers(1, POST)
    bench.peer.send(T.DATA, 0, 1, Buffer.alloc(50))
    bench.peer.headers(3, POST)
    await bench.peer.settled()
    clock.advance(70_000)
    expect((await bench.peer.frame((f) => f.type === T.RST_STREAM)).streamId).toBe(1)
    await bench.peer.settled()
    expect(bench.session.openStreams).toBe(1)
    await closeBench(bench)
  })

  test('a peer that reads none of our responses is no longer read', async () => {
    const bench = await serverBench({ maxControlQueue: 5, pingBurst: 1_000_000 })
    bench.peer.socket.pause()
    const pings = Buffer.concat(Array.from({ length: 4_000 }, () => frame(T.PING, 0, 0, Buffer.alloc(8))))
    let isBlocked = false
    for (let i = 0; i < 2_000 && !isBlocked; i++) {
      isBlocked = !bench.peer.socket.write(pings)
      await new Promise((next) => setImmediate(next))
      if (isBlocked) isBlocked = bench.peer.socket.writableLength > 4_000_000
    }
    expect(isBlocked).toBe(true)
    expect(bench.session.stats.pingsReceived).toBeLessThan(1_500_000)
    bench.peer.close()
    await bench.closed
  })

  test('handlers above the limit wait for a slot, also behind aborted ones', async () => {
    const bench = await serverBench({ maxConcurrentStreams: 2 })
    for (const id of [1, 3]) bench.peer.headers(id, GET, END)
    await bench.peer.settled()
    for (const id of [1, 3]) bench.peer.send(T.RST_STREAM, 0, id, uint32(8))
    for (const id of [5, 7]) bench.peer.headers(id, GET, END)
    await bench.peer.settled()
    expect(bench.requests).toHaveLength(2)
    bench.requests[0]?.stream.release()
    for (let turn = 0; turn < 3; turn++) await new Promise((next) => setImmediate(next))
    expect(bench.requests.map(({ stream }) => stream.id)).toEqual([1, 3, 5])
    await closeBench(bench)
  })

  test('slots all held by aborted handlers for 10 s: the session closes gracefully', async () => {
    const clock = new ManualClock()
    const bench = await serverBench({ maxConcurrentStreams: 1, timers: new TimerWheel(clock) })
    bench.peer.headers(1, GET, END)
    await bench.peer.settled()
    bench.peer.send(T.RST_STREAM, 0, 1, uint32(8))
    await bench.peer.settled()
    clock.advance(16_000)
    await bench.peer.frame(isGoaway)
    expect(lastIds(bench)[0]).toBe(2 ** 31 - 1)
    await closeBench(bench)
  })

  test('an owner that throws loses its stream, not the session', async () => {
    const bench = await serverBench({
      onRequest() {
        throw new Error('handler')
      },
    })
    bench.peer.headers(1, GET, END)
    expect(await bench.peer.verdict()).toBe('S INTERNAL_ERROR')
    expect(bench.faults).toHaveLength(1)
    await closeBench(bench)
  })
})
