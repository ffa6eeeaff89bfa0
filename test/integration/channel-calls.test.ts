import {
  type Client,
  Code,
  ConnectError,
  createClient,
  createContextValues,
  type Interceptor,
} from '@connectrpc/connect'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { RpcTransport } from '../../client/node/rpc/rpc-transport.ts'
import { waitForReady } from '../../client/node/rpc/wait-for-ready.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { gzip } from '../../wire/compression/compression.ts'
import { normalizeHttp2Options } from '../../wire/http2/http2.ts'
import { type ChannelTransportInit, openChannelTransport } from '../support/channel-transport.ts'
import { collect } from '../support/collect.ts'
import { ERROR_TEXT, echoRoutes } from '../support/echo-greeter.ts'
import { type NativeServer, startNativeServer } from '../support/native-server.ts'

let server: NativeServer

beforeEach(async () => {
  server = await startNativeServer(echoRoutes)
})

afterEach(() => server.close())

type Init = Partial<ChannelTransportInit>

function connectTo(init: Init = {}): Client<typeof GreeterService> {
  return createClient(GreeterService, transportTo(init))
}

function transportTo(init: Init = {}): RpcTransport {
  const { transport, close } = openChannelTransport({ port: server.port, ...init })
  onTestFinished(close)
  return transport
}

const passThrough: Interceptor = (next) => async (request) => {
  const response = await next(request)
  return response.stream ? { ...response } : { ...response }
}

describe.each([
  { name: 'binary', init: {} },
  { name: 'JSON', init: { settings: { format: 'json' } } },
  { name: 'gzip both ways', init: { settings: { sendCompression: gzip } } },
  { name: 'an interceptor', init: { parts: { interceptors: [passThrough] } } },
] as const)('the four kinds of method, $name', ({ init }) => {
  test('unary, with metadata both ways', async () => {
    const seen: (string | null)[] = []
    const { message } = await connectTo(init).sayHello(
      { name: 'Ada' },
      {
        headers: { 'echo-a': 'b' },
        onHeader: (header) => seen.push(header.get('echo-a')),
        onTrailer: (trailer) => seen.push(trailer.get('late-echo-a')),
      },
    )
    expect(message).toBe('Hello Ada')
    expect(seen).toEqual(['b', 'b'])
  })

  test('server stream, many messages', async () => {
    const messages = await collect(connectTo(init).getStream({ topic: 't', limit: 5_000 }))
    expect(messages.map(({ sequence }) => Number(sequence))).toEqual(Array.from({ length: 5_000 }, (_, i) => i))
  })

  test('client stream, many messages', async () => {
    async function* input() {
      for (let i = 0; i < 5_000; i++) yield { topic: 't', data: 'd'.repeat(100) }
    }
    expect(await connectTo(init).putStream(input())).toMatchObject({ accepted: 5_000n })
  })

  test('bidirectional stream', async () => {
    async function* input() {
      for (const data of ['a', 'b', 'c']) yield { topic: 't', data }
    }
    const answers = await collect(connectTo(init).allStream(input()))
    expect(answers.map(({ data }) => data)).toEqual(['A', 'B', 'C'])
  })

  test('an error arrives with its message and metadata', async () => {
    const error = await connectTo(init)
      .sayHello({ name: 'fail' })
      .catch((reason: unknown) => ConnectError.from(reason))
    expect(error).toMatchObject({ code: Code.DataLoss, rawMessage: ERROR_TEXT })
    expect(error instanceof ConnectError && error.metadata.get('x-error')).toBe('meta')
  })

  test('an error after messages arrives after them', async () => {
    const seen: string[] = []
    const reading = (async () => {
      for await (const { data } of connectTo(init).getStream({ topic: 'fail', limit: 3 })) seen.push(data)
    })()
    await expect(reading).rejects.toMatchObject({ code: Code.Aborted, rawMessage: 'after all' })
    expect(seen).toHaveLength(3)
  })
})

describe('deadlines', () => {
  test('DL-1 cancels the call at a server that exceeds the deadline', async () => {
    const client = connectTo()
    await client.sayHello({ name: 'connected' })
    await expect(client.sayHello({ name: 'wait' }, { timeoutMs: 150 })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
    })
    await expect.poll(() => server.ends.length).toBe(2)
  })

  test('sends the remaining time to the server', async () => {
    const { message } = await connectTo().sayHello({ name: 'timeout' }, { timeoutMs: 60_000 })
    expect(message).toMatch(/^\d{7,8}u$/)
  })

  test('CB-4 DL-5 a deadline that passes during wait-for-ready reports what the call waited for', async () => {
    const { port } = server
    await server.close()
    const client = connectTo({ port })
    const contextValues = createContextValues().set(waitForReady, true)
    await expect(client.sayHello({ name: 'x' }, { timeoutMs: 200, contextValues })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
      rawMessage: expect.stringContaining('ECONNREFUSED'),
    })
    await expect(client.sayHello({ name: 'x' })).rejects.toMatchObject({ code: Code.Unavailable })
    server = await startNativeServer(echoRoutes)
  })

  test('DL-7 leaves no timers behind', async () => {
    const client = connectTo()
    const { timers } = normalizeHttp2Options('client')
    await client.sayHello({ name: 'x' })
    const before = timers.size
    await Promise.all(Array.from({ length: 10_000 }, () => client.sayHello({ name: 'x' }, { timeoutMs: 60_000 })))
    expect(timers.size).toBeLessThanOrEqual(before)
  })
})

describe('cancellation', () => {
  test('cancels a unary call, and its handler', async () => {
    const controller = new AbortController()
    const calling = connectTo().sayHello({ name: 'wait' }, { signal: controller.signal })
    await expect.poll(() => [...server.sessions].reduce((sum, { openStreams }) => sum + openStreams, 0)).toBe(1)
    controller.abort()
    await expect(calling).rejects.toMatchObject({ code: Code.Canceled })
    await expect.poll(() => server.ends.length).toBe(1)
  })

  test('ends a stream when its reader stops', async () => {
    async function* input() {
      yield { topic: 'wait', limit: 1 }
    }
    const { getStream } = GreeterService.method
    // Connect's clients hide `return`; direct users of the transport have it.
    const response = await transportTo().stream(getStream, undefined, undefined, undefined, input())
    for await (const message of response.message) {
      expect(message).toMatchObject({ data: 'wait' })
      break
    }
    await expect.poll(() => server.ends.length).toBe(1)
  })

  test('sends no call when the signal is already aborted', async () => {
    await expect(connectTo().sayHello({}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: Code.Canceled,
    })
    expect(server.sessions.size).toBe(0)
  })

  test('ends the call when a request message cannot be produced', async () => {
    async function* input(): AsyncGenerator<{ topic: string }> {
      yield { topic: 't' }
      throw new Error('no more')
    }
    await expect(connectTo().putStream(input())).rejects.toThrow('no more')
  })
})

describe('limits', () => {
  test('a response above the limit is RESOURCE_EXHAUSTED, compressed or not', async () => {
    const client = connectTo({ settings: { maxReceiveBytes: 100 } })
    await expect(client.sayHello({ name: 'x'.repeat(200) })).rejects.toMatchObject({ code: Code.ResourceExhausted })
    await expect(client.sayHello({ name: 'x'.repeat(5_000) })).rejects.toMatchObject({ code: Code.ResourceExhausted })
    expect(await client.sayHello({ name: 'x' })).toMatchObject({ message: 'Hello x' })
  })

  test('a request above the limit is not sent', async () => {
    const client = connectTo({ settings: { maxSendBytes: 10 } })
    await expect(client.sayHello({ name: 'x'.repeat(20) })).rejects.toMatchObject({ code: Code.ResourceExhausted })
    expect(server.sessions.size).toBe(0)
  })
})

test('calls on a broken connection are UNAVAILABLE, and the next call opens another', async () => {
  const client = connectTo()
  const calling = client.sayHello({ name: 'wait' })
  await expect.poll(() => [...server.sessions].reduce((sum, { openStreams }) => sum + openStreams, 0)).toBe(1)
  for (const session of server.sessions) session.destroy(0)
  await expect(calling).rejects.toMatchObject({ code: Code.Unavailable })
  expect(
    await client.sayHello({ name: 'again' }, { contextValues: createContextValues().set(waitForReady, true) }),
  ).toMatchObject({ message: 'Hello again' })
})
