import { create, fromBinary } from '@bufbuild/protobuf'
import { Code, ConnectError, createContextKey, type Interceptor, type ServiceImpl } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import {
  GetStreamRequestSchema,
  GetStreamResponseSchema,
  GreeterService,
  PutStreamRequestSchema,
  PutStreamResponseSchema,
  SayHelloRequestSchema,
  SayHelloResponseSchema,
} from '../../../../gen/greeter/v1/greeter_pb.js'
import { createLaneBench, enveloped, grpcHead } from '../../../support/lane-bench.ts'
import type { MemoryExchange } from '../../../support/memory-exchange.ts'
import { settled } from '../../../support/settled.ts'

const PATH = '/greeter.v1.GreeterService'
const USER = createContextKey('nobody')

async function call(
  method: string,
  body: Buffer,
  implementation: Partial<ServiceImpl<typeof GreeterService>>,
  interceptors: readonly Interceptor[],
): Promise<MemoryExchange> {
  const { request } = createLaneBench((router) => router.service(GreeterService, implementation), { interceptors })
  const exchange = request(grpcHead(`${PATH}/${method}`, [['x-in', '1']]))
  exchange.feed(body, true)
  await settled()
  expect(exchange.releases).toBe(1)
  return exchange
}

const sayHello = (implementation: ServiceImpl<typeof GreeterService>['sayHello'], ...interceptors: Interceptor[]) =>
  call('SayHello', enveloped(SayHelloRequestSchema, { name: 'Ada' }), { sayHello: implementation }, interceptors)

describe('unary', () => {
  test('IC-1 the first is outermost, and each is created per call', async () => {
    const trace: string[] = []
    let made = 0
    const tracing =
      (name: string): Interceptor =>
      (next) => {
        made++
        return async (request) => {
          trace.push(`${name} in`)
          const response = await next(request)
          trace.push(`${name} out`)
          return response
        }
      }
    await sayHello(() => ({}), tracing('a'), tracing('b'))
    expect(trace).toEqual(['a in', 'b in', 'b out', 'a out'])
    await sayHello(() => ({}), tracing('a'))
    expect(made).toBe(3)
  })

  test('IC-2 outer interceptors see what an inner one rejects', async () => {
    let seen: unknown
    const outer: Interceptor = (next) => (request) =>
      next(request).catch((error: unknown) => {
        seen = error
        throw error
      })
    const inner: Interceptor = () => () => Promise.reject(new ConnectError('no', Code.PermissionDenied))
    const { headers } = await sayHello(() => expect.unreachable(), outer, inner)
    expect(headers.get('grpc-status')).toBe(String(Code.PermissionDenied))
    expect(seen).toMatchObject({ rawMessage: 'no' })
  })

  test('they see the call, and the handler sees what they pass on', async () => {
    const interceptor: Interceptor = (next) => async (request) => {
      expect(request).toMatchObject({ stream: false, requestMethod: 'POST', message: { name: 'Ada' } })
      expect([request.method.name, request.service.typeName]).toEqual(['SayHello', 'greeter.v1.GreeterService'])
      expect(request.url).toBe('http://example.test/greeter.v1.GreeterService/SayHello')
      request.contextValues.set(USER, 'ada')
      const header = new Headers(request.header)
      header.set('x-added', '2')
      return await next({
        ...request,
        header,
        message: create(SayHelloRequestSchema, { name: 'Bob' }),
      } as typeof request)
    }
    const exchange = await sayHello(({ name }, { values, requestHeader, signal, protocolName }) => {
      expect(signal.aborted).toBe(false)
      const words = [name, values.get(USER), requestHeader.get('x-in'), requestHeader.get('x-added'), protocolName]
      return { message: words.join() }
    }, interceptor)
    expect(fromBinary(SayHelloResponseSchema, exchange.body.subarray(5)).message).toBe('Bob,ada,1,2,grpc')
  })

  test('they can replace the response and its metadata', async () => {
    const interceptor: Interceptor = (next) => async (request) => {
      const response = await next(request)
      expect(response.message).toMatchObject({ message: 'from the service' })
      const message = create(SayHelloResponseSchema, { message: 'replaced' })
      return { ...response, message, header: new Headers({ 'x-new': '1' }) } as typeof response
    }
    const exchange = await sayHello((_request, { responseHeader, responseTrailer }) => {
      responseHeader.set('x-old', '1')
      responseTrailer.set('x-kept', '1')
      return { message: 'from the service' }
    }, interceptor)
    expect(fromBinary(SayHelloResponseSchema, exchange.body.subarray(5)).message).toBe('replaced')
    expect([exchange.headers.get('x-new'), exchange.headers.get('x-old')]).toEqual(['1', null])
    expect(exchange.trailers.get('x-kept')).toBe('1')
  })

  test.each<[string, Interceptor]>([
    ['untouched', (next) => next],
    [
      'with headers of an interceptor',
      (next) => async (request) => {
        const response = await next(request)
        response.header.set('x-out', '1')
        response.trailer.set('x-last', '2')
        return response
      },
    ],
    ['in a copy', (next) => async (request) => ({ ...(await next(request)) })],
    ['behind a proxy', (next) => async (request) => new Proxy(await next(request), {})],
  ])('a response %s has the headers that were set', async (name, interceptor) => {
    const { headers, trailers } = await sayHello((_request, { responseHeader, responseTrailer }) => {
      responseHeader.set('x-handler', 'a')
      responseTrailer.set('x-end', 'b')
      return {}
    }, interceptor)
    const added = name === 'with headers of an interceptor' ? ['1', '2'] : [null, null]
    const seen = [headers.get('x-handler'), trailers?.get('x-end'), headers.get('x-out'), trailers?.get('x-last')]
    expect(seen).toEqual(['a', 'b', ...added])
  })

  test('an error that is not a ConnectError reveals nothing', async () => {
    const interceptor: Interceptor = () => () => Promise.reject(new Error('secret'))
    const { headers } = await sayHello(() => ({}), interceptor)
    expect(headers.get('grpc-status')).toBe(String(Code.Internal))
    expect(headers.get('grpc-message')).not.toContain('secret')
  })
})

describe('streams', () => {
  const doubling: Interceptor = (next) => async (request) => {
    expect(request.stream).toBe(true)
    const response = await next(request)
    if (!response.stream) return response
    async function* doubled(messages: AsyncIterable<unknown>) {
      for await (const message of messages) {
        yield message
        yield message
      }
    }
    return { ...response, message: doubled(response.message) } as typeof response
  }

  test('a server stream receives its one message as a stream, and its responses are complete messages', async () => {
    const body = enveloped(GetStreamRequestSchema, { topic: 't' })
    const exchange = await call(
      'GetStream',
      body,
      {
        async *getStream({ topic }, { responseTrailer }) {
          yield { data: topic }
          responseTrailer.set('x-late', '1')
        },
      },
      [doubling],
    )
    const one = enveloped(GetStreamResponseSchema, { data: 't' })
    expect(exchange.body.equals(Buffer.concat([one, one]))).toBe(true)
    expect(exchange.trailers.get('x-late')).toBe('1')
  })

  test('a server stream with no message, or two, is UNIMPLEMENTED as without interceptors', async () => {
    const one = enveloped(GetStreamRequestSchema, { topic: 't' })
    for (const body of [Buffer.alloc(0), Buffer.concat([one, one])]) {
      const implementation = { getStream: () => expect.unreachable() }
      const { headers } = await call('GetStream', body, implementation, [doubling])
      expect(headers.get('grpc-status')).toBe(String(Code.Unimplemented))
    }
  })

  test('a client stream', async () => {
    const body = Buffer.concat(['one', 'two'].map((data) => enveloped(PutStreamRequestSchema, { topic: 't', data })))
    const seen: string[] = []
    const watching: Interceptor = (next) => async (request) => {
      if (!request.stream) return await next(request)
      async function* watched(messages: AsyncIterable<unknown>) {
        for await (const message of messages) {
          seen.push((message as { data: string }).data)
          yield message
        }
      }
      return await next({ ...request, message: watched(request.message) } as typeof request)
    }
    const implementation: Partial<ServiceImpl<typeof GreeterService>> = {
      async putStream(messages) {
        let accepted = 0n
        for await (const _message of messages) accepted++
        return { accepted }
      },
    }
    const exchange = await call('PutStream', body, implementation, [watching])
    expect(seen).toEqual(['one', 'two'])
    expect(fromBinary(PutStreamResponseSchema, exchange.body.subarray(5)).accepted).toBe(2n)
  })
})
