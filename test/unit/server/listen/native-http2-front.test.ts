/** A front drops each connection when it closes, however early that is. */
import { once } from 'node:events'
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { HostGuard } from '../../../../server/listen/host-guard.ts'
import { normalizeKeepaliveOptions } from '../../../../server/listen/keepalive-options.ts'
import { NativeHttp2Front } from '../../../../server/listen/native-http2-front.ts'
import { PortCalls } from '../../../../server/listen/port-calls.ts'
import { SILENT_LOG } from '../../../../server/observing/port-log.ts'
import { normalizeHttp2Options } from '../../../../wire/http2/http2.ts'
import { ProcessMemory } from '../../../../wire/http2/process-memory.ts'
import { testCertificates } from '../../../support/certificates.ts'
import { encodeFrame, FRAME, PREFACE } from '../../../support/http2-frames.ts'
import { listenRaw } from '../../../support/listen-raw.ts'

const { server: certificate } = await testCertificates()
const HELLO = Buffer.concat([PREFACE, encodeFrame({ type: FRAME.SETTINGS })])

const INADEQUATE = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' } as const

interface FrontBench {
  readonly front: NativeHttp2Front
  readonly memory: ProcessMemory
  readonly port: number
  /** The sockets that the front has taken. */
  readonly accepted: Socket[]
}

async function startFront(
  createListener: (accept: (socket: Socket) => void) => Server,
  prepare: (socket: Socket) => void = () => {},
): Promise<FrontBench> {
  const memory = new ProcessMemory()
  const http2 = normalizeHttp2Options('server', { memory, lingerMs: 1 })
  const front = new NativeHttp2Front({
    calls: new PortCalls(),
    hosts: new HostGuard(true, SILENT_LOG),
    http2,
    idleTimeoutMs: 60_000,
    keepalive: normalizeKeepaliveOptions().resolved,
    serve() {},
  })
  const accepted: Socket[] = []
  const port = await listenRaw(
    createListener((socket) => {
      socket.on('error', () => {})
      accepted.push(socket)
      prepare(socket)
      front.accept(socket)
    }),
  )
  return { front, memory, port, accepted }
}

/** Resolves once both ends of a connection are closed. */
async function closed(socket: Socket): Promise<void> {
  socket.on('error', () => {}).resume()
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}

function expectNothingLeft({ front, memory }: FrontBench): void {
  expect(front.findLongestIdle(performance.now() + 10_000)).toBeUndefined()
  expect([memory.size, memory.heldBytes]).toEqual([0, 0])
}

test('200 connections with inadequate TLS leave nothing behind', async () => {
  const bench = await startFront((accept) =>
    createTlsServer({ ...certificate, ALPNProtocols: ['h2'], allowHalfOpen: true }, accept),
  )
  for (let round = 0; round < 10; round++) {
    const clients = Array.from({ length: 20 }, () =>
      connectTls({
        port: bench.port,
        host: '127.0.0.1',
        rejectUnauthorized: false,
        ALPNProtocols: ['h2'],
        ...INADEQUATE,
      }),
    )
    await Promise.all(clients.map(closed))
  }
  await Promise.all(bench.accepted.map(closed))
  expect(bench.accepted).toHaveLength(200)
  expectNothingLeft(bench)
})

test.each<[what: string, prepare: (socket: Socket) => void]>([
  ['is destroyed already', (socket) => void socket.destroy()],
  ['has octets in its buffer that are not HTTP/2', (socket) => void socket.unshift(Buffer.alloc(64, 0xff))],
  ['has failed already', (socket) => void socket.destroy(new Error('reset'))],
])('a connection whose socket %s leaves nothing behind', async (_what, prepare) => {
  const bench = await startFront((accept) => createServer({ allowHalfOpen: true }, accept), prepare)
  for (let i = 0; i < 20; i++) await closed(connectTcp({ port: bench.port, host: '127.0.0.1' }))
  await Promise.all(bench.accepted.map(closed))
  expect(bench.accepted).toHaveLength(20)
  expectNothingLeft(bench)
})

test('an open connection is tracked, and forgotten once its client disconnects', async () => {
  const bench = await startFront((accept) => createServer({ allowHalfOpen: true }, accept))
  const client = connectTcp({ port: bench.port, host: '127.0.0.1' })
  onTestFinished(() => void client.destroy())
  client.write(HELLO)
  await once(client, 'data')
  expect(bench.front.findLongestIdle(performance.now() + 10_000)).toBeDefined()
  client.destroy()
  await Promise.all(bench.accepted.map(closed))
  expectNothingLeft(bench)
})
