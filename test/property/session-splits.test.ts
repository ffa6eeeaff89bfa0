/** A connection yields the same requests however its octets are split into reads. */

import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { FrameFlag as F, PREFACE, FrameType as T } from '../../wire/http2/frame.ts'
import {
  createServerSession,
  type Http2Stream,
  normalizeHttp2Options,
  type StreamSink,
} from '../../wire/http2/http2.ts'
import { ProcessMemory } from '../../wire/http2/process-memory.ts'
import { encodeHeaderBlock } from '../support/http2-frames.ts'
import { frame, headers, type RawFields, settingsFrame, uint32 } from '../support/raw-http2.ts'

const END = F.END_HEADERS | F.END_STREAM
const POST: RawFields = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/a'],
  [':authority', 'test'],
]
const long = encodeHeaderBlock([...POST, ['x-long', 'v'.repeat(200)]])

/** A client with all kinds of frames: padding, CONTINUATION, trailers, a reset, table insertions, an unknown type. */
const RECORDED = Buffer.concat([
  PREFACE,
  settingsFrame([
    [3, 10],
    [4, 100_000],
  ]),
  frame(T.WINDOW_UPDATE, 0, 0, uint32(1_000)),
  frame(T.SETTINGS, F.ACK, 0),
  headers(1, POST),
  frame(T.DATA, 0, 1, Buffer.from('one ')),
  frame(T.HEADERS, F.END_STREAM, 3, long.subarray(0, 50)),
  frame(T.CONTINUATION, 0, 3, long.subarray(50, 51)),
  frame(T.CONTINUATION, F.END_HEADERS, 3, long.subarray(51)),
  frame(T.PING, 0, 0, Buffer.from('pingping')),
  frame(T.DATA, F.PADDED, 1, Buffer.concat([Buffer.from([5]), Buffer.from('two '), Buffer.alloc(5)])),
  frame(T.HEADERS, END, 5, Buffer.concat([encodeHeaderBlock(POST), Buffer.from([0x40, 1, 0x61, 1, 0x62])])),
  frame(T.HEADERS, END, 7, Buffer.concat([encodeHeaderBlock(POST), Buffer.from([0xbe])])),
  frame(0x42, 0, 0, Buffer.alloc(20)),
  headers(9, POST),
  frame(T.DATA, F.PADDED, 9, [0]),
  frame(T.DATA, F.END_STREAM, 9),
  frame(T.DATA, 0, 1, Buffer.from('three')),
  headers(1, [['x-sum', '13']], END),
  headers(11, POST),
  frame(T.RST_STREAM, 0, 11, uint32(8)),
])

const EXPECTED = [
  '1 /a POST body=one two three trailers=x-sum:13',
  `3 /a POST x-long:${'v'.repeat(200)} body= trailers=`,
  '5 /a POST a:b body= trailers=',
  '7 /a POST a:b body= trailers=',
  '9 /a POST body= trailers=',
]

/** The session's socket: the test pushes input from the peer and reads the output. */
class FakeSocket extends Duplex {
  readonly written: Buffer[] = []

  constructor() {
    super({ allowHalfOpen: true })
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(Buffer.from(chunk))
    done()
  }

  setNoDelay(): this {
    return this
  }
}

/** Runs the recorded connection through a session, a chunk a read. */
async function replay(chunks: readonly Buffer[]): Promise<{ seen: string[]; sent: Buffer; error: unknown }> {
  const socket = new FakeSocket()
  const memory = new ProcessMemory()
  const seen: string[] = []
  const { promise: closed, resolve } = Promise.withResolvers<Error | undefined>()
  createServerSession(socket as unknown as Socket, normalizeHttp2Options('server', { memory }), {
    onRequest(stream, head) {
      const fields = head.fields.map(({ name, value }) => ` ${name}:${value}`).join('')
      const sink = noteBody((body, trailers) => {
        seen.push(`${stream.id} ${head.path} ${head.method}${fields} body=${body} trailers=${trailers}`)
      })
      stream.sink = sink
      if (stream.want(1)) sink.onReadable(stream)
    },
    onClose: (_session, error) => resolve(error),
  }).start()
  for (const chunk of chunks) {
    socket.push(chunk)
    await new Promise((done) => setImmediate(done))
  }
  socket.push(null)
  const error = await closed
  socket.destroy()
  expect(memory.heldBytes).toBe(0)
  return { seen: seen.sort(), sent: Buffer.concat(socket.written), error }
}

function noteBody(done: (body: string, trailers: string) => void): StreamSink {
  let body = ''
  return {
    onHead() {},
    onWritable() {},
    onReset() {},
    onReadable(stream: Http2Stream) {
      do {
        if (stream.readableBytes > 0) body += stream.read(stream.readableBytes).toString('latin1')
      } while (!stream.isPeerDone && stream.want(1))
      if (stream.isPeerDone) done(body, (stream.trailers ?? []).map(({ name, value }) => `${name}:${value}`).join())
    },
  }
}

describe('splits', () => {
  test('in one read', async () => {
    expect(await replay([RECORDED])).toMatchObject({ seen: EXPECTED, error: undefined })
  })

  test('byte by byte', async () => {
    const octets = Array.from(RECORDED, (octet) => Buffer.from([octet]))
    expect(await replay(octets)).toMatchObject({ seen: EXPECTED, error: undefined })
  })

  test('nine bytes at a time', async () => {
    const chunks = []
    for (let at = 0; at < RECORDED.length; at += 9) chunks.push(RECORDED.subarray(at, at + 9))
    expect(await replay(chunks)).toMatchObject({ seen: EXPECTED, error: undefined })
  })

  test('in two reads, at every offset', async () => {
    for (let at = 1; at < RECORDED.length; at++) {
      const { seen, error } = await replay([RECORDED.subarray(0, at), RECORDED.subarray(at)])
      expect({ at, seen, error }).toEqual({ at, seen: EXPECTED, error: undefined })
    }
  })

  test('mutated connections never throw, hang or leak', async () => {
    let random = 12_345
    const next = (below: number) => {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0
      return Math.floor((random / 2 ** 32) * below)
    }
    for (let run = 0; run < 1_500; run++) {
      const mutated = Buffer.from(RECORDED)
      for (let i = 0; i <= next(4); i++) mutated[PREFACE.length + next(mutated.length - PREFACE.length)] = next(256)
      const { error } = await replay([mutated])
      if (error !== undefined) expect(error).toMatchObject({ name: 'ConnectionError' })
      if (error !== undefined) expect((error as Error).message).not.toBe('internal error')
    }
  })
})
