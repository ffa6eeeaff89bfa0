/** Measures a server's memory after attacks and loads. Prints figures, and exits with 1 if it grew. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { FrameFlag as F, PREFACE, FrameType as T } from '../../wire/http2/frame.ts'
import { HEAVY_PATHS } from '../support/heavy/heavy-service.ts'
import { messages } from '../support/heavy/messages.ts'
import { WireClient } from '../support/heavy/wire-client.ts'
import { encodeHeaderBlock } from '../support/http2-frames.ts'
import { frame, settingsFrame, uint32 } from '../support/raw-http2.ts'
import type { MemoryFigures } from './memory-server.ts'

const MIB = 1_048_576
const SETTINGS_INITIAL_WINDOW_SIZE = 4
/** Memory that may remain in use, for caches and compiled code. */
const MOST_LEFT_BYTES = 12 * MIB
/** While it goes on: what one connection may hold, and garbage that is not collected yet. */
const MOST_GROWTH_BYTES = 64 * MIB
const MOST_HELD_BYTES = 16 * MIB

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } })
const scale = Number(values.scale)

/** A load. `during` is called at its peak. */
interface Load {
  readonly name: string
  run(during: () => Promise<void>): Promise<void>
}

const server = fork(path.join(import.meta.dirname, 'memory-server.ts'), { execArgv: ['--expose-gc'] })
const [{ port }] = (await once(server, 'message')) as [{ port: number }]

const LOADS: readonly Load[] = [
  { name: 'a million tiny messages into a handler that sleeps', run: fillSleeper },
  { name: '5,000 streams that are reset', run: resetStreams },
  { name: 'a gigabyte for a reader that opens no window', run: readNothing },
  { name: 'a hundred thousand connections', run: churnConnections },
  { name: 'a million calls', run: callOften },
]

/** The first round warms up caches and code. The second must not add to the memory in use. */
const isFine: boolean[] = []
for (const { name, run } of LOADS) {
  await run(async () => {})
  const before = await ask()
  let during = before
  const startedAtMs = performance.now()
  await run(async () => {
    during = await ask()
  })
  const after = await ask()
  isFine.push(judge(before, during, after))
  const seconds = (performance.now() - startedAtMs) / 1_000
  process.stdout.write(`${name}, ${seconds.toFixed(1)} s\n`)
  for (const [when, figures] of Object.entries({ before, during, after })) process.stdout.write(line(when, figures))
}
server.send('end')
await once(server, 'exit')
process.stdout.write(isFine.every(Boolean) ? 'memory is bounded\n' : 'MEMORY GREW\n')
process.exitCode = isFine.every(Boolean) ? 0 : 1

async function ask(): Promise<MemoryFigures> {
  server.send('measure')
  const [figures] = (await once(server, 'message')) as [MemoryFigures]
  return figures
}

function judge(before: MemoryFigures, during: MemoryFigures, after: MemoryFigures): boolean {
  const isEmpty = after.heldBytes === 0 && after.sessions === 0 && after.connections === 0
  const isBack = after.liveBytes - before.liveBytes < MOST_LEFT_BYTES
  const isBounded = during.rssBytes - before.rssBytes < MOST_GROWTH_BYTES && during.heldBytes < MOST_HELD_BYTES
  return isEmpty && isBack && isBounded
}

function line(when: string, { rssBytes, liveBytes, heldBytes, sessions, connections }: MemoryFigures): string {
  const mib = (bytes: number) => `${(bytes / MIB).toFixed(1).padStart(7)} MiB`
  const rest = `held ${heldBytes}, sessions ${sessions}, connections ${connections}`
  return `  ${when.padEnd(6)} rss ${mib(rssBytes)}, live ${mib(liveBytes)}, ${rest}\n`
}

async function fillSleeper(during: () => Promise<void>): Promise<void> {
  const client = await WireClient.connect(port)
  const call = client.open(HEAVY_PATHS.putStream)
  const sleepy = messages.put('sleep')
  const tiny = Buffer.concat(Array.from({ length: 10_000 }, () => messages.put('')))
  await call.send(sleepy)
  const count = Math.ceil(100 * scale)
  const sending = (async () => {
    for (let sent = 0; sent < count; sent++) await call.send(tiny)
    return call.finish()
  })()
  // The window is full long before a PING has come back so often.
  for (let n = 0; n < 20; n++) await client.roundTrip()
  await during()
  server.send('wake')
  await sending
  await client.close()
}

/** Below the budget on each connection, so that every one of them gets through to the handlers. */
async function resetStreams(during: () => Promise<void>): Promise<void> {
  for (let connection = 0; connection < 50 * scale; connection++) {
    const client = await WireClient.connect(port)
    for (let n = 0; n < 100; n++) {
      const call = client.open(HEAVY_PATHS.sayHello)
      call.stream.end(messages.hello('wait'))
      if (n % 50 === 49) await client.roundTrip()
      call.cancel()
    }
    await client.close()
  }
  await during()
}

async function readNothing(during: () => Promise<void>): Promise<void> {
  const socket = await openSocket()
  socket.write(
    Buffer.concat([
      PREFACE,
      settingsFrame([[SETTINGS_INITIAL_WINDOW_SIZE, 0]]),
      frame(T.SETTINGS, F.ACK, 0),
      frame(T.WINDOW_UPDATE, 0, 0, uint32(2 ** 30)),
      ...Array.from({ length: 50 }, (_, n) => largeStream(2 * n + 1)),
    ]),
  )
  await once(socket, 'data')
  await during()
  socket.destroy()
  await once(socket, 'close')
}

function largeStream(id: number): Buffer {
  const fields = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', HEAVY_PATHS.getStream],
    [':authority', 'localhost'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  ] as const
  return Buffer.concat([
    frame(T.HEADERS, F.END_HEADERS, id, encodeHeaderBlock(fields)),
    frame(T.DATA, F.END_STREAM, id, messages.get('large', 16_384)),
  ])
}

async function churnConnections(during: () => Promise<void>): Promise<void> {
  const count = 50_000 * scale
  let next = 0
  const hello = Buffer.concat([PREFACE, settingsFrame([])])
  const worker = async () => {
    while (next++ < count) {
      const socket = await openSocket()
      socket.write(hello)
      await once(socket, 'data')
      socket.resetAndDestroy()
      await once(socket, 'close')
    }
  }
  await Promise.all(Array.from({ length: 20 }, worker))
  await during()
}

async function callOften(during: () => Promise<void>): Promise<void> {
  const client = await WireClient.connect(port)
  const count = 500_000 * scale
  const hello = messages.hello('Ada')
  let next = 0
  const worker = async () => {
    while (next++ < count) await client.open(HEAVY_PATHS.sayHello).finish(hello)
  }
  await Promise.all(Array.from({ length: 50 }, worker))
  await during()
  await client.close()
}

async function openSocket() {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}
