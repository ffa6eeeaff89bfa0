/** Calls over WebSockets whose route has hooks of Fastify go through Fastify: a hook that refuses, refuses them too. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Code, ConnectError } from '@connectrpc/connect'
import { type FastifyInstance, fastify } from 'fastify'
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../../server/listen/one-port.ts'
import type { OnePortOptions } from '../../../server/listen/one-port-options.ts'
import { portico } from '../../../server/plugin.ts'
import type { PorticoOptions } from '../../../server/plugin-options.ts'
import { processMemory } from '../../../wire/http2/http2.ts'
import { CallRecorder } from '../../support/call-recorder.ts'
import { startFastify } from '../../support/demo-server.ts'
import { echoRoutes } from '../../support/echo-greeter.ts'
import { BLOCK, CARRIERS, FramePeer } from '../../support/websocket/frame-peer.ts'
import { binary, clientFrame, close } from '../../support/websocket/frames.ts'
import { callByWebSocket, WebSocketCall } from '../../support/websocket/websocket-client.ts'

const { sayHello, getStream, putStream, allStream } = GreeterService.method

async function start(
  hooks: (app: FastifyInstance) => void,
  options: Partial<PorticoOptions> = {},
  limits: Partial<OnePortOptions> = {},
): Promise<{ port: number; origin: string }> {
  const app = fastify(onePort({ drainTimeoutMs: 0, ...limits }))
  hooks(app)
  await app.register(portico, { routes: echoRoutes, ...options })
  const { port } = await startFastify(app)
  return { port, origin: `ws://127.0.0.1:${port}` }
}

describe.each(CARRIERS)('over %s', (carrier) => {
  const path = '/greeter.v1.GreeterService/SayHello'

  test('an onRequest hook that refuses, refuses the call', async () => {
    const { port } = await start((app) => {
      app.addHook('onRequest', async (request, reply) => {
        if (request.headers.authorization !== 'Bearer good') return reply.code(401).send({ error: 'who are you?' })
      })
    })
    const peer = await FramePeer.open(carrier, { port, path })
    peer.write(BLOCK, binary(0, 0, 0, 0, 0, 0), binary(1))
    await peer.until(() => peer.closeCode === 1000)
    expect(peer.answer.messages).toEqual([])
    expect(peer.answer.trailers?.get('grpc-status')).toBe(String(Code.Unauthenticated))
    expect(peer.answer.headers.has('content-length')).toBe(false)
    const other = await FramePeer.open(carrier, { port, path, fields: { authorization: 'Bearer good' } })
    other.write(BLOCK, binary(0, 0, 0, 0, 0, 0), binary(1))
    await other.until(() => other.closeCode === 1000)
    expect(other.answer.trailers?.get('grpc-status')).toBe('0')
  })

  test('a hook that throws, fails the call with its error', async () => {
    const { port } = await start((app) => {
      app.addHook('preHandler', async () => {
        throw new ConnectError('not today', Code.FailedPrecondition)
      })
    })
    const peer = await FramePeer.open(carrier, { port, path })
    peer.write(BLOCK, binary(0, 0, 0, 0, 0, 0), binary(1))
    await peer.until(() => peer.closeCode === 1000)
    expect(peer.answer.trailers?.get('grpc-status')).toBe(String(Code.FailedPrecondition))
    expect(peer.answer.trailers?.get('grpc-message')).toBe('not today')
  })

  test('a call to an unknown method does not get past the hooks of the app', async () => {
    const seen: string[] = []
    const { port } = await start((app) => {
      app.addHook('onRequest', async ({ url, method }) => void seen.push(`${method} ${url}`))
    })
    const peer = await FramePeer.open(carrier, { port, path: '/greeter.v1.GreeterService/Nothing' })
    peer.write(BLOCK, binary(0, 0, 0, 0, 0, 0), binary(1))
    await peer.until(() => peer.closeCode === 1000)
    expect(seen).toEqual(['POST /greeter.v1.GreeterService/Nothing'])
    expect(peer.answer.trailers?.get('grpc-status')).toBe(String(Code.Unimplemented))
  })
})

const ENDS: [string, Code, (peer: FramePeer) => void][] = [
  ['the client closes', Code.Canceled, (peer) => peer.write(close(1000))],
  ['the connection is lost', Code.Canceled, (peer) => void peer.stream.destroy()],
  ['the client breaks the rules', Code.Canceled, (peer) => peer.write(clientFrame({ opcode: 3 }))],
  ['a message stops arriving', Code.DeadlineExceeded, (peer) => peer.write(binary(0, 0, 0, 0, 0, 9, 'part'))],
  ['a message is malformed', Code.Internal, (peer) => peer.write(binary(0, 0, 0, 0, 0, 1, 0xff), binary(1))],
]

describe.each(CARRIERS)('a call in a hook, over %s, is observed once, and leaves nothing held', (carrier) => {
  test.each(ENDS)('%s', async (_what, code, end) => {
    const observer = new CallRecorder()
    const held = processMemory.heldBytes
    const { port } = await start(
      (app) => app.addHook('preHandler', async () => void (await sleep(50))),
      { observers: [observer] },
      { stallTimeoutMs: 200 },
    )
    const peer = await FramePeer.open(carrier, { port, path: '/greeter.v1.GreeterService/PutStream' })
    peer.write(BLOCK)
    end(peer)
    const httpVersion = carrier === 'HTTP/2' ? '2' : '1.1'
    expect(await observer.ended(1)).toMatchObject([{ code, protocol: 'grpc-web', httpVersion }])
    peer.write(close(1000))
    await peer.ended
    await expect.poll(() => processMemory.heldBytes).toBe(held)
  })
})

test('all four modes go through hooks, with their headers and what is in AsyncLocalStorage', async () => {
  const storage = new AsyncLocalStorage<string>()
  const { origin } = await start((app) => {
    app.addHook('onRequest', (request, reply, done) => {
      reply.header('x-hook', 'was here')
      storage.run(String(request.headers['x-user']), done)
    })
  })
  const block = { 'echo-a': 'b', 'x-user': 'ada' }
  const unary = await callByWebSocket({ origin, method: sayHello, block }, [{ name: 'Ada' }])
  expect(unary.decoded).toMatchObject([{ message: 'Hello Ada' }])
  expect(unary.headers.get('x-hook')).toBe('was here')
  expect(unary.headers.get('echo-a')).toBe('b')
  const served = await callByWebSocket({ origin, method: getStream, block }, [{ topic: 't', limit: 3 }])
  expect(served.decoded).toHaveLength(3)
  const sent = await callByWebSocket({ origin, method: putStream, block }, [{ data: 'a' }, { data: 'b' }])
  expect(sent.decoded).toMatchObject([{ accepted: 2n }])
  const call = await WebSocketCall.open({ origin, method: allStream, block })
  for (let i = 1; i <= 3; i++) {
    call.send({ data: `a${i}` })
    expect((await call.untilMessages(i)).at(-1)?.data).toBe(`A${i}`)
  }
  call.halfClose()
  expect((await call.answer()).trailers?.get('grpc-status')).toBe('0')
})

test('closing cancels a call that went through hooks', async () => {
  const ended = Promise.withResolvers<unknown>()
  const { origin } = await start((app) => app.addHook('onRequest', async () => {}), {
    routes: (router) =>
      router.service(GreeterService, {
        async *getStream(_request, { signal }) {
          yield { data: 'first' }
          signal.addEventListener('abort', () => ended.resolve(signal.reason))
          await ended.promise
        },
      }),
  })
  const call = await WebSocketCall.open({ origin, method: getStream })
  call.send({})
  call.halfClose()
  await call.untilMessages(1)
  call.socket.close()
  expect(ConnectError.from(await ended.promise).code).toBe(Code.Canceled)
})
