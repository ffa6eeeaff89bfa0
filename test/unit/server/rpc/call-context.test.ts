import { createContextKey, type HandlerContext } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { GreeterService, SayHelloRequestSchema } from '../../../../gen/greeter/v1/greeter_pb.js'
import { createLaneBench, enveloped, grpcHead } from '../../../support/lane-bench.ts'
import type { MemoryHead } from '../../../support/memory-exchange.ts'

/** Runs `look` in the handler of a call. */
function inHandler(look: (context: HandlerContext) => void, fields: MemoryHead['fields'] = []) {
  const bench = createLaneBench((router) =>
    router.service(GreeterService, {
      sayHello(_request, context) {
        look(context)
        return {}
      },
    }),
  )
  const exchange = bench.request(grpcHead('/greeter.v1.GreeterService/SayHello', fields))
  exchange.feed(enveloped(SayHelloRequestSchema, {}), true)
  expect(exchange.trailers.get('grpc-status')).toBe('0')
  return exchange
}

test('provides the same values as Connect', () => {
  inHandler((context) => {
    expect(context.method).toBe(GreeterService.method.sayHello)
    expect(context.service).toBe(GreeterService)
    expect(context.protocolName).toBe('grpc')
    expect(context.requestMethod).toBe('POST')
    expect(context.url).toBe('http://example.test/greeter.v1.GreeterService/SayHello')
  })
})

test('request headers, with repeated names joined', () => {
  const fields = [
    ['x-one', 'a'],
    ['x-one', 'b'],
    ['__proto__', 'c'],
  ] as const
  inHandler(({ requestHeader }) => {
    expect([requestHeader.get('X-One'), requestHeader.get('__proto__')]).toEqual(['a, b', 'c'])
    expect(requestHeader.get('content-type')).toBe('application/grpc')
  }, fields)
})

test('repeated access returns the same object', () => {
  const key = createContextKey(0)
  inHandler((context) => {
    context.values.set(key, 5)
    expect(context.values.get(key)).toBe(5)
    expect(context.signal).toBe(context.signal)
    expect(context.requestHeader).toBe(context.requestHeader)
    expect(context.responseHeader).toBe(context.responseHeader)
    expect(context.responseTrailer).toBe(context.responseTrailer)
  })
})

test('timeoutMs may be destructured', () => {
  inHandler(({ timeoutMs }) => expect(timeoutMs()).toBeUndefined())
  inHandler(({ timeoutMs }) => expect(timeoutMs()).toBe(5_000), [['grpc-timeout', '5S']])
})

test('timeoutMs is whole milliseconds, whatever the clock', () => {
  inHandler(({ timeoutMs }) => expect(timeoutMs()).toBe(1), [['grpc-timeout', '100u']])
  inHandler(({ timeoutMs }) => expect(timeoutMs()).toBe(2), [['grpc-timeout', '1500u']])
})

test('response headers that were read but not set change nothing', () => {
  const exchange = inHandler((context) => expect([...context.responseTrailer]).toEqual([]))
  expect([...exchange.trailers]).toEqual([['grpc-status', '0']])
})
