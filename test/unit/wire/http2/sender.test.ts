/** What a session sends, and when: windows, turns, high water, early responses. */
import { describe, expect, test } from 'vitest'
import { FrameFlag as F, FrameType as T } from '../../../../wire/http2/frame.ts'
import type { Frame } from '../../../support/http2-frames.ts'
import { type RawPeer, settingsFrame, uint32 } from '../../../support/raw-http2.ts'
import { ask, clientBench, closeBench, GET, POST, serverBench } from './harness.ts'

const END = F.END_HEADERS | F.END_STREAM
const KIB = 1_024
const OK = [{ name: ':status', value: '200' }]

const isData = (id: number) => (f: Frame) => f.type === T.DATA && f.streamId === id
const sentOn = (peer: RawPeer, id: number) =>
  peer.frames.filter(isData(id)).reduce((sum, f) => sum + f.payload.length, 0)

describe('sending', () => {
  test('window 1: a body arrives byte by byte', async () => {
    const bench = await serverBench(
      { onRequest: (stream) => stream.reply(OK, Buffer.from('abc'), [{ name: 'a', value: 'b' }]) },
      false,
    )
    bench.peer.hello({ isClient: true, settings: [[4, 1]] })
    bench.peer.headers(1, GET, END)
    for (let i = 1; i <= 3; i++) {
      expect((await bench.peer.frame(isData(1), i)).payload).toHaveLength(1)
      bench.peer.send(T.WINDOW_UPDATE, 0, 1, uint32(1))
    }
    const trailers = await bench.peer.frame((f) => f.type === T.HEADERS, 2)
    expect(trailers.flags & F.END_STREAM).toBe(F.END_STREAM)
    await closeBench(bench)
  })

  test('all streams together stay within the connection window', async () => {
    const bench = await serverBench({ onRequest: (stream) => stream.reply(OK, Buffer.alloc(40 * KIB), null) })
    for (const id of [1, 3, 5]) bench.peer.headers(id, GET, END)
    await bench.peer.settled()
    await bench.peer.settled()
    const total = () => [1, 3, 5].reduce((sum, id) => sum + sentOn(bench.peer, id), 0)
    expect(total()).toBe(65_535)
    bench.peer.send(T.WINDOW_UPDATE, 0, 0, uint32(1_000))
    await bench.peer.settled()
    await bench.peer.settled()
    expect(total()).toBe(66_535)
    bench.peer.send(T.WINDOW_UPDATE, 0, 0, uint32(100_000))
    for (const id of [1, 3, 5]) await bench.peer.frame((f) => isData(id)(f) && (f.flags & F.END_STREAM) !== 0)
    expect(total()).toBe(120 * KIB)
    await closeBench(bench)
  })

  test('SETTINGS to 0 and back: previously granted window still counts', async () => {
    const bench = await serverBench({ onRequest: (stream) => stream.reply(OK, Buffer.alloc(200 * KIB), null) })
    bench.peer.send(T.WINDOW_UPDATE, 0, 0, uint32(1_024 * KIB))
    bench.peer.headers(1, GET, END)
    await bench.peer.frame(isData(1), 4)
    bench.peer.raw(settingsFrame([[4, 0]]))
    bench.peer.send(T.WINDOW_UPDATE, 0, 1, uint32(40_000))
    await bench.peer.settled()
    expect(sentOn(bench.peer, 1)).toBe(65_535)
    bench.peer.raw(settingsFrame([[4, 65_535]]))
    await bench.peer.settled()
    await bench.peer.settled()
    expect(sentOn(bench.peer, 1)).toBe(105_535)
    bench.peer.send(T.WINDOW_UPDATE, 0, 1, uint32(1_024 * KIB))
    await bench.peer.frame((f) => isData(1)(f) && (f.flags & F.END_STREAM) !== 0)
    expect(sentOn(bench.peer, 1)).toBe(200 * KIB)
    await closeBench(bench)
  })

  test('trailers and empty ends need no window', async () => {
    const bench = await serverBench(
      {
        onRequest(stream, head) {
          stream.respond(OK)
          if (head.method === 'GET') stream.end()
          else stream.sendTrailers([{ name: 'a', value: 'b' }])
        },
      },
      false,
    )
    bench.peer.hello({ isClient: true, settings: [[4, 0]] })
    bench.peer.headers(1, GET, END)
    bench.peer.headers(3, POST, END)
    await bench.peer.frame((f) => f.streamId === 1 && (f.flags & F.END_STREAM) !== 0)
    await bench.peer.frame((f) => f.streamId === 3 && (f.flags & F.END_STREAM) !== 0)
    await closeBench(bench)
  })

  test('write returns false above the high-water mark, and onWritable follows once', async () => {
    let said: boolean[] = []
    const bench = await serverBench({
      streamHighWaterBytes: 100 * KIB,
      onRequest(stream) {
        stream.respond(OK)
        said = [
          stream.write(Buffer.alloc(50 * KIB)),
          stream.write(Buffer.alloc(60 * KIB)),
          stream.write(Buffer.alloc(1)),
        ]
      },
    })
    bench.peer.headers(1, GET, END)
    await bench.peer.settled()
    expect(said[0]).toBe(true)
    const { recorder } = bench.requests[0] as (typeof bench.requests)[0]
    bench.peer.send(T.WINDOW_UPDATE, 0, 0, uint32(1_024 * KIB))
    bench.peer.send(T.WINDOW_UPDATE, 0, 1, uint32(1_024 * KIB))
    await bench.peer.frame((f) => isData(1)(f) && sentOn(bench.peer, 1) === 110 * KIB + 1)
    await bench.peer.settled()
    expect(recorder.writable).toBe(said.includes(false) ? 1 : 0)
    await closeBench(bench)
  })

  test('a stream held back by others of its session continues when one of them is reset', async () => {
    const bench = await serverBench(
      {
        sessionHighWaterBytes: 50 * KIB,
        onRequest(stream) {
          stream.respond(OK)
          stream.write(Buffer.alloc(40 * KIB))
        },
      },
      false,
    )
    bench.peer.hello({ isClient: true, settings: [[4, 0]] })
    bench.peer.headers(1, GET, END)
    bench.peer.headers(3, GET, END)
    await bench.peer.settled()
    const { recorder } = bench.requests[1] as (typeof bench.requests)[0]
    expect(recorder.writable).toBe(0)
    bench.peer.send(T.RST_STREAM, 0, 1, uint32(8))
    await recorder.until(() => recorder.writable === 1)
    await closeBench(bench)
  })

  test('bodies take turns: a short one does not wait for a long one', async () => {
    const sizes = new Map([
      [1, 2_048 * KIB],
      [3, 40 * KIB],
    ])
    const bench = await serverBench({
      onRequest: (stream) => stream.reply(OK, Buffer.alloc(sizes.get(stream.id) ?? 0), null),
    })
    bench.peer.send(T.WINDOW_UPDATE, 0, 0, uint32(4_096 * KIB))
    bench.peer.raw(settingsFrame([[4, 4_096 * KIB]]))
    bench.peer.headers(1, GET, END)
    bench.peer.headers(3, GET, END)
    await bench.peer.frame((f) => isData(1)(f) && (f.flags & F.END_STREAM) !== 0)
    const order = bench.peer.frames.filter((f) => f.type === T.DATA).map((f) => f.streamId)
    expect(order.lastIndexOf(3)).toBeLessThan(40)
    await closeBench(bench)
  })

  test('data waiting in a slow socket is not overwritten', async () => {
    const pieces = 6_000
    const size = 3_000
    const bench = await serverBench({
      onRequest(stream) {
        let next = 0
        const go = () => {
          while (next < pieces) if (!stream.write(Buffer.alloc(size, next++ % 251))) return
          stream.end()
        }
        stream.sink = { onHead() {}, onReadable() {}, onReset() {}, onWritable: go }
        stream.respond(OK)
        go()
      },
    })
    bench.peer.raw(settingsFrame([[4, 2 ** 30]]))
    bench.peer.send(T.WINDOW_UPDATE, 0, 0, uint32(2 ** 30))
    await bench.peer.settled()
    bench.peer.socket.pause()
    bench.peer.headers(1, GET, END)
    let sent = -1
    while (sent !== bench.session.stats.bytesSent || sent < size) {
      sent = bench.session.stats.bytesSent
      for (let i = 0; i < 20; i++) await new Promise((next) => setImmediate(next))
    }
    expect(sent).toBeLessThan(pieces * size)
    bench.peer.socket.resume()
    await bench.peer.frame((f) => f.type === T.DATA && (f.flags & F.END_STREAM) !== 0)
    const body = Buffer.concat(bench.peer.frames.filter(isData(1)).map((f) => f.payload))
    expect(body.length).toBe(pieces * size)
    for (let i = 0; i < pieces; i++) {
      expect(body.subarray(i * size, (i + 1) * size).equals(Buffer.alloc(size, i % 251))).toBe(true)
    }
    await closeBench(bench)
    expect(bench.memory.heldBytes).toBe(0)
  })

  test('a reset drops queued data', async () => {
    const bench = await serverBench({ onRequest: (stream) => stream.reply(OK, Buffer.alloc(500 * KIB), null) })
    bench.peer.headers(1, GET, END)
    await bench.peer.frame(isData(1), 4)
    bench.peer.send(T.RST_STREAM, 0, 1, uint32(8))
    await bench.peer.settled()
    expect(bench.memory.heldBytes).toBe(0)
    expect(bench.session.openStreams).toBe(0)
    await closeBench(bench)
  })

  test('a client uploads within the windows, while its response arrives', async () => {
    const bench = await clientBench({ settings: [[4, 10]] })
    const { stream } = ask(bench.session, false)
    stream.end(Buffer.alloc(25, 1))
    await bench.peer.frame(isData(1))
    await bench.peer.settled()
    expect(sentOn(bench.peer, 1)).toBe(10)
    bench.peer.send(T.WINDOW_UPDATE, 0, 1, uint32(100))
    await bench.peer.frame((f) => isData(1)(f) && (f.flags & F.END_STREAM) !== 0)
    expect(sentOn(bench.peer, 1)).toBe(25)
    await closeBench(bench)
    expect(bench.memory.heldBytes).toBe(0)
  })
})

describe('early response', () => {
  test('the complete response, then RST NO_ERROR while the request is open', async () => {
    const bench = await serverBench({
      onRequest: (stream) => stream.reply(OK, Buffer.from('x'), [{ name: 'a', value: 'b' }]),
    })
    bench.peer.headers(1, POST)
    const reset = await bench.peer.frame((f) => f.type === T.RST_STREAM)
    expect(reset.payload.readUInt32BE(0)).toBe(0)
    const kinds = bench.peer.frames.filter((f) => f.streamId === 1).map((f) => f.type)
    expect(kinds).toEqual([T.HEADERS, T.DATA, T.HEADERS, T.RST_STREAM])
    bench.peer.send(T.DATA, 0, 1, Buffer.alloc(100))
    expect(await bench.peer.verdict()).toBe('S NO_ERROR')
    await closeBench(bench)
    expect(bench.memory.heldBytes).toBe(0)
  })
})
