/** Attacks by frames on the real port: they start no more handlers than honest clients could, and hold no memory. */
import { setImmediate as turn } from 'node:timers/promises'
import { createClient } from '@connectrpc/connect'
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { OnePortOptions } from '../../server/listen/one-port-options.ts'
import { FrameFlag as F, FrameType as T } from '../../wire/http2/frame.ts'
import { processMemory } from '../../wire/http2/process-memory.ts'
import { envelope } from '../support/calls.ts'
import { type StartedApp, startRoutes } from '../support/demo-server.ts'
import { encodeHeaderBlock } from '../support/http2-frames.ts'
import { callFields, cancel, openCall, openRawCaller, wholeCall } from '../support/raw-caller.ts'
import { frame, headers, type RawPeer, settingsFrame, uint32 } from '../support/raw-http2.ts'
import { untilAborted } from '../support/until-aborted.ts'

const CALM = 'C ENHANCE_YOUR_CALM'
const END = F.END_HEADERS | F.END_STREAM
const ALL_STREAM = '/greeter.v1.GreeterService/AllStream'
const GET_STREAM = '/greeter.v1.GreeterService/GetStream'
const KIB = 1_024
const MIB = 1_024 * KIB
const SETTINGS_INITIAL_WINDOW_SIZE = 4

/** A greeter whose handlers ignore their signal, and run until the test releases them. */
interface StubbornApp extends StartedApp {
  readonly counts: { started: number; running: number; most: number }
  letGo(): void
}

async function startStubborn(listen: OnePortOptions = {}): Promise<StubbornApp> {
  const counts = { started: 0, running: 0, most: 0 }
  const { promise, resolve } = Promise.withResolvers<void>()
  const hold = async () => {
    counts.started++
    counts.most = Math.max(counts.most, ++counts.running)
    await promise
    counts.running--
    return {}
  }
  const app = await startRoutes({
    // `settled` of the raw peer sends PINGs.
    listen: { keepalive: { minTimeMs: 0 }, ...listen },
    routes: (router) => router.service(GreeterService, { sayHello: hold, publish: () => ({ sequence: 1n }) }),
  })
  onTestFinished(() => resolve())
  return { ...app, counts, letGo: resolve }
}

/** A well-behaved client: the server still serves. */
async function expectAlive(origin: string): Promise<void> {
  const sessionManager = new Http2SessionManager(origin)
  const { publish } = createClient(GreeterService, createGrpcTransport({ baseUrl: origin, sessionManager }))
  try {
    expect((await publish({ topic: 'a', data: 'b' })).sequence).toBe(1n)
  } finally {
    sessionManager.abort()
  }
}

function goaways({ frames }: RawPeer): number {
  return frames.filter(({ type }) => type === T.GOAWAY).length
}

describe('rapid reset', () => {
  test('10,000 calls, each reset at once, start no handler, and close the connection at the budget', async () => {
    const { port, origin, counts } = await startStubborn({ http2: { resetRate: 0 } })
    for (let connection = 0; connection < 3; connection++) {
      const peer = await openRawCaller(port)
      for (let n = 0; n < 10_000; n++) peer.raw(wholeCall(2 * n + 1), cancel(2 * n + 1))
      expect(await peer.verdict()).toBe(CALM)
      // A read of the socket may end between a call and its reset; handlers that ignore the abort keep their slots.
      expect(counts.started).toBeLessThanOrEqual((connection + 1) * 100)
    }
    await expectAlive(origin)
    expect(processMemory.heldBytes).toBe(0)
  })

  test('a peer that resets each call once its handler runs is slowed down by the slot cooldown', async () => {
    const counts = { started: 0 }
    const { port, origin } = await startRoutes({
      listen: { maxConcurrentStreams: 10 },
      routes: (router) =>
        router.service(GreeterService, {
          publish: () => ({ sequence: 1n }),
          async sayHello(_request, { signal }) {
            counts.started++
            return await untilAborted(signal)
          },
        }),
    })
    const peer = await openRawCaller(port)
    const startedAtMs = performance.now()
    for (let n = 0; n < 400; n++) {
      peer.raw(wholeCall(2 * n + 1))
      await until(() => counts.started > n)
      peer.raw(cancel(2 * n + 1))
    }
    // The budget, and what comes back of it, are free; the others have ten places, each of which rests for 100 ms.
    const freeOnes = 210 + (performance.now() - startedAtMs) / 20
    expect(performance.now() - startedAtMs).toBeGreaterThan(((400 - freeOnes) / 10) * 100)
    expect(goaways(peer)).toBe(0)
    await expectAlive(origin)
  })

  test('handlers that ignore the abort keep their slots: no more run than streams are allowed', async () => {
    const { port, counts, letGo } = await startStubborn({ maxConcurrentStreams: 10 })
    const peer = await openRawCaller(port)
    for (let n = 0; n < 50; n++) {
      peer.raw(wholeCall(2 * n + 1))
      await peer.settled()
      peer.raw(cancel(2 * n + 1))
    }
    await peer.settled()
    expect(counts).toMatchObject({ started: 10, most: 10, running: 10 })
    letGo()
    peer.raw(wholeCall(101))
    await peer.frame(({ type, streamId }) => type === T.HEADERS && streamId === 101)
    expect(counts.most).toBe(10)
  })
})

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn()
}

describe('MadeYouReset: frames that make the server reset a running call close the connection', () => {
  test.each([
    ['WINDOW_UPDATE of 0', 'PROTOCOL_ERROR', frame(T.WINDOW_UPDATE, 0, 1, uint32(0))],
    ['DATA behind the end', 'STREAM_CLOSED', frame(T.DATA, 0, 1, [0])],
    ['HEADERS behind the end', 'STREAM_CLOSED', headers(1, [['a', 'b']], END)],
    ['a PRIORITY of the wrong length', 'FRAME_SIZE_ERROR', frame(T.PRIORITY, 0, 1, [0])],
    ['a PRIORITY on itself', 'PROTOCOL_ERROR', frame(T.PRIORITY, 0, 1, [0, 0, 0, 1, 0])],
    ['a window above 2^31-1', 'FLOW_CONTROL_ERROR', frame(T.WINDOW_UPDATE, 0, 1, uint32(2 ** 31 - 1))],
    ['a RST_STREAM of the wrong length', 'FRAME_SIZE_ERROR', frame(T.RST_STREAM, 0, 1, [0])],
  ])('%s: %s', async (_name, code, octets) => {
    const { port, counts, origin } = await startStubborn()
    const peer = await openRawCaller(port)
    peer.raw(wholeCall(1))
    await until(() => counts.running === 1)
    peer.raw(octets)
    expect(await peer.verdict()).toBe(`C ${code}`)
    await expectAlive(origin)
  })

  test('malformed bodies are stream errors that count like resets of the peer, and start no handler', async () => {
    const { port, counts } = await startStubborn()
    const peer = await openRawCaller(port)
    for (let n = 0; n < 10_000 && goaways(peer) === 0; n++) {
      const id = 2 * n + 1
      peer.raw(openCall(id, undefined, [['content-length', '1']]), frame(T.DATA, F.END_STREAM, id, [0, 0]))
    }
    expect(await peer.verdict()).toBe(CALM)
    expect(counts.started).toBe(0)
  })
})

describe('floods close the connection, and nothing else', () => {
  const opened = openCall(1)
  const settings = settingsFrame([[SETTINGS_INITIAL_WINDOW_SIZE, 70_000]])
  test.each([
    ['CONTINUATION', [frame(T.HEADERS, 0, 1, encodeHeaderBlock(callFields())), frame(T.CONTINUATION, 0, 1)]],
    ['header block', [frame(T.HEADERS, 0, 1, Buffer.alloc(9_000)), frame(T.CONTINUATION, 0, 1, Buffer.alloc(9_000))]],
    ['SETTINGS', [settings, settings]],
    ['PING', [frame(T.PING, 0, 0, Buffer.alloc(8)), frame(T.PING, 0, 0, Buffer.alloc(8))]],
    ['empty DATA', [opened, frame(T.DATA, 0, 1)]],
    ['padding', [opened, frame(T.DATA, F.PADDED, 1, [1, 0])]],
    ['PRIORITY', [opened, frame(T.PRIORITY, 0, 1, [0, 0, 0, 3, 1])]],
    ['WINDOW_UPDATE', [opened, frame(T.WINDOW_UPDATE, 0, 0, uint32(1))]],
  ] as const)('%s', async (_name, [first, rest]) => {
    const { port, origin, counts } = await startStubborn({ http2: { glitchRate: 0 } })
    const peer = await openRawCaller(port)
    peer.raw(first)
    const batch = Buffer.concat(Array.from({ length: 1_000 }, () => rest))
    for (let n = 0; n < 100 && goaways(peer) === 0 && !peer.isEnded; n++) {
      peer.raw(batch)
      await turn()
    }
    expect(await peer.verdict()).toBe(CALM)
    expect(counts.started).toBe(0)
    await expectAlive(origin)
    expect(processMemory.heldBytes).toBe(0)
  })
})

test('clients that vanish in the middle of a header block leave nothing behind', async () => {
  const { port, origin } = await startStubborn()
  for (let n = 0; n < 100; n++) {
    const peer = await openRawCaller(port)
    peer.raw(frame(T.HEADERS, 0, 1, encodeHeaderBlock(callFields())), frame(T.CONTINUATION, 0, 1, [0]))
    peer.socket.resetAndDestroy()
  }
  await expectAlive(origin)
  await expect.poll(() => processMemory.size).toBe(0)
})

test('HPACK bombs: references count at full size, and reach no handler', async () => {
  const { port, origin, counts } = await startStubborn()
  const peer = await openRawCaller(port, { settings: [[SETTINGS_INITIAL_WINDOW_SIZE, 0]] })
  const insertion = Buffer.concat([Buffer.from([0x40]), encodeHeaderBlock([['a', 'v'.repeat(4_000)]]).subarray(1)])
  const bomb = Buffer.concat([insertion, Buffer.alloc(4_000, 0xbe)])
  for (let n = 0; n < 90; n++) {
    peer.send(T.HEADERS, END, 2 * n + 1, Buffer.concat([encodeHeaderBlock(callFields()), bomb]))
  }
  const crumbs = Array.from({ length: 200 }, () => ['cookie', 'a=b'] as const)
  peer.raw(headers(181, callFields(undefined, crumbs), END))
  for (const id of [1, 179, 181]) {
    const answer = await peer.frame(({ type, streamId }) => type === T.HEADERS && streamId === id)
    if (id === 1) expect(answer.payload.toString('latin1')).toContain('too many or too large')
    expect(answer.flags & F.END_STREAM).toBe(F.END_STREAM)
  }
  expect(counts.started).toBe(0)
  expect(processMemory.heldBytes).toBe(0)
  await expectAlive(origin)
})

describe('slow peers are disconnected', () => {
  test.each([
    ['a preface that stops', { sniffTimeoutMs: 50 }, Buffer.from('PRI * HTTP/2.0\r\n')],
    ['SETTINGS that never come', { handshakeTimeoutMs: 50 }, Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
  ] as const)('%s', async (_name, listen, octets) => {
    const { port, origin } = await startStubborn(listen)
    const peer = await openRawCaller(port, { saysHello: false })
    peer.raw(octets)
    await peer.ended()
    await expectAlive(origin)
  })

  test('SETTINGS that are never acknowledged', async () => {
    const { port } = await startStubborn({ handshakeTimeoutMs: 50 })
    const peer = await openRawCaller(port, { saysHello: false })
    peer.raw(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settingsFrame([]))
    const goaway = await peer.frame(({ type }) => type === T.GOAWAY)
    expect(goaway.payload.readUInt32BE(4)).toBe(4)
    await peer.ended()
  })

  test('a header block that stops', async () => {
    const { port } = await startStubborn({ headerTimeoutMs: 50 })
    const peer = await openRawCaller(port)
    peer.raw(frame(T.HEADERS, 0, 1, encodeHeaderBlock(callFields())))
    await peer.frame(({ type }) => type === T.GOAWAY)
    await peer.ended()
  })
})

test('window overflows above 2^31-1 close every such connection, and none is kept', async () => {
  const { port, origin, counts } = await startStubborn()
  for (let n = 0; n < 50; n++) {
    const peer = await openRawCaller(port)
    peer.raw(openCall(1), frame(T.WINDOW_UPDATE, 0, 0, uint32(2 ** 31 - 1)))
    const goaway = await peer.frame(({ type }) => type === T.GOAWAY)
    expect(goaway.payload.readUInt32BE(4)).toBe(3)
    // The server waits for it, a second at the most.
    peer.socket.end()
    await peer.ended()
  }
  expect(counts.started).toBe(0)
  await expectAlive(origin)
  await expect.poll(() => processMemory.size).toBe(0)
})

test('bodies of rejected calls are freed at once, and the connection stays open', async () => {
  const app = await startRoutes({
    routes: (router) =>
      router.service(GreeterService, {
        async *allStream() {
          yield await Promise.reject(new Error('refused'))
        },
      }),
  })
  const peer = await openRawCaller(app.port)
  const half = envelope(Buffer.alloc(4 * MIB - 100)).subarray(0, 8 * KIB)
  for (let n = 0; n < 100; n++) peer.raw(openCall(2 * n + 1, ALL_STREAM), frame(T.DATA, 0, 2 * n + 1, half))
  await peer.frame(({ type }) => type === T.RST_STREAM, 100)
  await peer.settled()
  expect(goaways(peer)).toBe(0)
  expect(processMemory.heldBytes).toBe(0)
})

test('an announced length allocates nothing: memory follows the received bytes', async () => {
  const { port, counts } = await startStubborn()
  const peer = await openRawCaller(port)
  const announcement = envelope(Buffer.alloc(4 * MIB)).subarray(0, 6)
  for (let n = 0; n < 100; n++) peer.raw(openCall(2 * n + 1), frame(T.DATA, 0, 2 * n + 1, announcement))
  await peer.settled()
  expect(goaways(peer)).toBe(0)
  expect(processMemory.heldBytes).toBeGreaterThanOrEqual(600)
  expect(processMemory.heldBytes).toBeLessThanOrEqual(100 * 4 * KIB)
  expect(counts.started).toBe(0)
})

test('a reader that opens no window holds the service at its first messages, and is reset in the end', async () => {
  const ended = Promise.withResolvers<void>()
  let yielded = 0
  const data = 'x'.repeat(64 * KIB)
  const app = await startRoutes({
    listen: { stallTimeoutMs: 100 },
    routes: (router) =>
      router.service(GreeterService, {
        async *getStream() {
          try {
            for (; yielded < 16_384; yielded++) yield { data }
          } finally {
            ended.resolve()
          }
        },
      }),
  })
  const peer = await openRawCaller(app.port, { settings: [[SETTINGS_INITIAL_WINDOW_SIZE, 0]] })
  peer.raw(openCall(1, GET_STREAM), frame(T.DATA, F.END_STREAM, 1, envelope(Buffer.alloc(0))))
  await peer.frame(({ type }) => type === T.HEADERS)
  await peer.settled()
  expect(yielded).toBeLessThanOrEqual(2)
  expect(processMemory.heldBytes).toBeLessThan(256 * KIB)
  await peer.frame(({ type }) => type === T.RST_STREAM)
  await ended.promise
  expect(yielded).toBeLessThanOrEqual(2)
  expect(processMemory.heldBytes).toBe(0)
})
