/** Slow servers do not fail calls: only deadlines and keepalive end them. */
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { createServer as createTcpServer } from 'node:net'
import { create, toBinary } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { PutStreamResponseSchema, SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { envelop } from '../../wire/envelope.ts'
import { FrameFlag as F, FrameType as T } from '../../wire/http2/frame.ts'
import { listenRaw } from '../support/listen-raw.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { frame, headers, RawPeer, settingsFrame } from '../support/raw-http2.ts'
import { settled } from '../support/settled.ts'

const HELLO = toBinary(SayHelloResponseSchema, create(SayHelloResponseSchema, { message: 'hello' }))
const ACCEPTED = toBinary(PutStreamResponseSchema, create(PutStreamResponseSchema, { accepted: 1n }))
const PROTOCOLS = ['grpc', 'grpc-web', 'connect'] as const
const LONG_MS = 400_000

type Protocol = (typeof PROTOCOLS)[number]

/** Time stands still for the client; the sockets do not. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
})

async function timePasses(ms: number): Promise<void> {
  await settled()
  await vi.advanceTimersByTimeAsync(ms)
  await settled()
}

async function serve(onStream: (stream: ServerHttp2Stream) => void, settings = {}): Promise<string> {
  const server: Http2Server = createHttp2Server({ settings })
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {})
    onStream(stream)
  })
  return `http://127.0.0.1:${await listenRaw(server)}`
}

const CONTENT_TYPES = {
  grpc: 'application/grpc+proto',
  'grpc-web': 'application/grpc-web+proto',
  connect: 'application/proto',
} as const

/** The message of a response, and the function that ends it. */
function beginAnswer(stream: ServerHttp2Stream, protocol: Protocol, message: Uint8Array): () => void {
  const contentType = CONTENT_TYPES[protocol]
  stream.respond({ ':status': 200, 'content-type': contentType }, { waitForTrailers: protocol === 'grpc' })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  if (protocol === 'connect') {
    stream.write(message.subarray(0, 3))
    return () => void stream.end(message.subarray(3))
  }
  stream.write(envelop(0, message))
  if (protocol === 'grpc') return () => void stream.end()
  return () => void stream.end(envelop(0x80, Buffer.from('grpc-status: 0\r\n')))
}

/** The response of a streaming call, which has envelopes in Connect too. */
function answerStream(stream: ServerHttp2Stream, protocol: Protocol, message: Uint8Array): void {
  if (protocol !== 'connect') {
    beginAnswer(stream, protocol, message)()
    return
  }
  stream.respond({ ':status': 200, 'content-type': 'application/connect+proto' })
  stream.end(Buffer.concat([envelop(0, message), envelop(2, Buffer.from('{}'))]))
}

describe.each(PROTOCOLS)('%s', (protocol) => {
  test('waits for a server that ends its response long after the message', async () => {
    const ends: (() => void)[] = []
    const baseUrl = await serve((stream) => void ends.push(beginAnswer(stream, protocol, HELLO)))
    const { client } = openGreeter({ baseUrl, protocol })
    const answer = client.sayHello({})
    await vi.waitFor(() => expect(ends).toHaveLength(1))
    await timePasses(LONG_MS)
    ends[0]?.()
    expect(await answer).toMatchObject({ message: 'hello' })
  })

  test('waits for a server that starts to read a large message late', async () => {
    const streams: ServerHttp2Stream[] = []
    const baseUrl = await serve((stream) => void streams.push(stream))
    const { client } = openGreeter({ baseUrl, protocol })
    const answer = client.sayHello({ name: 'x'.repeat(1_000_000) })
    await vi.waitFor(() => expect(streams).toHaveLength(1))
    await timePasses(LONG_MS)
    const [stream] = streams as [ServerHttp2Stream]
    stream.resume().on('end', () => beginAnswer(stream, protocol, HELLO)())
    expect(await answer).toMatchObject({ message: 'hello' })
  })

  test('holds back a stream that the server does not read, and resumes when it does', async () => {
    const streams: ServerHttp2Stream[] = []
    const baseUrl = await serve((stream) => void streams.push(stream), { initialWindowSize: 1_000 })
    const { client } = openGreeter({ baseUrl, protocol })
    let sent = 0
    async function* messages() {
      for (; sent < 100; sent++) yield { topic: 't', data: 'x'.repeat(10_000) }
    }
    const answer = client.putStream(messages())
    await vi.waitFor(() => expect(streams).toHaveLength(1))
    await timePasses(LONG_MS)
    expect(sent).toBeLessThan(100)
    const [stream] = streams as [ServerHttp2Stream]
    stream.resume().on('end', () => answerStream(stream, protocol, ACCEPTED))
    expect(await answer).toMatchObject({ accepted: 1n })
    expect(sent).toBe(100)
  })

  test('a deadline ends the wait', async () => {
    const streams: ServerHttp2Stream[] = []
    const baseUrl = await serve((stream) => void streams.push(stream))
    const { client } = openGreeter({ baseUrl, protocol })
    const answer = client.sayHello({}, { timeoutMs: 75_000 })
    const refused = expect(answer).rejects.toMatchObject({ code: Code.DeadlineExceeded })
    await vi.waitFor(() => expect(streams).toHaveLength(1))
    await timePasses(74_000)
    expect(streams[0]?.destroyed).toBe(false)
    await timePasses(2_000)
    await refused
  })
})

describe('the first frames of a connection', () => {
  /** A server that sends its SETTINGS late, acknowledges nothing, and responds to calls. */
  async function startSilent(helloAfterMs: number): Promise<{ baseUrl: string; peers: RawPeer[] }> {
    const peers: RawPeer[] = []
    const server = createTcpServer((socket) => {
      const peer = new RawPeer(socket, true)
      peers.push(peer)
      const timer = setTimeout(() => peer.raw(settingsFrame([])), helloAfterMs)
      socket.once('close', () => clearTimeout(timer))
    })
    return { baseUrl: `http://127.0.0.1:${await listenRaw(server)}`, peers }
  }

  const answer = (id: number): Buffer =>
    Buffer.concat([
      headers(id, [
        [':status', '200'],
        ['content-type', 'application/grpc+proto'],
      ]),
      frame(T.DATA, 0, id, Buffer.from(envelop(0, HELLO))),
      headers(id, [['grpc-status', '0']], F.END_HEADERS | F.END_STREAM),
    ])

  test('SETTINGS that arrive after 15 s are in time', async () => {
    const { baseUrl, peers } = await startSilent(15_000)
    const { client } = openGreeter({ baseUrl })
    const hello = client.sayHello({})
    await vi.waitFor(() => expect(peers).toHaveLength(1))
    await timePasses(15_100)
    const request = await peers[0]?.frame(({ type }) => type === T.HEADERS)
    peers[0]?.raw(answer(request?.streamId ?? 0))
    expect(await hello).toMatchObject({ message: 'hello' })
    expect(peers).toHaveLength(1)
  })

  test('SETTINGS missing after 20 s fail the connection attempt', async () => {
    const { baseUrl, peers } = await startSilent(60_000)
    const { client } = openGreeter({ baseUrl })
    const refused = expect(client.sayHello({})).rejects.toMatchObject({
      code: Code.Unavailable,
      rawMessage: expect.stringContaining('within 20000 ms'),
    })
    await vi.waitFor(() => expect(peers).toHaveLength(1))
    await timePasses(20_100)
    await refused
  })

  test('a server that never acknowledges our SETTINGS is used as long as it answers', async () => {
    const { baseUrl, peers } = await startSilent(0)
    const { client } = openGreeter({ baseUrl })
    for (let i = 0; i < 3; i++) {
      const hello = client.sayHello({})
      await vi.waitFor(() => expect(peers).toHaveLength(1))
      await timePasses(1)
      const request = await peers[0]?.frame(({ type }) => type === T.HEADERS, i + 1)
      peers[0]?.raw(answer(request?.streamId ?? 0))
      expect(await hello).toMatchObject({ message: 'hello' })
      await timePasses(60_000)
    }
    expect(peers).toHaveLength(1)
    expect(peers[0]?.isEnded).toBe(false)
  })
})
