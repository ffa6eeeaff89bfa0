/** What clients of other makers and other networks do: formats, compression, pipelining, octets that come one by one. */
import { gunzipSync, gzipSync } from 'node:zlib'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { createChannel, createClient, WebsocketTransport } from 'nice-grpc-web'
import { expect, onTestFinished, test } from 'vitest'
import {
  AllStreamRequestSchema,
  AllStreamResponseSchema,
  GreeterService,
  SayHelloResponseSchema,
} from '../../../gen/greeter/v1/greeter_pb.js'
import { startRoutes } from '../../support/demo-server.ts'
import { echoRoutes } from '../../support/echo-greeter.ts'
import { RawSocket } from '../../support/raw-socket.ts'
import { startSlicingProxy } from '../../support/slicing-proxy.ts'
import { FramePeer } from '../../support/websocket/frame-peer.ts'
import { binary, close, concat, serverFrames } from '../../support/websocket/frames.ts'
import { WebSocketCall } from '../../support/websocket/websocket-client.ts'

const PATH = '/greeter.v1.GreeterService/'
const HELLO = Buffer.from('0a03416461', 'hex')

async function start(): Promise<number> {
  const { port } = await startRoutes({ lane: 'native', routes: echoRoutes })
  return port
}

test('octets that come one by one, both ways', async () => {
  const proxy = await startSlicingProxy(await start())
  onTestFinished(() => proxy.close())
  const call = await WebSocketCall.open({
    origin: `ws://127.0.0.1:${proxy.port}`,
    method: GreeterService.method.allStream,
  })
  for (let i = 1; i <= 3; i++) {
    call.send({ topic: 't', data: `a${i}`.repeat(100) })
    expect((await call.untilMessages(i)).at(-1)?.data).toBe(`A${i}`.repeat(100))
  }
  call.halfClose()
  expect((await call.answer()).trailers?.get('grpc-status')).toBe('0')
})

test('messages in JSON', async () => {
  const peer = await FramePeer.onSocket({ port: await start(), path: `${PATH}SayHello` })
  const json = '{"name":"Ada"}'
  peer.write(binary('content-type: application/grpc-web+json\r\n'), binary(0, 0, 0, 0, 0, json.length, json), binary(1))
  expect(await peer.untilClosed()).toBe(1000)
  expect(peer.answer.headers.get('content-type')).toBe('application/grpc-web+json')
  expect(peer.answer.messages.map(String)).toEqual(['{"message":"Hello Ada"}'])
})

test('messages that are compressed one by one', async () => {
  const peer = await FramePeer.onSocket({ port: await start(), path: `${PATH}SayHello` })
  const name = 'Ada'.repeat(1_000)
  const packed = gzipSync(concat([0x0a, 0xb8, 0x17, name]))
  peer.write(
    binary('content-type: application/grpc-web\r\ngrpc-encoding: gzip\r\ngrpc-accept-encoding: gzip\r\n'),
    binary(0, 1, 0, 0, packed.length >> 8, packed.length & 0xff, packed),
    binary(1),
  )
  expect(await peer.untilClosed()).toBe(1000)
  expect(peer.answer.headers.get('grpc-encoding')).toBe('gzip')
  const [message] = peer.answer.messages
  expect(fromBinary(SayHelloResponseSchema, gunzipSync(message as Buffer)).message).toBe(`Hello ${name}`)
})

test('a handshake behind other requests on its connection, with its call in the same packet', async () => {
  const port = await start()
  const socket = await RawSocket.open({ port })
  const host = `host: 127.0.0.1:${port}\r\n`
  const fields = `${host}upgrade: websocket\r\nconnection: keep-alive, Upgrade\r\nsec-websocket-version: 13\r\n`
  const key = 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: other, grpc-websockets\r\n'
  socket.write(
    concat([
      `GET /nothing HTTP/1.1\r\n${host}\r\n`,
      `GET ${PATH}SayHello?query HTTP/1.1\r\n${fields}${key}\r\n`,
      binary('content-type: application/grpc-web\r\n'),
      binary(0, 0, 0, 0, 0, HELLO.length, HELLO),
      binary(1),
    ]),
  )
  await socket.until(() => socket.text.includes('grpc-status: 0'))
  expect(socket.text).toMatch(/^HTTP\/1\.1 404 Not Found/)
  const [, upgraded = ''] = socket.text.split('HTTP/1.1 101 ')
  expect(upgraded).toContain('sec-websocket-protocol: grpc-websockets\r\n')
  const frames = serverFrames(Buffer.from(upgraded.slice(upgraded.indexOf('\r\n\r\n') + 4), 'latin1'))
  expect(frames.map(({ opcode }) => opcode).slice(0, 2)).toEqual([2, 2])
  socket.write(close(1000))
  await socket.closed
})

test('the client of nice-grpc-web, in both directions', async () => {
  const channel = createChannel(`http://127.0.0.1:${await start()}`, WebsocketTransport())
  const definition = {
    allStream: {
      path: `${PATH}AllStream`,
      requestStream: true,
      responseStream: true,
      requestSerialize: (data: string) => toBinary(AllStreamRequestSchema, create(AllStreamRequestSchema, { data })),
      requestDeserialize: () => '',
      responseSerialize: () => new Uint8Array(),
      responseDeserialize: (octets: Uint8Array) => fromBinary(AllStreamResponseSchema, octets).data,
      options: {},
    },
  } as const
  const client = createClient(definition, channel)
  const sent = ['a', 'b', 'c']
  let answered = Promise.withResolvers<void>()
  async function* requests(): AsyncGenerator<string> {
    for (const data of sent) {
      answered = Promise.withResolvers()
      yield data
      await answered.promise
    }
  }
  const received: string[] = []
  for await (const data of client.allStream(requests())) {
    received.push(data)
    answered.resolve()
  }
  expect(received).toEqual(['A', 'B', 'C'])
})
