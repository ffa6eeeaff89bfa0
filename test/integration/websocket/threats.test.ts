/** Clients that mean harm, or are broken: their WebSocket ends, the process and other calls go on. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Code, type ConnectRouter, type ServiceImpl } from '@connectrpc/connect'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import type { AppOptions } from '../../../server/app.ts'
import { processMemory } from '../../../wire/http2/http2.ts'
import { type StartedApp, startRoutes } from '../../support/demo-server.ts'
import { echoRoutes } from '../../support/echo-greeter.ts'
import { untilAborted } from '../../support/until-aborted.ts'
import { BLOCK, CARRIERS, type CarrierName, FramePeer } from '../../support/websocket/frame-peer.ts'
import { binary, clientFrame, close } from '../../support/websocket/frames.ts'
import { callByWebSocket, WebSocketCall } from '../../support/websocket/websocket-client.ts'

const PATH = '/greeter.v1.GreeterService/'
const { sayHello, allStream } = GreeterService.method

/** A server, with a call that was open before the attack and must go on after it. */
async function attacked(
  options: Partial<AppOptions> = {},
): Promise<{ app: StartedApp; survives: () => Promise<void> }> {
  const app = await startRoutes({ lane: 'native', routes: echoRoutes, ...options })
  const origin = `ws://127.0.0.1:${app.port}`
  const other = await WebSocketCall.open({ origin, method: allStream })
  other.send({ data: 'before' })
  await other.untilMessages(1)
  return {
    app,
    async survives() {
      other.send({ data: 'after' })
      expect((await other.untilMessages(2)).map(({ data }) => data)).toEqual(['BEFORE', 'AFTER'])
      const fresh = await callByWebSocket({ origin, method: sayHello }, [{ name: 'Ada' }])
      expect(fresh.decoded).toMatchObject([{ message: 'Hello Ada' }])
    },
  }
}

/** A greeter that says hello and echoes streams, and what a test adds. */
function routesWith(more: Partial<ServiceImpl<typeof GreeterService>>): (router: ConnectRouter) => void {
  return (router) =>
    router.service(GreeterService, {
      sayHello: ({ name }) => ({ message: `Hello ${name}` }),
      async *allStream(messages) {
        for await (const { data } of messages) yield { data: data.toUpperCase() }
      },
      ...more,
    })
}

function open(carrier: CarrierName, { port }: { port: number }, method = 'AllStream'): Promise<FramePeer> {
  return FramePeer.open(carrier, { port, path: PATH + method })
}

describe.each(CARRIERS)('over %s', (carrier) => {
  test('a client that sends no header block is closed', async () => {
    const { app, survives } = await attacked({ listen: { headerTimeoutMs: 100 } })
    const peer = await open(carrier, app)
    expect(await peer.untilClosed()).toBe(1008)
    await survives()
  })

  test('a header block that arrives too slowly is closed too', async () => {
    const { app, survives } = await attacked({ listen: { headerTimeoutMs: 200 } })
    const peer = await open(carrier, app)
    const trickle = (async () => {
      for (const octet of BLOCK) {
        if (peer.closeCode !== undefined) return
        peer.write(Buffer.from([octet]))
        await sleep(20)
      }
    })()
    expect(await peer.untilClosed()).toBe(1008)
    await trickle
    await survives()
  })

  test.each<[string, Buffer, Code]>([
    ['too large', binary(`x: ${'y'.repeat(20_000)}\r\n`), Code.ResourceExhausted],
    ['too many fields', binary('a: b\r\n'.repeat(200)), Code.ResourceExhausted],
    ['no field', binary('no colon\r\n'), Code.Internal],
    ['a pseudo-header', binary(':path: /other\r\n'), Code.Internal],
    ['a name with a space', binary('a b: c\r\n'), Code.Internal],
    ['a bare line feed', binary('a: b\nx: y\r\n'), Code.Internal],
    ['a NUL', binary('a: \0\r\n'), Code.Internal],
    ['an octet above ASCII', binary('a: \xe9\r\n'), Code.Internal],
    ['no content type', binary(''), Code.InvalidArgument],
    ['a content type of another protocol', binary('content-type: application/json\r\n'), Code.InvalidArgument],
    ['the text form of gRPC-Web', binary('content-type: application/grpc-web-text\r\n'), Code.InvalidArgument],
    ['two content types', binary('content-type: application/grpc-web\r\n'.repeat(2)), Code.Internal],
    [
      'a timeout that is none',
      binary('content-type: application/grpc-web\r\ngrpc-timeout: soon\r\n'),
      Code.InvalidArgument,
    ],
    [
      'binary metadata that is not base64',
      binary('content-type: application/grpc-web\r\nx-bin: ???\r\n'),
      Code.InvalidArgument,
    ],
  ])('a header block with %s is refused in the protocol of the call', async (_what, block, code) => {
    const { app, survives } = await attacked()
    const peer = await open(carrier, app)
    peer.write(block, binary(1))
    await peer.until(() => peer.closeCode !== undefined)
    expect(peer.closeCode).toBe(1000)
    expect(peer.answer.trailers?.get('grpc-status')).toBe(String(code))
    await survives()
  })

  test('a flood of pings ends the WebSocket', async () => {
    const { app, survives } = await attacked()
    const peer = await open(carrier, app)
    peer.write(BLOCK, ...Array<Buffer>(1_000).fill(clientFrame({ opcode: 9, payload: Buffer.alloc(125) })))
    await peer.until(() => peer.closeCode !== undefined)
    expect(peer.closeCode).toBe(1008)
    expect(peer.frames.filter(({ opcode }) => opcode === 10).length).toBeLessThanOrEqual(101)
    await survives()
  })

  test.each<[string, Buffer]>([
    ['empty fragments', clientFrame({ opcode: 0, isLast: false })],
    ['fragments of one octet', clientFrame({ opcode: 0, isLast: false, payload: Buffer.from([0]) })],
  ])('a flood of %s ends the WebSocket', async (_what, fragment) => {
    const { app, survives } = await attacked()
    const peer = await open(carrier, app)
    const first = clientFrame({ opcode: 2, isLast: false, payload: Buffer.alloc(64) })
    peer.write(BLOCK, first, ...Array<Buffer>(2_000).fill(fragment))
    await peer.until(() => peer.closeCode !== undefined)
    expect(peer.closeCode).toBe(1008)
    await survives()
  })

  test('a flood of empty messages ends the WebSocket', async () => {
    const { app, survives } = await attacked()
    const peer = await open(carrier, app)
    peer.write(BLOCK, ...Array<Buffer>(2_000).fill(binary()))
    await peer.until(() => peer.closeCode !== undefined)
    expect(peer.closeCode).toBe(1008)
    await survives()
  })

  test('a flood of closes is answered once', async () => {
    const { app, survives } = await attacked()
    const peer = await open(carrier, app)
    peer.write(BLOCK, ...Array<Buffer>(1_000).fill(close(1000)))
    await peer.ended
    expect(peer.frames.filter(({ opcode }) => opcode === 8)).toHaveLength(1)
    await survives()
  })

  test('compression is never agreed on, and compressed frames are an error', async () => {
    const { app, survives } = await attacked()
    const peer = await FramePeer.open(carrier, {
      port: app.port,
      path: `${PATH}AllStream`,
      fields: { 'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits' },
    })
    expect(peer.head).not.toContain('sec-websocket-extensions')
    peer.write(BLOCK, clientFrame({ opcode: 2, reserved: 4, payload: Buffer.from([0x62, 0, 0]) }))
    await peer.until(() => peer.closeCode !== undefined)
    expect(peer.closeCode).toBe(1002)
    await survives()
  })

  test('a message above readMaxBytes is refused when its length is known', async () => {
    const { app, survives } = await attacked({ readMaxBytes: 1_000 })
    const peer = await open(carrier, app)
    peer.write(BLOCK, clientFrame({ opcode: 2, length: 2n ** 40n, payload: Buffer.from([0, 0, 0, 1, 0, 0]) }))
    await peer.until(() => peer.closeCode !== undefined)
    expect(peer.answer.trailers?.get('grpc-status')).toBe(String(Code.ResourceExhausted))
    await survives()
  })

  test.each<[string, Buffer]>([
    ['an unknown control octet', binary(2)],
    ['data in a half-close', binary(1, 0)],
    ['a message after the half-close', Buffer.concat([binary(1), binary(0, 0, 0, 0, 0, 0)])],
    ['a second half-close', Buffer.concat([binary(1), binary(1)])],
  ])('%s is an error of the protocol', async (_what, octets) => {
    const { app, survives } = await attacked({
      routes: routesWith({
        async putStream(messages, { signal }) {
          for await (const _ of messages);
          return untilAborted(signal)
        },
      }),
    })
    const peer = await open(carrier, app, 'PutStream')
    peer.write(BLOCK, octets)
    await peer.until(() => peer.closeCode !== undefined)
    expect(peer.closeCode).toBe(1002)
    await survives()
  })

  test('a client that stops inside of a message is ended', async () => {
    const { app, survives } = await attacked({ listen: { stallTimeoutMs: 200 } })
    const peer = await open(carrier, app)
    peer.write(BLOCK, binary(0, 0, 0, 0, 0, 100, 'only some'))
    await peer.until(() => peer.closeCode !== undefined)
    expect(peer.answer.trailers?.get('grpc-status')).toBe(String(Code.DeadlineExceeded))
    await survives()
  })

  test('a client that rests between messages is not', async () => {
    const { app } = await attacked({ listen: { stallTimeoutMs: 50 } })
    const peer = await open(carrier, app)
    peer.write(BLOCK, binary(0, 0, 0, 0, 0, 0))
    await sleep(300)
    peer.write(binary(0, 0, 0, 0, 0, 0), binary(1))
    await peer.until(() => peer.closeCode !== undefined)
    expect(peer.answer.messages).toHaveLength(2)
  })
})

describe('a client that never reads', () => {
  let before = 0
  beforeAll(() => {
    before = processMemory.heldBytes
  })
  // The last socket may close after its server.
  afterAll(() => vi.waitFor(() => expect(processMemory.heldBytes).toBe(before)))

  test.each(CARRIERS)('makes the handler wait, and is ended in the end: %s', async (carrier) => {
    let produced = 0
    const ended = Promise.withResolvers<void>()
    const { app, survives } = await attacked({
      listen: { stallTimeoutMs: 300, http2: { liveStallTimeoutMs: 300 } },
      routes: routesWith({
        async *getStream() {
          try {
            for (;;) {
              produced++
              yield { data: 'x'.repeat(65_536) }
            }
          } finally {
            ended.resolve()
          }
        },
      }),
    })
    const peer = await open(carrier, app, 'GetStream')
    peer.stream.pause()
    peer.stream.removeAllListeners('data')
    peer.write(BLOCK, binary(0, 0, 0, 0, 0, 0), binary(1))
    peer.stream.pause()
    await ended.promise
    expect(produced * 65_536).toBeLessThan(32 * 1_048_576)
    await survives()
    peer.stream.destroy()
  })

  test('a ping flood of one that does not read makes no queue of pongs', async () => {
    const { app, survives } = await attacked({ listen: { stallTimeoutMs: 500, http2: { pingBurst: 1_000_000 } } })
    const peer = await open('HTTP/1.1', app)
    peer.stream.pause()
    peer.stream.removeAllListeners('data')
    const pings = Buffer.concat(Array<Buffer>(10_000).fill(clientFrame({ opcode: 9, payload: Buffer.alloc(125) })))
    peer.write(BLOCK)
    for (let i = 0; i < 20; i++) peer.write(pings)
    const [queued] = await Promise.all([mostQueued(app), sleep(400)])
    expect(queued).toBeLessThan(1_048_576)
    await survives()
  })
})

/** Returns the most octets that any socket of the server has queued while a test runs. */
async function mostQueued({ fastify }: StartedApp): Promise<number> {
  let most = 0
  for (let i = 0; i < 40; i++) {
    for (const { socket } of (
      fastify.server as unknown as { openConnections(): Iterable<{ socket: { writableLength: number } }> }
    ).openConnections())
      most = Math.max(most, socket.writableLength)
    await sleep(10)
  }
  return most
}
