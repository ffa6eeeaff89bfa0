import { once } from 'node:events'
import { Code, type Transport } from '@connectrpc/connect'
import { createAsyncIterable } from '@connectrpc/connect/protocol'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createClient } from '../../client/core/create-client.ts'
import { createTransport } from '../../client/node/transport.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { collect } from '../support/collect.ts'
import { type NativeServer, startNativeServer } from '../support/native-server.ts'
import { startSilentServer } from '../support/silent-server.ts'
import { untilAborted } from '../support/until-aborted.ts'

const PROTOCOLS = ['grpc', 'grpc-web', 'connect'] as const

let server: NativeServer
/** Settles when the handler of the test is aborted. */
let left: PromiseWithResolvers<void>

beforeAll(async () => {
  server = await startNativeServer((router) =>
    router.service(GreeterService, {
      async *getStream({ topic }, { signal, responseHeader, responseTrailer }) {
        responseHeader.set('x-topic', topic)
        responseTrailer.set('x-count', '2')
        yield { sequence: 1n }
        yield { sequence: 2n }
        if (topic === 'short') return
        await untilAborted(signal).catch(() => left.resolve())
      },
      async *allStream(messages, { signal }) {
        for await (const { data } of messages) yield { data }
        await untilAborted(signal).catch(() => left.resolve())
      },
    }),
  )
})

afterAll(() => server.close())

function open(options: Partial<TransportOptions>) {
  left = Promise.withResolvers<void>()
  const transport = createTransport({ baseUrl: server.origin, ...options })
  onTestFinished(() => transport.close())
  return { transport, greeter: createClient(GreeterService, transport) }
}

describe.each(PROTOCOLS)('over %s', (protocol) => {
  test('leaving a server stream midway cancels the call', async () => {
    const { transport, greeter } = open({ protocol })
    for await (const { sequence } of greeter.getStream({ topic: 'long' })) {
      expect(sequence).toBe(1n)
      break
    }
    await left.promise
    expect(transport.inspect().calls).toMatchObject({ started: 1, succeeded: 0, failed: 1 })
  })

  test('leaving cancels the call through interceptors', async () => {
    const { greeter } = open({ protocol, interceptors: [(next) => async (request) => ({ ...(await next(request)) })] })
    for await (const _ of greeter.getStream({ topic: 'long' })) break
    await left.promise
  })

  test('leaving cancels the call through a transport of the application', async () => {
    const { transport } = open({ protocol })
    const own: Transport = { unary: transport.unary, stream: transport.stream }
    for await (const _ of createClient(GreeterService, own).getStream({ topic: 'long' })) break
    await left.promise
  })

  test('the trailers of a response are empty until its end, whenever they are read', async () => {
    const { transport } = open({ protocol })
    for (const readsEarly of [true, false]) {
      const requests = createAsyncIterable([{ topic: 'short' }])
      const method = GreeterService.method.getStream
      const response = await transport.stream(method, undefined, undefined, undefined, requests)
      expect(response.header.get('x-topic')).toBe('short')
      if (readsEarly) expect([...response.trailer]).toEqual([])
      await collect(response.message)
      expect(response.trailer.get('x-count')).toBe('2')
      expect(response.trailer).toBe(response.trailer)
    }
  })

  test('leaving a bidirectional stream cancels the call and ends its requests', async () => {
    const { greeter } = open({ protocol })
    const noMore = Promise.withResolvers<void>()
    const endless = (async function* () {
      try {
        for (;;) yield { data: 'x' }
      } finally {
        noMore.resolve()
      }
    })()
    const leaving = async () => {
      for await (const { data } of greeter.allStream(endless)) throw new Error(`${data} is enough`)
    }
    await expect(leaving()).rejects.toThrow('x is enough')
    await noMore.promise
  })

  test('leaving before the response has begun cancels the call at once', async () => {
    const { transport, greeter } = open({ protocol })
    const answers = greeter.getStream({ topic: 'long' })[Symbol.asyncIterator]()
    expect(await answers.return?.()).toEqual({ done: true, value: undefined })
    expect(await answers.next()).toEqual({ done: true, value: undefined })
    await expect.poll(() => transport.inspect().calls).toMatchObject({ started: 1, succeeded: 0, failed: 1 })
  })

  test('leaving while the server is silent cancels the call at once, and rejects a pending read', async () => {
    const silent = await startSilentServer()
    const { transport, greeter } = open({ protocol, baseUrl: silent.origin })
    const answers = greeter.getStream({ topic: 'long' })[Symbol.asyncIterator]()
    const waiting = expect(answers.next()).rejects.toMatchObject({ code: Code.Canceled })
    const cancelled = once(await silent.nextStream, 'close')
    expect(await answers.return?.()).toEqual({ done: true, value: undefined })
    await Promise.all([waiting, cancelled])
    expect(transport.inspect().calls).toMatchObject({ started: 1, succeeded: 0, failed: 1 })
    await transport.close()
  })

  test('a stream read to its end delivers messages, headers and trailers once', async () => {
    const { transport, greeter } = open({ protocol })
    const told: (string | null)[] = []
    const answers = greeter.getStream(
      { topic: 'short' },
      {
        onHeader: (header) => told.push(header.get('x-topic')),
        onTrailer: (trailer) => told.push(trailer.get('x-count')),
      },
    )
    expect((await collect(answers)).map(({ sequence }) => sequence)).toEqual([1n, 2n])
    expect(await collect(answers)).toEqual([])
    expect(told).toEqual(['short', '2'])
    expect(transport.inspect().calls).toMatchObject({ started: 1, succeeded: 1, failed: 0 })
  })

  test('concurrent reads receive messages in order', async () => {
    const { greeter } = open({ protocol })
    const answers = greeter.getStream({ topic: 'short' })[Symbol.asyncIterator]()
    const results = await Promise.all([answers.next(), answers.next(), answers.next()])
    expect(results.map(({ value }) => value?.sequence)).toEqual([1n, 2n, undefined])
  })

  test('an error thrown by onHeader reaches the reader, and cancels the call', async () => {
    const { greeter } = open({ protocol })
    const onHeader = () => {
      throw new Error('no such header')
    }
    await expect(collect(greeter.getStream({ topic: 'long' }, { onHeader }))).rejects.toThrow('no such header')
    await left.promise
  })

  test('a call that fails before it starts fails its reader', async () => {
    const { greeter } = open({ protocol })
    await expect(collect(greeter.getStream({}, { signal: AbortSignal.abort() }))).rejects.toMatchObject({
      code: Code.Canceled,
    })
  })
})

test.each(PROTOCOLS)('over %s, a copy of a response has its metadata', async (protocol) => {
  const { transport } = open({ protocol })
  const wrapper: Transport = {
    ...transport,
    async stream(...args) {
      return { ...(await transport.stream(...args)) }
    },
  }
  const seen: (string | null)[] = []
  const received = createClient(GreeterService, wrapper).getStream(
    { topic: 'short' },
    {
      onHeader: (header) => void seen.push(header.get('x-topic')),
      onTrailer: (trailer) => void seen.push(trailer.get('x-count')),
    },
  )
  expect(await collect(received)).toHaveLength(2)
  expect(seen).toEqual(['short', '2'])
})
