import type { Transport } from '@connectrpc/connect'
import {
  type Client,
  Code,
  type ConnectError,
  createClient,
  decodeBinaryHeader,
  encodeBinaryHeader,
} from '@connectrpc/connect'
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from '@connectrpc/connect-node'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { collect } from '../support/collect.ts'
import { ERROR_TEXT, echoRoutes } from '../support/echo-greeter.ts'
import { type NativeServer, startNativeServer } from '../support/native-server.ts'

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte)
const ROWS = (['gRPC', 'gRPC-Web', 'Connect'] as const).flatMap((protocol) =>
  ([true, false] as const).flatMap((useBinaryFormat) =>
    ([true, false] as const).map((isCompressed) => ({
      name: `${protocol}, ${useBinaryFormat ? 'proto' : 'JSON'}${isCompressed ? ', gzip' : ''}`,
      protocol,
      useBinaryFormat,
      isCompressed,
    })),
  ),
)

let server: NativeServer

beforeAll(async () => {
  server = await startNativeServer(echoRoutes)
})

afterAll(() => server.close())

describe.each(ROWS)('$name', ({ protocol, useBinaryFormat, isCompressed }) => {
  let client: Client<typeof GreeterService>

  beforeEach(() => {
    const sessionManager = new Http2SessionManager(server.origin)
    onTestFinished(() => sessionManager.abort())
    const options = {
      baseUrl: server.origin,
      useBinaryFormat,
      httpVersion: '2' as const,
      sessionManager,
      acceptCompression: isCompressed ? [compressionGzip] : [],
      compressMinBytes: 1,
      ...(isCompressed ? { sendCompression: compressionGzip } : {}),
    }
    const create: Record<typeof protocol, (init: typeof options) => Transport> = {
      gRPC: createGrpcTransport,
      'gRPC-Web': createGrpcWebTransport,
      Connect: createConnectTransport,
    }
    client = createClient(GreeterService, create[protocol](options))
  })

  test('unary, small and large', async () => {
    expect(await client.sayHello({ name: 'Ada Łovelace 🐟' })).toMatchObject({ message: 'Hello Ada Łovelace 🐟' })
    const name = 'x'.repeat(300_000)
    expect((await client.sayHello({ name })).message).toBe(`Hello ${name}`)
  })

  test('server stream', async () => {
    const messages = await collect(client.getStream({ topic: 'y'.repeat(2_000), limit: 50 }))
    expect(messages.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 50 }, (_, i) => BigInt(i)))
    expect(await collect(client.getStream({ topic: 'none' }))).toEqual([])
  })

  test('client stream', async () => {
    async function* requests() {
      for (let i = 0; i < 50; i++) yield { topic: 't', data: 'z'.repeat(i * 100) }
    }
    expect(await client.putStream(requests())).toMatchObject({ accepted: 50n })
  })

  test('bidi stream, one word at a time', async () => {
    const words = ['one', 'two', 'three']
    const turns = words.map(() => Promise.withResolvers<void>())
    async function* requests() {
      for (const [i, data] of words.entries()) {
        yield { topic: 't', data }
        await turns[i]?.promise
      }
    }
    const seen: string[] = []
    for await (const { data } of client.allStream(requests())) {
      turns[seen.push(data) - 1]?.resolve()
    }
    expect(seen).toEqual(['ONE', 'TWO', 'THREE'])
  })

  test('MD-8 metadata both ways: MD-1 many values, MD-2 every byte, MD-5 any case', async () => {
    const headers = new Headers([
      ['Echo-Text', 'a'],
      ['echo-TEXT', 'b'],
      ['echo-data-bin', encodeBinaryHeader(EVERY_BYTE)],
    ])
    for (const kind of ['unary', 'stream']) {
      let header = new Headers()
      let trailer = new Headers()
      const onHeader = (received: Headers) => {
        header = received
      }
      const onTrailer = (received: Headers) => {
        trailer = received
      }
      const options = { headers, onHeader, onTrailer }
      if (kind === 'unary') await client.sayHello({ name: 'Ada' }, options)
      else await collect(client.getStream({ topic: 't', limit: 1 }, options))
      expect(header.get('echo-text'), kind).toBe('a, b')
      expect(trailer.get('late-echo-text'), kind).toBe('a, b')
      expect(decodeBinaryHeader(header.get('echo-data-bin') ?? ''), kind).toEqual(EVERY_BYTE)
      expect(decodeBinaryHeader(trailer.get('late-echo-data-bin') ?? ''), kind).toEqual(EVERY_BYTE)
    }
  })

  test('MD-10 errors keep their text and their metadata, in every mode', async () => {
    const unary = await client.sayHello({ name: 'fail' }).catch((error: ConnectError) => error)
    expect(unary).toMatchObject({ code: Code.DataLoss, rawMessage: ERROR_TEXT })
    expect((unary as ConnectError).metadata.get('x-error')).toBe('meta')
    for (const limit of [0, 3]) {
      const stream = await collect(client.getStream({ topic: 'fail', limit })).catch((error: ConnectError) => error)
      expect(stream).toMatchObject({ code: Code.Aborted, rawMessage: 'after all' })
      expect((stream as ConnectError).metadata.get('x-error')).toBe('meta')
    }
    async function* requests() {
      yield { topic: 't', data: 'fail' }
    }
    await expect(client.putStream(requests())).rejects.toMatchObject({ code: Code.FailedPrecondition })
  })
})
