import { runInNewContext } from 'node:vm'
import { create, fromBinary } from '@bufbuild/protobuf'
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { GreeterService, SayHelloRequestSchema, SayHelloResponseSchema } from '../../../../gen/greeter/v1/greeter_pb.js'
import type { NativeLaneOptions } from '../../../../server/rpc/native-lane.ts'
import { messageEncoder } from '../../../../wire/codec/encode/message-encoder.ts'
import { HeaderListTooLargeError } from '../../../../wire/http2/http2.ts'
import { createLaneBench, enveloped, grpcHead } from '../../../support/lane-bench.ts'
import type { MemoryExchange } from '../../../support/memory-exchange.ts'
import { settled } from '../../../support/settled.ts'
import { untilAborted } from '../../../support/until-aborted.ts'

const PATH = '/greeter.v1.GreeterService/SayHello'
const ADA = enveloped(SayHelloRequestSchema, { name: 'Ada' })

type SayHello = NonNullable<Partial<ServiceImpl<typeof GreeterService>>['sayHello']>

function bench(sayHello: SayHello, options: Partial<NativeLaneOptions> = {}) {
  return createLaneBench((router) => router.service(GreeterService, { sayHello }), options)
}

function greetingIn({ body }: MemoryExchange): string {
  expect(body.readUInt32BE(1)).toBe(body.length - 5)
  return fromBinary(SayHelloResponseSchema, body.subarray(5)).message
}

/** Fills the memory of the process with the data of another call, which encodes a message as it ends. */
function fillMemory({ budget: { memory, processBufferBytes } }: MemoryExchange): void {
  const other = create(SayHelloResponseSchema, { message: 'of another call' })
  memory.heldBytes = processBufferBytes
  memory.join({
    largestStalledBytes: () => memory.heldBytes,
    resetLargestStalled() {
      memory.heldBytes = 0
      messageEncoder(SayHelloResponseSchema, { kind: 'compiled' }).encode(other)
    },
  })
}

/** Everything about how a gRPC call failed before its response. */
function trailersOnly(exchange: MemoryExchange) {
  expect(exchange).toMatchObject({ status: 200, isHeadOnly: true, releases: 1 })
  const { headers } = exchange
  return { code: Number(headers.get('grpc-status')), message: headers.get('grpc-message') }
}

describe('a unary call', () => {
  test('is answered synchronously if the handler is synchronous', () => {
    const { request, ends } = bench(({ name }) => ({ message: `Hello ${name}` }))
    const exchange = request(grpcHead(PATH))
    exchange.feed(ADA, true)
    expect(greetingIn(exchange)).toBe('Hello Ada')
    expect(exchange.headers.get('content-type')).toBe('application/grpc+proto')
    expect([...exchange.trailers]).toEqual([['grpc-status', '0']])
    expect(exchange.releases).toBe(1)
    expect(ends).toMatchObject([{ protocol: 'grpc', code: undefined, receivedBytes: 10, sentBytes: 16 }])
  })

  test('waits for an asynchronous handler, and for the whole request', async () => {
    const answer = Promise.withResolvers<{ message: string }>()
    const { request } = bench(() => answer.promise)
    const exchange = request(grpcHead(PATH))
    for (const octet of ADA) exchange.feed(Uint8Array.of(octet))
    exchange.feed(new Uint8Array(0), true)
    await settled()
    expect(exchange).toMatchObject({ isEnded: false, releases: 0 })
    answer.resolve({ message: 'late' })
    await settled()
    expect(greetingIn(exchange)).toBe('late')
    expect(exchange.releases).toBe(1)
  })

  test('accepts complete messages too', () => {
    const { request } = bench(() => create(SayHelloResponseSchema, { message: 'whole' }))
    const exchange = request(grpcHead(PATH))
    exchange.feed(ADA, true)
    expect(greetingIn(exchange)).toBe('whole')
  })

  test('awaits any thenable, such as a promise of another realm', async () => {
    const foreign: Promise<object> = runInNewContext("Promise.resolve({ message: 'awaited' })")
    const { request } = bench(() => foreign)
    const exchange = request(grpcHead(PATH))
    exchange.feed(ADA, true)
    await settled()
    expect(greetingIn(exchange)).toBe('awaited')
  })

  test('MD-7 fails trailers-only, whatever throws', async () => {
    for (const fails of [() => Promise.reject(new ConnectError('no', Code.NotFound)), () => thrower()]) {
      const { request, ends, faults } = bench(fails)
      const exchange = request(grpcHead(PATH))
      exchange.feed(ADA, true)
      await settled()
      expect(trailersOnly(exchange)).toEqual({ code: Code.NotFound, message: 'no' })
      expect(exchange.body).toHaveLength(0)
      expect(ends).toMatchObject([{ code: Code.NotFound }])
      expect(faults).toEqual([])
    }
    function thrower(): never {
      throw new ConnectError('no', Code.NotFound)
    }
  })

  test('an unexpected error is INTERNAL with an id, under which it is logged', async () => {
    const fault = new Error('secret')
    const { request, faults } = bench(() => Promise.reject(fault))
    const exchange = request(grpcHead(PATH))
    exchange.feed(ADA, true)
    await settled()
    const { code, message } = trailersOnly(exchange)
    expect(code).toBe(Code.Internal)
    expect(faults).toMatchObject([{ err: fault, errorId: message?.replace('internal error ', '') }])
  })

  test('metadata of the service is sent; protocol headers cannot be overridden', () => {
    const { request } = bench((_request, { responseHeader, responseTrailer }) => {
      expect(responseHeader.get('content-type')).toBe('application/grpc+proto')
      responseHeader.set('x-head', '1')
      responseHeader.set('content-type', 'text/html')
      responseTrailer.append('x-trail', '2')
      responseTrailer.append('x-trail', '3')
      responseTrailer.set('grpc-status', '13')
      return { message: '' }
    })
    const exchange = request(grpcHead(PATH))
    exchange.feed(ADA, true)
    expect(Object.fromEntries(exchange.headers)).toEqual({ 'content-type': 'application/grpc+proto', 'x-head': '1' })
    expect(Object.fromEntries(exchange.trailers)).toEqual({ 'grpc-status': '0', 'x-trail': '2, 3' })
  })

  test('invalid metadata is INTERNAL, and shown only in the log', () => {
    const { request, faults } = bench((_request, { responseTrailer }) => {
      responseTrailer.set('x-bad', 'caf\u00e9')
      return { message: '' }
    })
    const exchange = request(grpcHead(PATH))
    exchange.feed(ADA, true)
    expect(trailersOnly(exchange)).toEqual({ code: Code.Internal, message: expect.stringMatching(/^internal error /) })
    expect(exchange.headers.has('x-bad')).toBe(false)
    expect(faults).toMatchObject([{ err: { message: expect.stringContaining('x-bad') } }, {}])
  })

  test('headers set before a failure arrive as headers, followed by the status', async () => {
    const { request } = bench(async (_request, { responseHeader }) => {
      responseHeader.set('x-head', '1')
      throw new ConnectError('no', Code.Aborted, { 'x-error': '2' })
    })
    const exchange = request(grpcHead(PATH))
    exchange.feed(ADA, true)
    await settled()
    expect(exchange.isHeadOnly).toBe(false)
    expect(exchange.headers.get('x-head')).toBe('1')
    expect(Object.fromEntries(exchange.trailers)).toMatchObject({ 'grpc-status': '10', 'x-error': '2' })
  })

  test('a response above the limit is RESOURCE_EXHAUSTED', () => {
    const { request } = bench(() => ({ message: 'x'.repeat(100) }), { maxSendBytes: 100 })
    const exchange = request(grpcHead(PATH))
    exchange.feed(ADA, true)
    expect(trailersOnly(exchange).code).toBe(Code.ResourceExhausted)
  })

  test('is answered with its own message if another call ends to make room for it, and encodes one', () => {
    const { request } = bench(() => ({ message: 'its own' }))
    const exchange = request(grpcHead(PATH), 0, fillMemory)
    exchange.feed(ADA, true)
    expect(exchange.budget.memory.heldBytes).toBe(0)
    expect(greetingIn(exchange)).toBe('its own')
  })

  test('more than one message, or none, never reaches the handler', () => {
    for (const body of [Buffer.concat([ADA, ADA]), Buffer.alloc(0)]) {
      const { request } = bench(() => expect.unreachable())
      const exchange = request(grpcHead(PATH))
      exchange.feed(body, true)
      expect(trailersOnly(exchange).code).toBe(Code.Unimplemented)
    }
  })
})

describe('a peer that accepts no header list', () => {
  test('is abandoned, without an uncaught error', async () => {
    for (const path of [PATH, '/none.Such/Method']) {
      const { request, faults } = bench(async () => ({ message: '' }))
      const exchange = request(grpcHead(path), 0, (made) => {
        made.reply = refuseBlock
        made.respond = refuseBlock
      })
      exchange.feed(ADA, true)
      await settled()
      expect(exchange).toMatchObject({ resetCode: 2, releases: 1 })
      expect(faults.length).toBeGreaterThan(0)
    }
  })

  function refuseBlock(): never {
    throw new HeaderListTooLargeError(100, 1)
  }
})

describe('deadlines', () => {
  test('DL-1 a deadline responds for a handler that ignores it; the handler keeps its slot until it returns', async () => {
    const answer = Promise.withResolvers<{ message: string }>()
    let context: HandlerContext | undefined
    const { request, clock, timers, ends } = bench((_request, given) => {
      context = given
      return answer.promise
    })
    const exchange = request(grpcHead(PATH, [['grpc-timeout', '250m']]), 50)
    exchange.feed(ADA, true)
    expect(context?.timeoutMs()).toBe(200)
    expect(context?.signal.aborted).toBe(false)
    clock.advance(199)
    expect(exchange.isEnded).toBe(false)
    clock.advance(20)
    expect(exchange).toMatchObject({ isHeadOnly: true, releases: 0 })
    expect(exchange.headers.get('grpc-status')).toBe(String(Code.DeadlineExceeded))
    expect(context?.signal.reason).toMatchObject({ code: Code.DeadlineExceeded })
    answer.resolve({ message: 'too late' })
    await settled()
    expect(exchange).toMatchObject({ releases: 1, body: Buffer.alloc(0) })
    expect(ends).toMatchObject([{ code: Code.DeadlineExceeded }])
    expect([timers.size, clock.pending]).toEqual([0, 0])
  })

  test('DL-6 an expired deadline never reaches the handler', () => {
    for (const [timeout, ageMs] of [
      ['0n', 0],
      ['100m', 100],
    ] as const) {
      const { request } = bench(() => expect.unreachable())
      const exchange = request(grpcHead(PATH, [['grpc-timeout', timeout]]), ageMs)
      exchange.feed(ADA, true)
      expect(trailersOnly(exchange).code).toBe(Code.DeadlineExceeded)
    }
  })

  test('DL-7 timers are cleared: none is left after ten thousand calls', async () => {
    const { request, timers, clock } = bench(({ name }) => Promise.resolve({ message: name }))
    for (let call = 0; call < 10_000; call++) request(grpcHead(PATH, [['grpc-timeout', '1H']])).feed(ADA, true)
    expect(timers.size).toBe(10_000)
    await settled()
    expect(timers.size).toBe(0)
    clock.advance(3_600_000)
    expect(clock.pending).toBe(0)
  })

  test('a deadline above the limit is capped', () => {
    let left: number | undefined
    const options = { maxTimeoutMs: 5_000 }
    const { request } = bench((_request, context) => {
      left = context.timeoutMs()
      return {}
    }, options)
    request(grpcHead(PATH, [['grpc-timeout', '99999999H']])).feed(ADA, true)
    expect(left).toBe(5_000)
  })

  test('a malformed deadline is INVALID_ARGUMENT and names the header', () => {
    const { request } = bench(() => expect.unreachable())
    const { code, message } = trailersOnly(request(grpcHead(PATH, [['grpc-timeout', '5 s']])))
    expect(code).toBe(Code.InvalidArgument)
    expect(message).toContain('grpc-timeout')
  })

  test('a deadline can expire while the request is still arriving', () => {
    const { request, clock } = bench(() => expect.unreachable())
    const exchange = request(grpcHead(PATH, [['grpc-timeout', '1S']]))
    exchange.feed(ADA.subarray(0, 7))
    clock.advance(1_010)
    expect(trailersOnly(exchange).code).toBe(Code.DeadlineExceeded)
    exchange.feed(ADA.subarray(7), true)
    expect(exchange.releases).toBe(1)
  })
})

describe('cancellation', () => {
  test('a client that disconnects aborts the signal, and gets no response', async () => {
    const answer = Promise.withResolvers<{ message: string }>()
    let signal: AbortSignal | undefined
    const { request, ends } = bench((_request, context) => {
      signal = context.signal
      return answer.promise
    })
    const exchange = request(grpcHead(PATH))
    exchange.feed(ADA, true)
    exchange.abort()
    expect(signal?.reason).toMatchObject({ code: Code.Canceled })
    expect(exchange.releases).toBe(0)
    answer.resolve({ message: '' })
    await settled()
    expect(exchange).toMatchObject({ status: undefined, isEnded: false, releases: 1 })
    expect(ends).toMatchObject([{ code: Code.Canceled }])
  })

  test('a handler error after the client disconnected is still logged; a cancellation is not', async () => {
    const gone = Promise.withResolvers<never>()
    const { request, faults } = bench(({ name }, { signal }) => {
      if (name === 'Ada') return gone.promise
      return untilAborted(signal)
    })
    for (const body of [ADA, enveloped(SayHelloRequestSchema, { name: 'Bob' })]) {
      const exchange = request(grpcHead(PATH))
      exchange.feed(body, true)
      exchange.abort()
    }
    const fault = new Error('broken')
    gone.reject(fault)
    await settled()
    expect(faults).toMatchObject([{ err: fault }])
  })

  test('a signal requested late reports what happened before', async () => {
    const gone = Promise.withResolvers<void>()
    let signal: AbortSignal | undefined
    const { request } = bench(async (_request, context) => {
      await gone.promise
      signal = context.signal
      return {}
    })
    const exchange = request(grpcHead(PATH))
    exchange.feed(ADA, true)
    exchange.abort()
    gone.resolve()
    await settled()
    expect(signal?.reason).toMatchObject({ code: Code.Canceled })
  })

  test('a finished call aborts its signal without an error of ours', () => {
    let signal: AbortSignal | undefined
    const { request } = bench((_request, context) => {
      signal = context.signal
      return {}
    })
    request(grpcHead(PATH)).feed(ADA, true)
    expect(signal?.reason).toMatchObject({ name: 'AbortError' })
  })

  test('a shutdown aborts the signal, and the handler decides what it responds', async () => {
    const { request, shutdown } = bench((_request, { signal }) => untilAborted(signal))
    const exchange = request(grpcHead(PATH))
    exchange.feed(ADA, true)
    shutdown.abort(new ConnectError('closing', Code.Unavailable))
    await settled()
    expect(trailersOnly(exchange)).toEqual({ code: Code.Unavailable, message: 'closing' })
  })
})

describe('the request gate', () => {
  test('rejects before the body is read', async () => {
    const requestGate = () => {
      throw new ConnectError('who are you', Code.Unauthenticated)
    }
    const { request } = bench(() => expect.unreachable(), { requestGate })
    const exchange = request(grpcHead(PATH))
    await settled()
    expect(trailersOnly(exchange).code).toBe(Code.Unauthenticated)
    expect(exchange.isPeerDone).toBe(false)
  })

  test('may be asynchronous, and set headers', async () => {
    const requestGate = async ({ responseHeader }: HandlerContext) => {
      await settled()
      responseHeader.set('x-gate', 'open')
    }
    const { request } = bench(({ name }) => ({ message: name }), { requestGate })
    const exchange = request(grpcHead(PATH))
    exchange.feed(ADA, true)
    expect(exchange.isEnded).toBe(false)
    await settled()
    await settled()
    expect(greetingIn(exchange)).toBe('Ada')
    expect(exchange.headers.get('x-gate')).toBe('open')
    expect(exchange.releases).toBe(1)
  })
})
