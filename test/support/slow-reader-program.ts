/**
 * A server of endless streams, and a client that opens no window for them. Reports the memory for messages of each size, first while the
 * streams wait and then when they have ended: because the client reads all, or because its connection is cut.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp } from '../../server/app.ts'
import { FrameFlag, FrameType, PREFACE } from '../../wire/http2/frame.ts'
import { processMemory } from '../../wire/http2/http2.ts'
import { TestService } from '../gen/grpc/testing/test_pb.js'
import { frame, headers, settingsFrame, uint32 } from './raw-http2.ts'

/** The memory of the streams of one connection, beyond that before it. */
export interface SlowReaderFigures {
  readonly size: number
  readonly ending: 'read' | 'cut'
  readonly contentType: string
  /** Octets of `bytes` that the handlers gave before they had to wait. */
  readonly givenBytes: number
  readonly waiting: MemoryInUse
  readonly ended: MemoryInUse
}

/** In bytes. */
interface MemoryInUse {
  readonly buffers: number
  readonly heap: number
}

const SETTINGS_INITIAL_WINDOW_SIZE = 4
const WIDE_OPEN = 2 ** 30
const [streams, ...sizes] = process.argv.slice(2).map(Number)
const CONTENT_TYPES = ['application/grpc', 'application/grpc-web', 'application/connect+proto'] as const

let body = new Uint8Array(10)
let givenBytes = 0
let openStreams = 0
let isEnough = false

async function* messages() {
  openStreams++
  try {
    while (!isEnough) {
      givenBytes += body.length
      yield { payload: { body } }
    }
  } finally {
    openStreams--
  }
}

const app = await createApp({
  logger: false,
  lane: 'native',
  listen: { drainTimeoutMs: 0 },
  routes: (router) => router.service(TestService, { streamingOutputCall: messages }),
})
await app.fastify.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.fastify.server.address() as AddressInfo

/** Opens the streams, with no window for them. */
function openShut(contentType: string): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {}).resume()
  socket.write(Buffer.concat([PREFACE, settingsFrame([[SETTINGS_INITIAL_WINDOW_SIZE, 0]])]))
  socket.write(Buffer.concat([frame(FrameType.SETTINGS, FrameFlag.ACK, 0), openWindow()]))
  for (let id = 1; id < 2 * (streams ?? 1); id += 2) {
    const fields = [
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', '/grpc.testing.TestService/StreamingOutputCall'],
      [':authority', 'localhost'],
      ['content-type', contentType],
      ['te', 'trailers'],
    ] as const
    socket.write(headers(id, fields))
    socket.write(frame(FrameType.DATA, FrameFlag.END_STREAM, id, [0, 0, 0, 0, 0]))
  }
  return socket
}

function openWindow(): Buffer {
  return frame(FrameType.WINDOW_UPDATE, 0, 0, uint32(WIDE_OPEN))
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5)
}

/** Waits until the handlers give no more. */
async function untilAllWait(): Promise<void> {
  await until(() => openStreams === streams)
  for (let before = -1; before !== givenBytes; ) {
    before = givenBytes
    await sleep(30)
  }
}

async function memory(): Promise<MemoryInUse> {
  for (let round = 0; round < 2; round++) {
    await sleep(5)
    globalThis.gc?.()
  }
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return { buffers: arrayBuffers, heap: heapUsed }
}

async function run(ending: 'read' | 'cut', contentType: string): Promise<SlowReaderFigures> {
  const before = await memory()
  const beyond = ({ buffers, heap }: MemoryInUse) => ({ buffers: buffers - before.buffers, heap: heap - before.heap })
  givenBytes = 0
  isEnough = false
  const socket = openShut(contentType)
  await untilAllWait()
  const given = givenBytes
  const waiting = beyond(await memory())
  isEnough = true
  if (ending === 'read') socket.write(settingsFrame([[SETTINGS_INITIAL_WINDOW_SIZE, WIDE_OPEN]]))
  else socket.destroy()
  await until(() => openStreams === 0 && processMemory.heldBytes === 0)
  if (!socket.destroyed) socket.destroy()
  if (!socket.closed) await once(socket, 'close')
  return { size: body.length, ending, contentType, givenBytes: given, waiting, ended: beyond(await memory()) }
}

// Compiles code. The cut leaves no free chunks, so that those of the next round count.
await run('cut', CONTENT_TYPES[0])
const results: SlowReaderFigures[] = []
for (const size of sizes) {
  body = new Uint8Array(size)
  for (const ending of ['read', 'cut'] as const) {
    const contentType = CONTENT_TYPES[results.length % CONTENT_TYPES.length] ?? CONTENT_TYPES[0]
    results.push(await run(ending, contentType))
  }
}
await app.drain()
process.send?.(results, () => process.exit())
