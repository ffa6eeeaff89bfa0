/** The transport over WebSockets in Node, against a scripted server: what it sends, and what it makes of any answer. */
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { create, toBinary } from '@bufbuild/protobuf'
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect'
import { encodeEnvelope } from '@connectrpc/connect/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import {
  createClient,
  createWebSocketTransport,
  type WebSocketTransportOptions,
} from '../../client/web/websocket/public.ts'
import { AllStreamResponseSchema, GreeterService, SayHelloResponseSchema } from '../../gen/greeter/v1/greeter_pb.js'
import { collect } from '../support/collect.ts'
import { freePort } from '../support/ports.ts'
import {
  headerEnvelope,
  type ScriptedCall,
  type ScriptedOptions,
  startScriptedWebSockets,
  trailerEnvelope,
} from '../support/scripted-websockets.ts'
import { startListening } from '../support/start-listening.ts'
import { steadyValue } from '../support/steady-value.ts'

type Script = ScriptedOptions['onCall']

const MIB = 1024 * 1024

async function open(onCall: Script, options: WebSocketTransportOptions & Partial<ScriptedOptions> = {}) {
  const { subprotocol, accepts, onRequest, ...rest } = options
  const baseUrl = await startScriptedWebSockets({
    onCall,
    ...(subprotocol !== undefined && { subprotocol }),
    ...(accepts !== undefined && { accepts }),
    ...(onRequest !== undefined && { onRequest }),
  })
  return createClient(GreeterService, createWebSocketTransport({ baseUrl, ...rest }))
}

const hello = (message: string) =>
  encodeEnvelope(0, toBinary(SayHelloResponseSchema, create(SayHelloResponseSchema, { message })))
const item = (data: string) =>
  encodeEnvelope(0, toBinary(AllStreamResponseSchema, create(AllStreamResponseSchema, { data })))

async function* requests(...items: readonly string[]) {
  for (const data of items) yield { topic: 'a', data }
}

async function* endless() {
  while (true) {
    yield { topic: 'a', data: 'x' }
    await sleep(1)
  }
}

async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  return await call.then(
    () => expect.unreachable('the call succeeded'),
    (error) => ConnectError.from(error),
  )
}

/** Reads the request to its end, and answers it with one message. */
const greet: Script = async (call) => {
  while ((await call.next()) !== null);
  for (const octets of [headerEnvelope(), hello('hi'), trailerEnvelope()]) call.send(octets)
  call.close(1000)
}

test('the request is a block of headers, then envelopes behind control octets, then the half-close', async () => {
  let seen: ScriptedCall | undefined
  const received: (Uint8Array | null)[] = []
  const client = await open(async (call) => {
    seen = call
    received.push(await call.next(), await call.next(), await call.next())
    for (const octets of [headerEnvelope(), item('b'), trailerEnvelope()]) call.send(octets)
  })
  const headers = { 'X-Own': 'y', 'x-own-bin': 'AAEC' }
  expect(await collect(client.allStream(requests('1', ''), { headers, timeoutMs: 30_000 }))).toMatchObject([
    { data: 'b' },
  ])
  expect(seen?.path).toBe('/greeter.v1.GreeterService/AllStream')
  expect(Object.fromEntries(seen?.headers ?? [])).toMatchObject({
    'content-type': 'application/grpc-web+proto',
    'x-grpc-web': '1',
    'grpc-timeout': '30000m',
    'x-own': 'y',
    'x-own-bin': 'AAEC',
  })
  expect(received.map((octets) => octets && [...octets])).toEqual([
    [0, 0, 0, 0, 6, 10, 1, 97, 18, 1, 49],
    [0, 0, 0, 0, 3, 10, 1, 97],
    null,
  ])
  // The trailers end the call. It does not need the server's close.
  expect(await seen?.closed).toBe(1000)
})

describe.each([
  ['whole envelopes', (_octets: Buffer, envelopes: readonly Uint8Array[]) => envelopes],
  ['one message', (octets: Buffer) => [octets]],
  ['single octets', (octets: Buffer) => [...octets].map((octet) => Uint8Array.of(octet))],
  ['empty messages in between', (octets: Buffer) => [octets.subarray(0, 7), Buffer.alloc(0), octets.subarray(7)]],
  [
    'messages across envelopes',
    (octets: Buffer) => [octets.subarray(0, 47), octets.subarray(47, 61), octets.subarray(61)],
  ],
] as const)('a response in %s', (_name, split) => {
  test('has headers, messages and trailers', async () => {
    const envelopes = [
      headerEnvelope({ 'X-First': '1' }),
      item('b'),
      item(''),
      item('c'),
      trailerEnvelope(0, { 'X-Last': '2' }),
    ]
    const client = await open((call) => {
      for (const octets of split(Buffer.concat(envelopes), envelopes)) call.send(octets)
      call.close(1000)
    })
    const metadata: (string | null)[] = []
    const stream = client.allStream(requests(), {
      onHeader: (headers) => metadata.push(headers.get('x-first')),
      onTrailer: (trailers) => metadata.push(trailers.get('x-last')),
    })
    expect((await collect(stream)).map(({ data }) => data)).toEqual(['b', '', 'c'])
    expect(metadata).toEqual(['1', '2'])
  })
})

test('JSON is JSON', async () => {
  const client = await open(
    async (call) => {
      expect(call.headers.get('content-type')).toBe('application/grpc-web+json')
      const request = await call.next()
      expect(
        Buffer.from(request ?? [])
          .subarray(5)
          .toString(),
      ).toBe('{"name":"a"}')
      call.send(headerEnvelope({ 'Content-Type': 'application/grpc-web+json' }))
      call.send(encodeEnvelope(0, Buffer.from('{"message":"hi"}')))
      call.send(trailerEnvelope())
    },
    { useBinaryFormat: false },
  )
  expect(await client.sayHello({ name: 'a' })).toMatchObject({ message: 'hi' })
})

describe('errors', () => {
  const status = { 'Grpc-Message': 'no %C3%A4', 'X-Why': 'limit' }

  test.each([
    ['trailers only', [trailerEnvelope(8, status)]],
    ['trailers only, and an empty block', [trailerEnvelope(8, status), encodeEnvelope(0x80, new Uint8Array())]],
    ['headers and trailers', [headerEnvelope(), trailerEnvelope(8, status)]],
    ['after a message', [headerEnvelope(), hello('hi'), trailerEnvelope(8, status)]],
  ])('of the server: %s', async (_name, envelopes) => {
    const client = await open((call) => {
      for (const octets of envelopes) call.send(octets)
      call.close(1000)
    })
    const error = await failureOf(client.sayHello({}))
    expect(error).toMatchObject({ code: Code.ResourceExhausted, rawMessage: 'no ä' })
    expect(error.metadata.get('x-why')).toBe('limit')
  })

  test.each<[string, Code, string, Script]>([
    ['a lost connection', Code.Unavailable, 'connection was lost', (call) => call.cut()],
    [
      'a lost connection after headers',
      Code.Unavailable,
      'connection was lost',
      (call) => {
        call.send(headerEnvelope())
        setTimeout(() => call.cut(), 20)
      },
    ],
    [
      'going away',
      Code.Unavailable,
      'closed the WebSocket before the trailers (1001): bye',
      (call) => call.close(1001, 'bye'),
    ],
    ['too big', Code.ResourceExhausted, '1009', (call) => call.close(1009)],
    ['policy', Code.PermissionDenied, '1008', (call) => call.close(1008)],
    ['a close without an answer', Code.Internal, '1000', (call) => call.close(1000)],
    [
      'a close within a message',
      Code.Internal,
      '1000',
      (call) => {
        call.send(headerEnvelope())
        call.send(hello('hi').subarray(0, 6))
        call.close(1000)
      },
    ],
    ['a text message', Code.Internal, 'text message', (call) => call.send('hello')],
    ['a message before the headers', Code.Internal, 'does not begin with headers', (call) => call.send(hello('hi'))],
    [
      'invalid headers',
      Code.Internal,
      'invalid response headers',
      (call) => call.send(encodeEnvelope(0x80, Buffer.from('x y: \0\r\n'))),
    ],
    [
      'an announced length above the limit',
      Code.ResourceExhausted,
      'larger than configured readMaxBytes',
      (call) => {
        call.send(headerEnvelope())
        call.send(Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff))
      },
    ],
    [
      'headers above the limit',
      Code.ResourceExhausted,
      'larger than configured readMaxBytes',
      (call) => call.send(Uint8Array.of(0x80, 0xff, 0, 0, 0)),
    ],
    [
      'a compressed message',
      Code.Internal,
      'compressed',
      (call) => {
        call.send(headerEnvelope())
        call.send(Uint8Array.of(1, 0, 0, 0, 1, 0))
      },
    ],
    [
      'another content type',
      Code.Unknown,
      'unsupported content type text/html',
      (call) => call.send(headerEnvelope({ 'Content-Type': 'text/html' })),
    ],
    [
      'octets that are no message',
      Code.Internal,
      '',
      (call) => {
        call.send(headerEnvelope())
        call.send(Uint8Array.of(0, 0, 0, 0, 2, 0xff, 0xff))
      },
    ],
    [
      'trailers without a status',
      Code.Internal,
      'missing status',
      (call) => {
        call.send(headerEnvelope())
        call.send(headerEnvelope())
      },
    ],
  ])('of the connection: %s', async (_name, code, text, script) => {
    const closed = Promise.withResolvers<number>()
    const client = await open((call) => {
      call.closed.then(closed.resolve)
      return script(call)
    })
    const error = await failureOf(client.sayHello({}))
    expect([Code[error.code], error.rawMessage]).toEqual([Code[code], expect.stringContaining(text)])
    await closed.promise
  })
})

describe('the end of a call closes its WebSocket', () => {
  async function openSilent(begin: (call: ScriptedCall) => void = () => {}) {
    const closed = Promise.withResolvers<number>()
    const called = Promise.withResolvers<void>()
    const client = await open((call) => {
      begin(call)
      call.closed.then(closed.resolve)
      called.resolve()
    })
    return { client, closed: closed.promise, called: called.promise }
  }
  const begin = (call: ScriptedCall) => {
    call.send(headerEnvelope())
    call.send(item('b'))
  }

  test('a deadline, before an answer', async () => {
    const { client, closed } = await openSilent()
    expect(await failureOf(client.sayHello({}, { timeoutMs: 50 }))).toMatchObject({ code: Code.DeadlineExceeded })
    expect(await closed).toBe(1000)
  })

  test('a deadline, in a stream', async () => {
    const { client, closed } = await openSilent(begin)
    expect(await failureOf(collect(client.allStream(endless(), { timeoutMs: 100 })))).toMatchObject({
      code: Code.DeadlineExceeded,
    })
    expect(await closed).toBe(1000)
  })

  test('a signal', async () => {
    const { client, closed, called } = await openSilent()
    const controller = new AbortController()
    const failure = failureOf(client.sayHello({}, { signal: controller.signal }))
    await called
    controller.abort()
    expect(await failure).toMatchObject({ code: Code.Canceled })
    expect(await closed).toBe(1000)
  })

  test('leaving the loop', async () => {
    const { client, closed } = await openSilent(begin)
    for await (const { data } of client.allStream(endless())) {
      expect(data).toBe('b')
      break
    }
    expect(await closed).toBe(1000)
  })

  test('an error of the request iterable', async () => {
    const { client, closed } = await openSilent(begin)
    async function* failing() {
      yield* requests('a')
      throw new ConnectError('no more', Code.Aborted)
    }
    expect(await failureOf(collect(client.allStream(failing())))).toMatchObject({
      code: Code.Aborted,
      rawMessage: 'no more',
    })
    expect(await closed).toBe(1000)
  })

  test('a server that ends early, and with it the request iterable', async () => {
    const left = Promise.withResolvers<void>()
    async function* leavable() {
      try {
        yield* endless()
      } finally {
        left.resolve()
      }
    }
    const { client, closed } = await openSilent((call) => {
      for (const octets of [headerEnvelope(), encodeEnvelope(0, new Uint8Array()), trailerEnvelope()]) call.send(octets)
    })
    await client.putStream(leavable())
    await left.promise
    expect(await closed).toBe(1000)
  })

  test.each<[string, Script]>([
    ['missing headers', (call) => call.send(item('b'))],
    ['a long envelope', (call) => call.send(Uint8Array.of(0x80, 0xff, 0xff, 0xff, 0xff))],
    ['a malformed message', (call) => [headerEnvelope(), Uint8Array.of(0, 0, 0, 0, 1, 0xff)].forEach(call.send)],
    ['a status in its headers', (call) => call.send(trailerEnvelope(8))],
    ['a status in its trailers', (call) => [headerEnvelope(), trailerEnvelope(8)].forEach(call.send)],
  ])('an attempt that fails by %s, before an interceptor makes another one', async (_name, fail) => {
    const calls: ScriptedCall[] = []
    const again: Interceptor = (next) => async (request) =>
      await next(request).catch(async () => {
        expect(await calls[0]?.closed).toBe(1000)
        return await next(request)
      })
    const onCall: Script = (call) => (calls.push(call) === 1 ? fail(call) : greet(call))
    const client = await open(onCall, { interceptors: [again] })
    expect(await client.sayHello({})).toMatchObject({ message: 'hi' })
  })

  test('a signal that aborts before and during the handshake', async () => {
    const { client } = await openSilent()
    expect(await failureOf(client.sayHello({}, { signal: AbortSignal.abort() }))).toMatchObject({ code: Code.Canceled })
    const controller = new AbortController()
    const failure = failureOf(client.sayHello({}, { signal: controller.signal }))
    await Promise.resolve()
    controller.abort()
    expect(await failure).toMatchObject({ code: Code.Canceled })
  })
})

describe('a refused handshake', () => {
  test('where nothing listens is UNAVAILABLE', async () => {
    // Port 1 is among those that fetch refuses, of which the WebSocket of Node 22 reports nothing.
    const baseUrl = `http://127.0.0.1:${await freePort()}`
    const client = createClient(GreeterService, createWebSocketTransport({ baseUrl }))
    const error = await failureOf(client.sayHello({}))
    expect(error.code).toBe(Code.Unavailable)
    expect(error.rawMessage).toContain('the WebSocket could not be opened')
  })

  test('is no uncaught error with the library ws', async () => {
    const options = { baseUrl: 'http://127.0.0.1:1', WebSocket: WebSocket as unknown as typeof globalThis.WebSocket }
    const client = createClient(GreeterService, createWebSocketTransport(options))
    expect(await failureOf(client.sayHello({}))).toMatchObject({ code: Code.Unavailable })
  })

  test('is no uncaught error with the library ws, if the deadline passes before it', async () => {
    const { port, close } = await startListening(createServer())
    onTestFinished(close)
    const options = { WebSocket: WebSocket as unknown as typeof globalThis.WebSocket }
    const transport = createWebSocketTransport({ baseUrl: `http://127.0.0.1:${port}`, ...options })
    const failure = failureOf(createClient(GreeterService, transport).sayHello({}, { timeoutMs: 50 }))
    expect(await failure).toMatchObject({ code: Code.DeadlineExceeded })
  })

  test.each([200, 404, 405, 426, 505])('where a GET is answered with %i is UNIMPLEMENTED', async (status) => {
    const client = await open(greet, {
      accepts: () => false,
      onRequest: (_, response) => response.writeHead(status).end(),
    })
    const error = await failureOf(client.sayHello({}))
    expect(error.code).toBe(Code.Unimplemented)
    expect(error.rawMessage).toContain('does not speak grpc-websockets')
  })

  test.each([429, 500, 502, 503, 504])('where a GET is answered with %i is UNAVAILABLE', async (status) => {
    const client = await open(greet, {
      accepts: () => false,
      onRequest: (_, response) => response.writeHead(status).end(),
    })
    expect(await failureOf(client.sayHello({}))).toMatchObject({ code: Code.Unavailable })
  })

  test('of a server that starts just then has a second try', async () => {
    const client = await open(greet, { accepts: (count) => count === 1 })
    expect(await client.sayHello({})).toMatchObject({ message: 'hi' })
  })

  test('without the subprotocol is UNIMPLEMENTED', async () => {
    const client = await open(greet, { subprotocol: false })
    expect(await failureOf(client.sayHello({}))).toMatchObject({ code: Code.Unimplemented })
  })
})

describe('limits', () => {
  test('a message above writeMaxBytes is not sent', async () => {
    const client = await open(greet, { writeMaxBytes: 10 })
    expect(await failureOf(client.sayHello({ name: 'x'.repeat(11) }))).toMatchObject({ code: Code.ResourceExhausted })
  })

  test('a header that is not ASCII is not sent', async () => {
    const client = await open(greet)
    const error = await failureOf(client.sayHello({}, { headers: { 'x-name': 'Zoë' } }))
    expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: expect.stringContaining('x-name-bin') })
  })

  test('a server that sends more than the page reads fails the call', async () => {
    const client = await open(
      (call) => {
        call.send(headerEnvelope())
        for (let count = 0; count < 64; count++) call.send(item('x'.repeat(64 * 1024)))
      },
      { maxBufferedBytes: MIB },
    )
    const messages = client.allStream(requests('a'))[Symbol.asyncIterator]()
    await messages.next()
    await sleep(300)
    const error = await failureOf(
      (async () => {
        while (!(await messages.next()).done);
      })(),
    )
    expect(error).toMatchObject({
      code: Code.ResourceExhausted,
      rawMessage: expect.stringContaining('maxBufferedBytes'),
    })
  })

  test('one message may be greater than what may wait', async () => {
    const client = await open(
      (call) => {
        for (const octets of [headerEnvelope(), item('x'.repeat(3 * MIB)), trailerEnvelope()]) call.send(octets)
      },
      { maxBufferedBytes: 1024 },
    )
    expect((await collect(client.allStream(requests())))[0]?.data.length).toBe(3 * MIB)
  })

  test('sending waits for a server that does not read', async () => {
    let taken = 0
    async function* large() {
      for (; taken < 2_000; taken++) yield { topic: 'a', data: 'x'.repeat(64 * 1024) }
    }
    const paused = Promise.withResolvers<void>()
    const client = await open(async (call) => {
      call.pause()
      await paused.promise
      call.resume()
      while ((await call.next()) !== null);
      for (const octets of [headerEnvelope(), encodeEnvelope(0, new Uint8Array()), trailerEnvelope()]) call.send(octets)
    })
    const answer = client.putStream(large())
    await steadyValue(() => taken)
    expect(taken).toBeGreaterThan(10)
    expect(taken * 64 * 1024).toBeLessThan(32 * MIB)
    paused.resolve()
    await answer
    expect(taken).toBe(2_000)
  })
})

test('unknown options are refused', () => {
  // @ts-expect-error
  expect(() => createWebSocketTransport({ baseURL: 'http://a' })).toThrow(/baseURL is unknown: did you mean baseUrl/)
  expect(() => createWebSocketTransport({ readMaxBytes: 0 })).toThrow(/readMaxBytes is 0/)
  // @ts-expect-error
  expect(() => createWebSocketTransport({ credentials: 'include' })).toThrow(/credentials is unknown: .*handshake/)
})
