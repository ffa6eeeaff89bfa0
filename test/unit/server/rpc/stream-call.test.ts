import { fromBinary } from '@bufbuild/protobuf'
import { Code, ConnectError, type HandlerContext, type Interceptor, type ServiceImpl } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import {
  AllStreamRequestSchema,
  GetStreamRequestSchema,
  GetStreamResponseSchema,
  GreeterService,
  PutStreamRequestSchema,
  PutStreamResponseSchema,
} from '../../../../gen/greeter/v1/greeter_pb.js'
import type { NativeLaneOptions } from '../../../../server/rpc/native-lane.ts'
import { createLaneBench, enveloped, grpcHead } from '../../../support/lane-bench.ts'
import type { MemoryExchange } from '../../../support/memory-exchange.ts'
import { settled } from '../../../support/settled.ts'

const GET = '/greeter.v1.GreeterService/GetStream'
const PUT = '/greeter.v1.GreeterService/PutStream'
const ALL = '/greeter.v1.GreeterService/AllStream'
const TOPIC = enveloped(GetStreamRequestSchema, { topic: 't' })

function bench(implementation: Partial<ServiceImpl<typeof GreeterService>>, options: Partial<NativeLaneOptions> = {}) {
  return createLaneBench((router) => router.service(GreeterService, implementation), options)
}

function put(data: string): Buffer {
  return enveloped(PutStreamRequestSchema, { topic: 't', data })
}

function all(data: string): Buffer {
  return enveloped(AllStreamRequestSchema, { topic: 't', data })
}

/** The data of the messages in a body; those of AllStream look the same. */
function dataIn({ body }: MemoryExchange): string[] {
  const data: string[] = []
  for (let at = 0; at < body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1)
    data.push(fromBinary(GetStreamResponseSchema, body.subarray(at + 5, end)).data)
    at = end
  }
  return data
}

function statusOf({ headers, trailers }: MemoryExchange): number {
  return Number(trailers.get('grpc-status') ?? headers.get('grpc-status'))
}

describe('a server stream', () => {
  test('sends what the service yields, followed by the status', async () => {
    const { request, ends } = bench({
      async *getStream({ topic }) {
        yield { topic, data: 'one' }
        yield { topic, data: 'two' }
      },
    })
    const exchange = request(grpcHead(GET))
    exchange.feed(TOPIC, true)
    await settled()
    expect(dataIn(exchange)).toEqual(['one', 'two'])
    expect(Object.fromEntries(exchange.trailers)).toEqual({ 'grpc-status': '0' })
    expect(exchange.releases).toBe(1)
    expect(ends).toMatchObject([{ code: undefined, sentBytes: exchange.body.length }])
  })

  test('of no messages has headers and a status', async () => {
    const { request } = bench({ async *getStream() {} })
    const exchange = request(grpcHead(GET))
    exchange.feed(TOPIC, true)
    await settled()
    expect(exchange).toMatchObject({ status: 200, isEnded: true, body: Buffer.alloc(0) })
    expect(statusOf(exchange)).toBe(0)
  })

  test('MD-7 that fails before its first message is trailers-only; after it, the status is in trailers', async () => {
    const { request } = bench({
      async *getStream({ limit }) {
        if (limit > 0) yield { data: 'one' }
        throw new ConnectError('no', Code.OutOfRange)
      },
    })
    for (const limit of [0, 1]) {
      const exchange = request(grpcHead(GET))
      exchange.feed(enveloped(GetStreamRequestSchema, { limit }), true)
      await settled()
      expect(statusOf(exchange)).toBe(Code.OutOfRange)
      expect(exchange).toMatchObject({ isHeadOnly: limit === 0, releases: 1 })
    }
  })

  test('a slow reader holds the service back', async () => {
    let yielded = 0
    const { request } = bench({
      async *getStream() {
        for (; yielded < 100; yielded++) yield { data: String(yielded) }
      },
    })
    const exchange = request(grpcHead(GET))
    exchange.isFull = true
    exchange.feed(TOPIC, true)
    await settled()
    expect(dataIn(exchange)).toEqual(['0'])
    exchange.drain()
    await settled()
    expect(dataIn(exchange)).toHaveLength(100)
    expect(statusOf(exchange)).toBe(0)
  })

  test('a first message waits while other calls of the connection fill its buffer', async () => {
    const { request } = bench({
      async *getStream() {
        yield { data: 'one' }
        yield { data: 'two' }
      },
    })
    const exchange = request(grpcHead(GET))
    exchange.isCrowded = true
    exchange.feed(TOPIC, true)
    await settled()
    expect(exchange.status).toBeUndefined()
    exchange.drain()
    await settled()
    expect(dataIn(exchange)).toEqual(['one', 'two'])
    expect(statusOf(exchange)).toBe(0)
  })

  test('P4 a client that disconnects ends a service that waits for room', async () => {
    const ended: string[] = []
    const { request, ends } = bench({
      async *getStream() {
        try {
          yield { data: 'one' }
          yield { data: 'two' }
        } finally {
          ended.push('finally')
        }
      },
    })
    const exchange = request(grpcHead(GET))
    exchange.isFull = true
    exchange.feed(TOPIC, true)
    await settled()
    exchange.abort()
    await settled()
    expect(ended).toEqual(['finally'])
    expect(exchange).toMatchObject({ releases: 1, isEnded: false })
    expect(ends).toMatchObject([{ code: Code.Canceled }])
  })

  test('P4 a client that disconnects ends an iterator that waits for something else', async () => {
    let returned = 0
    const { request } = bench({
      getStream: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<never>(() => {}),
          return: async () => {
            returned++
            return { done: true, value: undefined }
          },
        }),
      }),
    })
    const exchange = request(grpcHead(GET))
    exchange.feed(TOPIC, true)
    await settled()
    exchange.abort()
    await settled()
    expect(returned).toBe(1)
    expect(exchange.releases).toBe(1)
  })

  test('a deadline ends an endless stream', async () => {
    let context: HandlerContext | undefined
    const { request, clock, timers } = bench({
      async *getStream(_request, given) {
        context = given
        yield { data: 'one' }
        await new Promise((resolve) => given.signal.addEventListener('abort', resolve))
      },
    })
    const exchange = request(grpcHead(GET, [['grpc-timeout', '1S']]))
    exchange.feed(TOPIC, true)
    await settled()
    clock.advance(1_010)
    await settled()
    expect(dataIn(exchange)).toEqual(['one'])
    expect(statusOf(exchange)).toBe(Code.DeadlineExceeded)
    expect(context?.signal.reason).toMatchObject({ code: Code.DeadlineExceeded })
    expect([exchange.releases, timers.size]).toEqual([1, 0])
  })

  test('a message above the limit ends it, and releases the service', async () => {
    let isLetGo = false
    const implementation: Partial<ServiceImpl<typeof GreeterService>> = {
      async *getStream() {
        try {
          yield { data: 'small' }
          yield { data: 'x'.repeat(100) }
          expect.unreachable()
        } finally {
          isLetGo = true
        }
      },
    }
    const { request } = bench(implementation, { maxSendBytes: 50 })
    const exchange = request(grpcHead(GET))
    exchange.feed(TOPIC, true)
    await settled()
    expect(dataIn(exchange)).toEqual(['small'])
    expect(statusOf(exchange)).toBe(Code.ResourceExhausted)
    expect([isLetGo, exchange.releases]).toEqual([true, 1])
  })
})

describe('a client stream', () => {
  test('is read as it arrives, and answered at its end', async () => {
    const seen: string[] = []
    const { request } = bench({
      async putStream(messages) {
        for await (const { data } of messages) seen.push(data)
        return { accepted: BigInt(seen.length) }
      },
    })
    const exchange = request(grpcHead(PUT))
    exchange.feed(Buffer.concat([put('one'), put('two').subarray(0, 3)]))
    await settled()
    expect(seen).toEqual(['one'])
    exchange.feed(put('two').subarray(3), true)
    await settled()
    expect(seen).toEqual(['one', 'two'])
    expect(fromBinary(PutStreamResponseSchema, exchange.body.subarray(5)).accepted).toBe(2n)
    expect(exchange.releases).toBe(1)
  })

  test('P3 a reset throws in the handler; it does not look like an end', async () => {
    let thrown: unknown
    const { request, ends } = bench({
      async putStream(messages) {
        try {
          for await (const _message of messages);
          expect.unreachable()
        } catch (error) {
          thrown = error
        }
        return {}
      },
    })
    const exchange = request(grpcHead(PUT))
    exchange.feed(put('one'))
    await settled()
    exchange.abort()
    await settled()
    expect(thrown).toMatchObject({ code: Code.Canceled })
    expect(exchange).toMatchObject({ isEnded: false, releases: 1 })
    expect(ends).toMatchObject([{ code: Code.Canceled }])
  })

  test.each([
    ['of short messages', 'more'],
    ['of long ones', 'x'.repeat(4_096)],
  ])('nothing is read before it is requested, %s', async (_what, text) => {
    const answer = Promise.withResolvers<void>()
    const { request } = bench({
      async putStream(messages) {
        await messages[Symbol.asyncIterator]().next()
        await answer.promise
        return {}
      },
    })
    const exchange = request(grpcHead(PUT))
    const rest = Buffer.concat(Array.from({ length: 50 }, () => put(text)))
    exchange.feed(Buffer.concat([put(text), rest]))
    await settled()
    expect(exchange.readableBytes).toBe(rest.length)
    answer.resolve()
    await settled()
    expect(exchange.releases).toBe(1)
  })

  test('one message above the limit is RESOURCE_EXHAUSTED', async () => {
    const implementation: Partial<ServiceImpl<typeof GreeterService>> = {
      async putStream(messages) {
        for await (const _message of messages);
        return {}
      },
    }
    const { request } = bench(implementation, { maxReceiveBytes: 20 })
    const exchange = request(grpcHead(PUT))
    exchange.feed(Buffer.concat([put('fits'), put('x'.repeat(30))]))
    await settled()
    expect(statusOf(exchange)).toBe(Code.ResourceExhausted)
  })

  test('a handler waiting for a message is notified of the shutdown, and decides what it responds', async () => {
    const { request, shutdown } = bench({
      async putStream(messages) {
        let accepted = 0n
        try {
          for await (const _message of messages) accepted++
        } catch (error) {
          expect(error).toMatchObject({ code: Code.Unavailable, rawMessage: 'closing' })
        }
        if (accepted > 1n) return { accepted }
        throw new ConnectError('too few', Code.FailedPrecondition)
      },
    })
    const [few, enough, ended] = [request(grpcHead(PUT)), request(grpcHead(PUT)), request(grpcHead(PUT))]
    few.feed(put('one'))
    enough.feed(Buffer.concat([put('one'), put('two')]))
    ended.feed(Buffer.concat([put('one'), put('two')]), true)
    await settled()
    shutdown.abort(new ConnectError('closing', Code.Unavailable))
    await settled()
    expect([few, enough, ended].map(statusOf)).toEqual([Code.FailedPrecondition, 0, 0])
    expect(enough.releases).toBe(1)
  })

  test('a handler that reads only after the shutdown is notified at once', async () => {
    const { request, shutdown } = bench({
      async putStream(messages) {
        for await (const _message of messages) expect.unreachable()
        return {}
      },
    })
    shutdown.abort(new ConnectError('closing', Code.Unavailable))
    const exchange = request(grpcHead(PUT))
    exchange.feed(put('one'))
    await settled()
    expect(statusOf(exchange)).toBe(Code.Unavailable)
  })

  test('overlapping calls of next are answered in order', async () => {
    const { request } = bench({
      async putStream(messages) {
        const iterator = messages[Symbol.asyncIterator]()
        const results = await Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()])
        expect(results.map((result) => result.value?.data)).toEqual(['one', 'two', undefined, undefined])
        return { accepted: 2n }
      },
    })
    const exchange = request(grpcHead(PUT))
    await settled()
    exchange.feed(put('one'))
    await settled()
    exchange.feed(put('two'), true)
    await settled()
    expect(statusOf(exchange)).toBe(0)
  })
})

describe('a bidi stream', () => {
  test('responds while the client still sends', async () => {
    const { request } = bench({
      async *allStream(messages) {
        for await (const { data } of messages) yield { data: data.toUpperCase() }
      },
    })
    const exchange = request(grpcHead(ALL))
    for (const word of ['one', 'two']) {
      exchange.feed(all(word))
      await settled()
      expect(dataIn(exchange).at(-1)).toBe(word.toUpperCase())
    }
    exchange.feed(Buffer.alloc(0), true)
    await settled()
    expect(statusOf(exchange)).toBe(0)
    expect(exchange.releases).toBe(1)
  })

  test('whose handler stops reading may still respond', async () => {
    const { request } = bench({
      async *allStream(messages) {
        for await (const { data } of messages) {
          yield { data }
          break
        }
        yield { data: 'enough' }
      },
    })
    const exchange = request(grpcHead(ALL))
    exchange.feed(Buffer.concat([all('one'), all('two')]))
    await settled()
    expect(dataIn(exchange)).toEqual(['one', 'enough'])
    expect(statusOf(exchange)).toBe(0)
  })
})

test.each([
  ['without interceptors', []],
  ['with interceptors', [((next) => next) as Interceptor]],
])('a server stream awaits its one message from the start, %s', async (_what, interceptors) => {
  const { request } = bench({}, { interceptors })
  const exchange = request(grpcHead(GET))
  await settled()
  expect(exchange.sink?.isOwed).toBe(true)
  exchange.abort()
  expect(exchange.sink?.isOwed).toBe(false)
})
