import { connect as connectHttp2 } from 'node:http2'
import { createConnection } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { create, toBinary } from '@bufbuild/protobuf'
import { Code, type ConnectRouter } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService, SayHelloRequestSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { FrameFlag, FrameType } from '../../wire/http2/frame.ts'
import { ErrorCode } from '../../wire/http2/http2.ts'
import { envelope } from '../support/calls.ts'
import { type Exchanged, exchangeHttp2, exchangeOn } from '../support/exchange.ts'
import { type NativeServer, type NativeServerOptions, startNativeServer } from '../support/native-server.ts'
import { RawPeer } from '../support/raw-http2.ts'

const SAY_HELLO = '/greeter.v1.GreeterService/SayHello'
const PUT_STREAM = '/greeter.v1.GreeterService/PutStream'
const GRPC = { 'content-type': 'application/grpc', te: 'trailers' }
const MIB = 1_048_576
const SETTINGS_MAX_HEADER_LIST_SIZE = 0x6
const HEAD = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', SAY_HELLO],
  [':authority', 'test'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
] as const

function sayHello(name: string): Uint8Array {
  return toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { name }))
}

function routes(router: ConnectRouter): void {
  router.service(GreeterService, {
    sayHello: ({ name }, { requestHeader }) => ({ message: requestHeader.get('a-bin') ?? `Hello ${name.length}` }),
    async putStream(messages) {
      let accepted = 0n
      for await (const _message of messages) accepted++
      return { accepted }
    },
  })
}

async function start(options: NativeServerOptions = {}): Promise<NativeServer> {
  const server = await startNativeServer(routes, options)
  onTestFinished(() => server.close())
  return server
}

function grpcStatus({ headers, trailers }: Exchanged): number {
  return Number(trailers['grpc-status'] ?? headers['grpc-status'])
}

describe('frames of a gRPC call', () => {
  async function framesOf(body: Buffer): Promise<string[]> {
    const { port } = await start()
    const peer = new RawPeer(createConnection(port, '127.0.0.1'), false)
    onTestFinished(() => peer.close())
    peer.hello({ isClient: true })
    peer.headers(1, HEAD)
    peer.send(FrameType.DATA, FrameFlag.END_STREAM, 1, body)
    await peer.frame((frame) => frame.streamId === 1 && (frame.flags & FrameFlag.END_STREAM) !== 0)
    const names = new Map<number, string>([
      [FrameType.HEADERS, 'HEADERS'],
      [FrameType.DATA, 'DATA'],
    ])
    return peer.frames.filter(({ streamId }) => streamId === 1).map(({ type }) => names.get(type) ?? `${type}`)
  }

  test('a success is headers, message, trailers', async () => {
    expect(await framesOf(envelope(sayHello('Ada')))).toEqual(['HEADERS', 'DATA', 'HEADERS'])
  })

  test('MD-7 a failure before the first message is trailers-only', async () => {
    expect(await framesOf(Buffer.alloc(0))).toEqual(['HEADERS'])
  })
})

describe('metadata', () => {
  test('MD-3 joined binary values reach the service as sent, MD-2 padded or not', async () => {
    const { origin } = await start()
    const headers = { ...GRPC, 'a-bin': ['AQ==', 'Ag,Aw'] }
    const answer = await exchangeHttp2(origin, { path: SAY_HELLO, headers, body: envelope(sayHello('')) })
    expect(grpcStatus(answer)).toBe(0)
    expect(answer.body.subarray(7).toString()).toBe('AQ==, Ag,Aw')
  })

  test('an invalid binary value is INVALID_ARGUMENT, named', async () => {
    const { origin } = await start()
    const answer = await exchangeHttp2(origin, { path: SAY_HELLO, headers: { ...GRPC, 'a-bin': '!' }, body: '' })
    expect(grpcStatus(answer)).toBe(Code.InvalidArgument)
    expect(answer.headers['grpc-message']).toContain('a-bin')
  })

  test('MD-6 headers above the limit are RESOURCE_EXHAUSTED, and the connection stays open', async () => {
    const { origin } = await start()
    const session = connectHttp2(origin)
    onTestFinished(() => session.destroy())
    const huge = { ...GRPC, huge: 'x'.repeat(20_000) }
    const refused = await exchangeOn(session, { path: SAY_HELLO, headers: huge, body: '' })
    expect([refused.status, grpcStatus(refused)]).toEqual([431, Code.ResourceExhausted])
    const answer = await exchangeOn(session, { path: SAY_HELLO, headers: GRPC, body: envelope(sayHello('Ada')) })
    expect(grpcStatus(answer)).toBe(0)
  })

  test.each([0, 20_000])('trailers above the send limit become an error that fits, response of %i', async (length) => {
    const server = await startNativeServer((router) =>
      router.service(GreeterService, {
        sayHello(_request, { responseHeader, responseTrailer }) {
          responseHeader.set('x-head', '1')
          responseTrailer.set('x-huge', 'x'.repeat(70_000))
          return { message: 'm'.repeat(length) }
        },
      }),
    )
    onTestFinished(() => server.close())
    const answer = await exchangeHttp2(server.origin, { path: SAY_HELLO, headers: GRPC, body: envelope(sayHello('')) })
    expect(grpcStatus(answer)).toBe(Code.Internal)
    expect(server.faults).toHaveLength(2)
  })

  test.each([
    ['path', { path: '/'.repeat(15_000), headers: GRPC }],
    ['content type', { path: '/a/b', headers: { ...GRPC, 'content-type': `application/grpc+${'x'.repeat(15_000)}` } }],
  ])('a call to an unknown method with a long %s is answered with headers that fit', async (_name, init) => {
    const { origin, faults } = await start()
    const answer = await exchangeHttp2(origin, init)
    expect(grpcStatus(answer)).toBe(Code.Unimplemented)
    expect(JSON.stringify(answer.headers).length).toBeLessThan(2_048)
    expect(faults).toEqual([])
  })

  test('a peer that accepts no headers at all gets no response, and affects no other connection', async () => {
    const { port, origin } = await start()
    const peer = new RawPeer(createConnection(port, '127.0.0.1'), false)
    onTestFinished(() => peer.close())
    peer.hello({ isClient: true, settings: [[SETTINGS_MAX_HEADER_LIST_SIZE, 1]] })
    peer.headers(1, HEAD)
    peer.send(FrameType.DATA, FrameFlag.END_STREAM, 1, envelope(sayHello('Ada')))
    const reset = await peer.frame((frame) => frame.type === FrameType.RST_STREAM)
    expect(reset.payload.readUInt32BE(0)).toBe(ErrorCode.INTERNAL_ERROR)
    const answer = await exchangeHttp2(origin, { path: SAY_HELLO, headers: GRPC, body: envelope(sayHello('Ada')) })
    expect(grpcStatus(answer)).toBe(0)
  })
})

describe('gRPC-Web text', () => {
  test('both ways in base64, the request padded at each flush', async () => {
    const { origin } = await start()
    const message = envelope(sayHello('Ada'))
    const body = [message.subarray(0, 1), message.subarray(1, 6), message.subarray(6)]
      .map((part) => part.toString('base64'))
      .join('')
    const headers = { 'content-type': 'application/grpc-web-text' }
    const answer = await exchangeHttp2(origin, { path: SAY_HELLO, headers, body })
    expect(answer.headers['content-type']).toBe('application/grpc-web-text+proto')
    const decoded = Buffer.from(answer.body.toString(), 'base64').toString('latin1')
    expect(decoded).toContain('Hello 3')
    expect(decoded).toContain('grpc-status: 0\r\n')
  })
})

describe('limits', () => {
  const options = { lane: { maxReceiveBytes: MIB } }
  const large = sayHello('x'.repeat(MIB))
  const bomb = gzipSync(sayHello('x'.repeat(64 * MIB)))

  test.each([
    ['gRPC', GRPC, envelope(large)],
    ['gRPC, compressed', { ...GRPC, 'grpc-encoding': 'gzip' }, envelope(bomb, 1)],
    ['gRPC, announced alone', GRPC, Buffer.from([0, 0xff, 0xff, 0xff, 0xff])],
  ])('%s', async (_name, headers, body) => {
    const { origin } = await start(options)
    const answer = await exchangeHttp2(origin, { path: SAY_HELLO, headers, body })
    expect(grpcStatus(answer)).toBe(Code.ResourceExhausted)
  })

  test.each([
    ['Connect', {}, Buffer.from(large)],
    ['Connect, compressed', { 'content-encoding': 'gzip' }, bomb],
  ])('%s', async (_name, encoding, body) => {
    const { origin } = await start(options)
    const headers = { 'content-type': 'application/proto', ...encoding }
    const answer = await exchangeHttp2(origin, { path: SAY_HELLO, headers, body })
    expect([answer.status, JSON.parse(answer.body.toString())]).toMatchObject([429, { code: 'resource_exhausted' }])
  })

  test('a message of exactly the limit is accepted', async () => {
    const message = sayHello('x'.repeat(MIB - 4))
    expect(message).toHaveLength(MIB)
    const { origin } = await start(options)
    const answer = await exchangeHttp2(origin, { path: SAY_HELLO, headers: GRPC, body: envelope(message) })
    expect(grpcStatus(answer)).toBe(0)
  })

  test('a message that does not decompress is INVALID_ARGUMENT; brotli is not decoded at all', async () => {
    const { origin } = await start()
    const garbled = envelope(Buffer.from('no gzip at all'), 1)
    const gzip = { ...GRPC, 'grpc-encoding': 'gzip' }
    const answer = await exchangeHttp2(origin, { path: SAY_HELLO, headers: gzip, body: garbled })
    expect(grpcStatus(answer)).toBe(Code.InvalidArgument)
    const brotli = { ...GRPC, 'grpc-encoding': 'br' }
    const body = envelope(brotliCompressSync(sayHello('Ada')), 1)
    expect(grpcStatus(await exchangeHttp2(origin, { path: SAY_HELLO, headers: brotli, body }))).toBe(Code.Unimplemented)
  })
})

test('a call answered early leaves nothing of its body behind', async () => {
  const server = await start({ lane: { maxReceiveBytes: 1_000 } })
  const session = connectHttp2(server.origin)
  onTestFinished(() => session.destroy())
  const calls = Array.from({ length: 50 }, () =>
    exchangeOn(session, {
      path: PUT_STREAM,
      headers: GRPC,
      body: Buffer.concat([envelope(Buffer.alloc(2_000)), Buffer.alloc(60_000)]),
    }),
  )
  for (const answer of await Promise.all(calls)) expect(grpcStatus(answer)).toBe(Code.ResourceExhausted)
  const [held] = [...server.sessions].map(({ heldBytes }) => heldBytes)
  expect(held).toBe(0)
  expect(server.ends).toHaveLength(50)
})
