/** Fuzz targets for HTTP/2: frames, header blocks, whole connections. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { ConnectionError } from '../../../wire/http2/errors.ts'
import { FrameFlag as F, PREFACE, FrameType as T } from '../../../wire/http2/frame.ts'
import { type FrameHandler, FrameReader } from '../../../wire/http2/frame-reader.ts'
import { HpackDecoder } from '../../../wire/http2/hpack/hpack-decoder.ts'
import { HpackError } from '../../../wire/http2/hpack/hpack-error.ts'
import { createServerSession, normalizeHttp2Options } from '../../../wire/http2/http2.ts'
import { ProcessMemory } from '../../../wire/http2/process-memory.ts'
import { encodeHeaderBlock } from '../http2-frames.ts'
import { callFields, HELLO_BODY } from '../raw-caller.ts'
import { frame, headers, settingsFrame, uint32 } from '../raw-http2.ts'
import { flowControl } from './flow-target.ts'
import type { FuzzTarget } from './fuzz-target.ts'

const MAX_FRAME_BYTES = 16_384

const CONNECTION = Buffer.concat([
  settingsFrame([[4, 70_000]]),
  frame(T.SETTINGS, F.ACK, 0),
  headers(1, callFields()),
  frame(T.DATA, F.PADDED, 1, Buffer.concat([Buffer.from([3]), HELLO_BODY, Buffer.alloc(3)])),
  frame(T.PING, 0, 0, Buffer.alloc(8)),
  headers(1, [['x-sum', '1']], F.END_HEADERS | F.END_STREAM),
  frame(T.HEADERS, F.END_STREAM, 3, encodeHeaderBlock(callFields()).subarray(0, 40)),
  frame(T.CONTINUATION, F.END_HEADERS, 3, encodeHeaderBlock(callFields()).subarray(40)),
  frame(T.WINDOW_UPDATE, 0, 1, uint32(9)),
  frame(T.RST_STREAM, 0, 3, uint32(8)),
  frame(T.PRIORITY, 0, 5, [0, 0, 0, 1, 1]),
  frame(T.GOAWAY, 0, 0, Buffer.alloc(8)),
])

/** Counts events, and checks them for consistency. */
class CountingHandler implements FrameHandler {
  steps = 0
  octets = 0

  onFrame(_type: number, _flags: number, _id: number, buffer: Buffer, start: number, end: number): void {
    assert(start <= end && end <= buffer.length && end - start <= MAX_FRAME_BYTES)
    this.steps++
    this.octets += end - start
  }

  onDataHeader(): void {
    this.steps++
  }

  onDataChunk(_buffer: Buffer, start: number, end: number): void {
    assert(start < end)
    this.steps++
    this.octets += end - start
  }

  onDataEnd(): void {
    this.steps++
  }
}

const frames: FuzzTarget = {
  name: 'frames',
  corpus: [CONNECTION],
  stepsPerOctet: 1,
  run(input) {
    const handler = new CountingHandler()
    const reader = new FrameReader(handler, MAX_FRAME_BYTES, false)
    try {
      const half = input.length >> 1
      reader.read(input.subarray(0, half))
      reader.read(input.subarray(half))
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error
    }
    assert(handler.octets <= input.length)
    return handler.steps
  },
}

const hpack: FuzzTarget = {
  name: 'header blocks',
  corpus: [
    encodeHeaderBlock(callFields()),
    Buffer.from('828684418cf1e3c2e5f23a6ba0ab90f4ff', 'hex'),
    Buffer.from('400161016282be7e', 'hex'),
  ],
  stepsPerOctet: 1,
  run(input) {
    const decoder = new HpackDecoder({ maxTableSize: 4_096, maxHeaderListSize: 16_384, maxFields: 100 })
    let steps = 0
    try {
      for (let round = 0; round < 2; round++) {
        const { fields } = decoder.decode(input, 0, input.length)
        assert(fields.length <= 100)
        steps += fields.length
      }
    } catch (error) {
      if (!(error instanceof HpackError)) throw error
    }
    return steps
  },
}

/** The session's socket. */
class FakeSocket extends Duplex {
  writtenBytes = 0

  constructor() {
    super({ allowHalfOpen: true })
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writtenBytes += chunk.length
    done()
  }

  setNoDelay(): this {
    return this
  }
}

/** Every request is echoed; nothing is held at the end. Counts the output: at most one response per frame. */
const connections: FuzzTarget = {
  name: 'connections',
  corpus: [CONNECTION],
  stepsPerOctet: 16,
  async run(input) {
    const socket = new FakeSocket()
    const memory = new ProcessMemory()
    const closed = Promise.withResolvers<Error | undefined>()
    createServerSession(socket as unknown as Socket, normalizeHttp2Options('server', { memory, lingerMs: 1 }), {
      onRequest(stream) {
        stream.respond([{ name: ':status', value: '200' }])
        if (stream.readableBytes > 0) stream.end(stream.read(stream.readableBytes))
        else stream.end()
        stream.release()
      },
      onFault: (_session, error) => closed.reject(error),
      onClose: (_session, error) => closed.resolve(error),
    }).start()
    socket.push(PREFACE)
    socket.push(input)
    socket.push(null)
    const error = await closed.promise
    socket.destroy()
    assert(error === undefined || error.name === 'ConnectionError', error)
    assert.notEqual(error?.message, 'internal error')
    assert.equal(memory.heldBytes, 0)
    return Math.max(0, socket.writtenBytes - 200)
  },
}

/** All of them. */
export const HTTP2_TARGETS: readonly FuzzTarget[] = [frames, hpack, connections, flowControl]
