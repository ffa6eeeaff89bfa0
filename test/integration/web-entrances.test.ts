/** The transports of pages over Node's fetch and WebSocket, against a real port: all protocols, both formats. */
import { randomUUID } from 'node:crypto'
import { Code, ConnectError } from '@connectrpc/connect'
import { createAsyncIterable } from '@connectrpc/connect/protocol'
import { describe, expect, test } from 'vitest'
import * as connect from '../../client/web/connect/public.ts'
import * as grpcWeb from '../../client/web/grpc-web/public.ts'
import * as websocket from '../../client/web/websocket/public.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { collect } from '../support/collect.ts'
import { startCuttableProxy } from '../support/cuttable-proxy.ts'
import { startDemo, startRoutes } from '../support/demo-server.ts'

const ENTRANCES = [
  ['Connect', connect.createConnectTransport, connect],
  ['gRPC-Web', grpcWeb.createGrpcWebTransport, grpcWeb],
  ['WebSocket', websocket.createWebSocketTransport, websocket],
] as const
const ROWS = ENTRANCES.flatMap(([protocol, createTransport, entrance]) =>
  [false, true].map((useBinaryFormat) => ({
    name: `${protocol}, ${useBinaryFormat ? 'binary' : 'JSON'}`,
    isFetch: protocol !== 'WebSocket',
    watchStream: entrance.watchStream,
    open: (baseUrl: string) => entrance.createClient(GreeterService, createTransport({ baseUrl, useBinaryFormat })),
  })),
)

describe.each(ROWS)('$name', ({ open, isFetch, watchStream }) => {
  test('calls and streams', async () => {
    const client = open((await startDemo({ servesPage: false })).origin)
    const topic = `web/${randomUUID()}`
    expect(await client.sayHello({ name: 'Zoë' })).toMatchObject({ message: 'Hello Zoë' })
    for (const data of ['a', 'b', 'c']) await client.publish({ topic, data })
    const messages = await collect(client.getStream({ topic, afterSequence: 1n, limit: 2 }))
    expect(messages.map(({ data, sequence }) => [data, sequence])).toEqual([
      ['b', 2n],
      ['c', 3n],
    ])
  })

  test('headers, trailers and errors arrive', async () => {
    const { origin } = await startRoutes({
      routes: (router) =>
        router.service(GreeterService, {
          sayHello(_request, { requestHeader, responseHeader, responseTrailer }) {
            responseHeader.set('x-seen', requestHeader.get('x-sent') ?? '')
            responseTrailer.set('x-last', 'z')
            return { message: 'hello' }
          },
          async *getStream({ topic }) {
            yield { topic }
            throw new ConnectError('no more', Code.ResourceExhausted, { 'x-why': 'limit' })
          },
        }),
    })
    const client = open(origin)
    const seen: (string | null)[] = []
    await client.sayHello(
      {},
      {
        headers: { 'x-sent': 'y' },
        onHeader: (headers) => seen.push(headers.get('x-seen')),
        onTrailer: (trailers) => seen.push(trailers.get('x-last')),
      },
    )
    expect(seen).toEqual(['y', 'z'])
    const error = await collect(client.getStream({ topic: 'a' })).catch(ConnectError.from)
    expect(error).toMatchObject({ code: Code.ResourceExhausted, rawMessage: 'no more' })
    expect(error instanceof ConnectError && error.metadata.get('x-why')).toBe('limit')
  })

  test('a stream that the reader leaves ends at the server', async () => {
    let left = 0
    const { origin } = await startRoutes({
      routes: (router) =>
        router.service(GreeterService, {
          async *getStream({ topic }, { signal }) {
            signal.addEventListener('abort', () => {
              left += 1
            })
            yield { topic }
            await new Promise((resolve) => signal.addEventListener('abort', resolve))
          },
        }),
    })
    for await (const { topic } of open(origin).getStream({ topic: 'a' })) {
      expect(topic).toBe('a')
      break
    }
    await expect.poll(() => left).toBe(1)
  })

  test('a watch resumes after a cut connection', async () => {
    const demo = await startDemo({ servesPage: false })
    const proxy = await startCuttableProxy(demo.port)
    const [near, far] = [open(demo.origin), open(proxy.origin)]
    const topic = `web/${randomUUID()}`
    const publish = (data: string) => near.publish({ topic, data })
    await publish('before')
    const watch = watchStream(far.getStream, {
      request: { topic, afterSequence: 0n },
      resumeAfter: ({ sequence, epoch }) => ({ afterSequence: sequence, epoch }),
      async sleep() {
        await publish('meanwhile')
        proxy.mend()
      },
    })
    const seen: string[] = []
    for await (const { data } of watch) {
      if (seen.push(data) === 3) break
      if (data === 'before') proxy.cut()
      else await publish('after')
    }
    expect(seen).toEqual(['before', 'meanwhile', 'after'])
  })

  test.runIf(isFetch)('what fetch cannot do fails with a reason, and reaches no server', async () => {
    const client = open('http://127.0.0.1:1')
    const none = async function* () {}
    const failures = await Promise.all([
      client.putStream(none()).catch(ConnectError.from),
      collect(client.allStream(none())).catch(ConnectError.from),
    ])
    for (const failure of failures) {
      expect(failure).toMatchObject({ rawMessage: 'The fetch API does not support streaming request bodies' })
    }
  })

  test.skipIf(isFetch)('client streams and bidirectional streams', async () => {
    const client = open((await startDemo({ servesPage: false })).origin)
    const topic = `web/${randomUUID()}`
    async function* messages() {
      for (const data of ['a', 'b', 'c']) yield { topic, data }
    }
    expect((await collect(client.allStream(messages()))).map(({ data }) => data)).toEqual(['a', 'b', 'c'])
    expect(await client.putStream(messages())).toMatchObject({ accepted: 3n, lastSequence: { [topic]: 6n } })
  })
})

test('withStreaming uses fetch for what it carries', async () => {
  const { origin } = await startDemo({ servesPage: false })
  const paths: string[] = []
  const fetch: typeof globalThis.fetch = (input, init) => {
    paths.push(new URL(String(input)).pathname)
    return globalThis.fetch(input, init)
  }
  const transport = connect.createConnectTransport({ baseUrl: origin, fetch })
  const client = websocket.createClient(GreeterService, websocket.withStreaming(transport, { baseUrl: origin }))
  const topic = `web/${randomUUID()}`
  await client.sayHello({})
  await client.putStream(createAsyncIterable([{ topic, data: 'a' }]))
  expect(await collect(client.getStream({ topic, afterSequence: 0n, limit: 1 }))).toMatchObject([{ data: 'a' }])
  expect(await collect(client.allStream(createAsyncIterable([{ topic, data: 'b' }])))).toMatchObject([{ data: 'b' }])
  expect(paths.map((path) => path.split('/').at(-1))).toEqual(['SayHello', 'GetStream'])
})

test('without WebSockets, a server is UNIMPLEMENTED for them', async () => {
  const { origin } = await startRoutes({ webSocket: false, routes: (router) => router.service(GreeterService, {}) })
  const transport = connect.createConnectTransport({ baseUrl: origin })
  const client = websocket.createClient(GreeterService, websocket.withStreaming(transport, { baseUrl: origin }))
  const failures = await Promise.all([
    client.putStream(createAsyncIterable([])).catch(ConnectError.from),
    collect(client.allStream(createAsyncIterable([]))).catch(ConnectError.from),
  ])
  for (const failure of failures) {
    expect(failure).toMatchObject({
      code: Code.Unimplemented,
      rawMessage: expect.stringContaining('does not speak grpc-websockets'),
    })
  }
})
