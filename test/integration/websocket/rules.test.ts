/** Every rule of the port holds for calls over WebSockets: deadlines, cancellation, gates, limits, drains, ages, observers. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import type { AppOptions } from '../../../server/app.ts'
import type { OnePortServer } from '../../../server/listen/one-port-server.ts'
import type { PortConnection } from '../../../server/listen/port-connection.ts'
import { processMemory } from '../../../wire/http2/http2.ts'
import { CallRecorder } from '../../support/call-recorder.ts'
import { type StartedApp, startRoutes } from '../../support/demo-server.ts'
import { echoRoutes } from '../../support/echo-greeter.ts'
import { LogCapture } from '../../support/log-capture.ts'
import { untilAborted } from '../../support/until-aborted.ts'
import { BLOCK, CARRIERS, type CarrierName, FramePeer, openSession } from '../../support/websocket/frame-peer.ts'
import { binary, clientFrame, close, concat } from '../../support/websocket/frames.ts'
import { callByWebSocket, handshakeStatus, WebSocketCall } from '../../support/websocket/websocket-client.ts'

const PATH = '/greeter.v1.GreeterService/'
const { sayHello, getStream, allStream } = GreeterService.method
const EMPTY = binary(0, 0, 0, 0, 0, 0)

async function start(options: Partial<AppOptions> = {}): Promise<StartedApp & { readonly ws: string }> {
  const app = await startRoutes({ lane: 'native', routes: echoRoutes, ...options })
  return { ...app, ws: `ws://127.0.0.1:${app.port}` }
}

function open(carrier: CarrierName, { port }: { port: number }, method: string): Promise<FramePeer> {
  return FramePeer.open(carrier, { port, path: PATH + method })
}

function connectionsOf({ fastify }: StartedApp): PortConnection[] {
  return [...(fastify.server as unknown as OnePortServer).openConnections()]
}

/** A greeter whose call ends with its caller, and what its handler saw. */
function waiting() {
  const started = Promise.withResolvers<HandlerContext>()
  const ended = Promise.withResolvers<ConnectError>()
  const routes: AppOptions['routes'] = (router) =>
    router.service(GreeterService, {
      sayHello: ({ name }) => ({ message: name }),
      async *allStream(_messages, context) {
        started.resolve(context)
        yield { data: 'first' }
        await untilAborted(context.signal).catch((reason) => {
          ended.resolve(ConnectError.from(reason))
          throw reason
        })
      },
    })
  return { routes, started: started.promise, ended: ended.promise }
}

describe.each(CARRIERS)('over %s', (carrier) => {
  test('a deadline ends the call', async () => {
    const { routes } = waiting()
    const peer = await open(carrier, await start({ routes }), 'AllStream')
    peer.write(binary('content-type: application/grpc-web\r\ngrpc-timeout: 100m\r\n'))
    expect(await peer.untilClosed()).toBe(1000)
    expect(peer.answer.trailers?.get('grpc-status')).toBe(String(Code.DeadlineExceeded))
  })

  test.each<[string, (peer: FramePeer) => void]>([
    ['a close', (peer) => peer.write(close(1000))],
    ['a close after the half-close', (peer) => peer.write(binary(1), close(1001))],
    ['the end of the connection', (peer) => void peer.stream.end()],
    ['a lost connection', (peer) => void peer.stream.destroy()],
    ['a frame that is an error', (peer) => peer.write(clientFrame({ opcode: 3 }))],
  ])('%s cancels the call', async (_what, leave) => {
    const { routes, ended } = waiting()
    const observer = new CallRecorder()
    const peer = await open(carrier, await start({ routes, observers: [observer] }), 'AllStream')
    peer.write(BLOCK, EMPTY)
    await peer.until(() => peer.answer.messages.length === 1)
    leave(peer)
    expect((await ended).code).toBe(Code.Canceled)
    expect(await observer.ended(1)).toMatchObject([{ code: Code.Canceled, protocol: 'grpc-web', sentMessages: 1 }])
  })

  test('a drain tells the handler, and ends the call with UNAVAILABLE', async () => {
    const { routes, started } = waiting()
    const app = await start({ routes, listen: { drainTimeoutMs: 300 } })
    const peer = await open(carrier, app, 'AllStream')
    const unborn = await open(carrier, app, 'AllStream')
    peer.write(BLOCK, EMPTY)
    await peer.until(() => peer.answer.messages.length === 1)
    const drained = app.drain()
    expect(await unborn.untilClosed()).toBe(1001)
    unborn.write(close(1001))
    const { signal } = await started
    await peer.untilClosed()
    expect(peer.answer.trailers?.get('grpc-status')).toBe(String(Code.Unavailable))
    expect(ConnectError.from(signal.reason).code).toBe(Code.Unavailable)
    peer.write(close(1000))
    await drained
  })

  test('a drain lets a call end by itself', async () => {
    const app = await start({ listen: { drainTimeoutMs: 20_000 } })
    const peer = await open(carrier, app, 'AllStream')
    peer.write(BLOCK, EMPTY)
    await peer.until(() => peer.answer.messages.length === 1)
    const drained = app.drain()
    await sleep(50)
    peer.write(EMPTY, binary(1))
    expect(await peer.untilClosed()).toBe(1000)
    expect(peer.answer.messages).toHaveLength(2)
    expect(peer.answer.trailers?.get('grpc-status')).toBe('0')
    peer.write(close(1000))
    await drained
  })

  test('messages of megabytes pass in both directions, in fragments too', async () => {
    const peer = await open(carrier, await start(), 'AllStream')
    const text = 'x'.repeat(3_000_000)
    // data = 2: a length of three octets
    const message = concat([0x12, 0xc0, 0x8d, 0xb7, 0x01, text])
    const prefix = Buffer.alloc(5)
    prefix.writeUInt32BE(message.length, 1)
    const body = concat([0, prefix, message])
    const middle = 1_000_000
    peer.write(BLOCK, clientFrame({ opcode: 2, payload: body.subarray(0, middle), isLast: false }))
    peer.write(clientFrame({ opcode: 0, payload: body.subarray(middle) }), binary(1))
    expect(await peer.untilClosed()).toBe(1000)
    expect(peer.answer.trailers?.get('grpc-status')).toBe('0')
    expect(peer.answer.messages.map(({ length }) => length)).toEqual([message.length])
  })

  test('a handler that does not read holds the client back', async () => {
    const { routes, started, ended } = waiting()
    const peer = await open(carrier, await start({ routes, listen: { stallTimeoutMs: 400 } }), 'AllStream')
    const before = processMemory.heldBytes
    peer.write(BLOCK)
    const flood = clientFrame({ opcode: 2, payload: concat([0, 0, 0, 0x10, 0, 0, Buffer.alloc(0x100000)]) })
    await started
    for (let i = 0; i < 32; i++) peer.write(flood)
    await sleep(300)
    expect(peer.stream.writableLength).toBeGreaterThan(8 * 1_048_576)
    expect(processMemory.heldBytes - before).toBeLessThan(8 * 1_048_576)
    peer.stream.destroy()
    expect((await ended).code).toBe(Code.Canceled)
    await expect.poll(() => processMemory.heldBytes).toBe(before)
  })

  test('the call that holds most is ended when the memory of the process is short', async () => {
    const app = await start({ listen: { http2: { processBufferBytes: 1_000_000 } } })
    const small = await open(carrier, app, 'AllStream')
    small.write(BLOCK, EMPTY)
    const peer = await open(carrier, app, 'AllStream')
    peer.write(BLOCK, clientFrame({ opcode: 2, payload: concat([0, 0, 0, 0x30, 0, 0, Buffer.alloc(2_000_000)]) }))
    await peer.untilClosed()
    expect(peer.answer.trailers?.get('grpc-status')).toBe(String(Code.ResourceExhausted))
    small.write(EMPTY, binary(1))
    await small.untilClosed()
    expect(small.answer.messages).toHaveLength(2)
  })

  test('one start and one end are observed, on the connection that channelz shows', async () => {
    const observer = new CallRecorder()
    const app = await start({ observers: [observer] })
    const peer = await open(carrier, app, 'AllStream')
    peer.write(BLOCK, EMPTY)
    await peer.until(() => peer.answer.messages.length === 1)
    expect(connectionsOf(app).map(({ key }) => key)).toContain(observer.calls[0]?.start.connection)
    peer.write(EMPTY, binary(1))
    await peer.untilClosed()
    const [call] = await observer.ended(1)
    expect(call).toMatchObject({
      protocol: 'grpc-web',
      path: `${PATH}AllStream`,
      httpMethod: 'POST',
      httpVersion: carrier === 'HTTP/2' ? '2' : '1.1',
      httpStatus: 200,
      code: undefined,
      receivedMessages: 2,
      sentMessages: 2,
    })
  })
})

test('what does not become a call is observed too', async () => {
  const observer = new CallRecorder()
  const app = await start({ observers: [observer], listen: { headerTimeoutMs: 100 } })
  expect(await handshakeStatus(`${app.ws}${PATH}SayHello`, { headers: { origin: 'https://evil.example' } })).toBe(403)
  await (await open('HTTP/1.1', app, 'SayHello')).untilClosed()
  const faulty = await open('HTTP/1.1', app, 'SayHello')
  faulty.write(binary('faulty'))
  await faulty.untilClosed()
  const other = await open('HTTP/1.1', app, 'SayHello')
  other.write(binary('content-type: application/json\r\n'))
  await other.untilClosed()
  expect(await observer.ended(4)).toMatchObject([
    { httpStatus: 403, code: Code.PermissionDenied, method: sayHello },
    { httpStatus: 101, code: Code.DeadlineExceeded },
    { httpStatus: 101, code: Code.Internal },
    { httpStatus: 101, code: Code.InvalidArgument },
  ])
})

test('the access log has a line for the call', async () => {
  const log = new LogCapture()
  const { ws } = await start({ logger: log.logger })
  await callByWebSocket({ origin: ws, method: sayHello }, [{ name: 'Ada' }])
  await expect.poll(() => log.withMessage('call')).toHaveLength(1)
  expect(log.withMessage('call')).toMatchObject([{ protocol: 'grpc-web', code: 'ok' }])
})

test('gates and interceptors see the header block, and binary metadata passes both ways', async () => {
  const { ws } = await start({
    requestGate: ({ requestHeader }) => {
      if (requestHeader.get('x-user') !== 'ada') throw new ConnectError('who?', Code.Unauthenticated)
    },
    interceptors: [
      (next) => async (request) => {
        const response = await next(request)
        response.header.set('x-seen-bin', request.header.get('x-in-bin') ?? '')
        return response
      },
    ],
  })
  const refused = await callByWebSocket({ origin: ws, method: sayHello }, [{ name: 'Ada' }])
  expect(refused.trailers?.get('grpc-status')).toBe(String(Code.Unauthenticated))
  const block = { 'x-user': 'ada', 'X-In-Bin': 'AAEC/w==' }
  const served = await callByWebSocket({ origin: ws, method: sayHello, block }, [{ name: 'Ada' }])
  expect(served.headers.get('x-seen-bin')).toBe('AAEC/w==')
})

test('a message above writeMaxBytes is refused', async () => {
  const { ws } = await start({ writeMaxBytes: 10 })
  const answer = await callByWebSocket({ origin: ws, method: sayHello }, [{ name: 'a long name' }])
  expect(answer.trailers?.get('grpc-status')).toBe(String(Code.ResourceExhausted))
})

test('a hundred WebSockets at once', async () => {
  const { ws } = await start()
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, at) =>
      callByWebSocket({ origin: ws, method: getStream }, [{ topic: `t${at}`, limit: 5 }]),
    ),
  )
  for (const [at, { decoded }] of answers.entries())
    expect(decoded.map(({ topic }) => topic)).toEqual(Array(5).fill(`t${at}`))
})

test('a connection that has reached its age is ended after the grace', async () => {
  const { routes, ended } = waiting()
  const keepalive = { maxConnectionAgeMs: 200, maxConnectionAgeGraceMs: 200 }
  const peer = await open('HTTP/1.1', await start({ routes, listen: { keepalive } }), 'AllStream')
  peer.write(BLOCK, EMPTY)
  await peer.ended
  expect((await ended).code).toBe(Code.Canceled)
})

test('a client that answers no pings is cut, and one that does is not', async () => {
  const { routes } = waiting()
  const { ws } = await start({ routes, listen: { keepalive: { timeMs: 1_000, timeoutMs: 200 } } })
  const options = { autoPong: false }
  const silent = await WebSocketCall.open({ origin: ws, method: allStream, options })
  const alive = await WebSocketCall.open({ origin: ws, method: allStream })
  alive.send({})
  silent.send({})
  expect((await silent.closed).code).toBe(1006)
  expect(alive.socket.readyState).toBe(alive.socket.OPEN)
})

test('a client that reads slowly is not taken for a dead one, while octets wait for it', async () => {
  const messages = 40
  const routes: AppOptions['routes'] = (router) =>
    router.service(GreeterService, {
      async *getStream() {
        for (let i = 0; i < messages; i++) yield { data: 'x'.repeat(250_000) }
      },
    })
  const { ws } = await start({ routes, listen: { keepalive: { timeMs: 1_000, timeoutMs: 200 } } })
  const call = await WebSocketCall.open({ origin: ws, method: getStream })
  call.socket.pause()
  call.send({})
  call.halfClose()
  await sleep(2_500)
  call.socket.resume()
  const { decoded, trailers } = await call.answer()
  expect(decoded).toHaveLength(messages)
  expect(trailers?.get('grpc-status')).toBe('0')
})

test('handlers that go on after their clients have left occupy the streams of their connection', async () => {
  const goOn = Promise.withResolvers<void>()
  let started = 0
  const routes: AppOptions['routes'] = (router) =>
    router.service(GreeterService, {
      async *allStream() {
        started++
        yield { data: 'first' }
        await goOn.promise
      },
    })
  const { port } = await start({ routes, listen: { maxConcurrentStreams: 2 } })
  const session = await openSession({ port })
  for (const leave of [close(1000), null]) {
    const peer = await FramePeer.onStream({ port, path: `${PATH}AllStream` }, session)
    peer.write(BLOCK)
    await peer.until(() => peer.answer.messages.length === 1)
    if (leave === null) peer.stream.destroy()
    else peer.write(leave)
    await peer.ended
  }
  const third = FramePeer.onStream({ port, path: `${PATH}AllStream` }, session)
  expect(await Promise.race([third.then(({ status }) => status), sleep(200, 'waits')])).toBe('waits')
  goOn.resolve()
  const peer = await third
  peer.write(BLOCK)
  await peer.until(() => peer.answer.messages.length === 1)
  expect(started).toBe(3)
})

test('WebSockets that do not become calls leave no stream occupied', async () => {
  const { port } = await start({ listen: { maxConcurrentStreams: 1, headerTimeoutMs: 100 } })
  const session = await openSession({ port })
  const leaves: ((peer: FramePeer) => void)[] = [
    (peer) => peer.write(close(1000)),
    (peer) => void peer.stream.destroy(),
    (peer) => peer.write(clientFrame({ opcode: 3 })),
    (peer) => peer.write(binary('faulty'), close(1000)),
    () => {},
  ]
  for (const leave of leaves) {
    const peer = await FramePeer.onStream({ port, path: `${PATH}AllStream` }, session)
    leave(peer)
    if (!peer.stream.destroyed) await peer.untilClosed()
    peer.write(close(1000))
    await peer.ended
  }
  expect((await FramePeer.onStream({ port, path: `${PATH}AllStream` }, session)).status).toBe(200)
})

test('a connection that became a WebSocket has a place, which it frees', async () => {
  const app = await start({ listen: { maxConnections: 1 } })
  const peer = await open('HTTP/1.1', app, 'AllStream')
  peer.write(BLOCK, EMPTY)
  await peer.until(() => peer.answer.messages.length === 1)
  await expect(open('HTTP/1.1', app, 'AllStream')).rejects.toThrow('closed before')
  peer.write(binary(1))
  await peer.untilClosed()
  peer.write(close(1000))
  await peer.ended
  await expect.poll(() => connectionsOf(app)).toEqual([])
  const next = await open('HTTP/1.1', app, 'AllStream')
  expect(next.status).toBe(101)
})
