import { Code, ConnectError, createClient, type Interceptor } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../../../../gen/greeter/v1/greeter_pb.js'
import { CLIENT_PROTOCOLS } from '../../../../support/client-protocols.ts'
import { collect } from '../../../../support/collect.ts'
import { hello, openFakeTransport } from '../../../../support/fake-transport.ts'
import { settled } from '../../../../support/settled.ts'

const CANCEL = 8

describe.each(CLIENT_PROTOCOLS)('$protocol.name', ({ protocol }) => {
  function open(...interceptors: Interceptor[]) {
    const fake = openFakeTransport({ parts: { protocol, interceptors } })
    return { ...fake, client: createClient(GreeterService, fake.transport) }
  }

  /** Records the signal that an interceptor sees. */
  function watchSignal() {
    const seen: { signal?: AbortSignal } = {}
    const interceptor: Interceptor = (next) => (request) => {
      seen.signal = request.signal
      return next(request)
    }
    return { seen, interceptor }
  }

  const hang: Interceptor = () => () => new Promise<never>(() => {})
  const hangAfterwards: Interceptor = (next) => async (request) => {
    await next(request)
    return new Promise<never>(() => {})
  }
  const refuse: Interceptor = (next) => async (request) => {
    try {
      return await next(request)
    } catch (error) {
      throw new ConnectError('as the interceptor says', Code.DataLoss, undefined, undefined, error)
    }
  }

  describe('DL-5 a deadline that passes', () => {
    test('in an interceptor that never calls next ends the call', async () => {
      const { client, clock, timers, streams } = open(hang)
      const calls = [client.sayHello({}, { timeoutMs: 500 }), collect(client.getStream({}, { timeoutMs: 500 }))]
      const failed = calls.map((call) =>
        expect(call).rejects.toMatchObject({
          code: Code.DeadlineExceeded,
          rawMessage: 'the deadline of 500 ms passed in an interceptor',
        }),
      )
      await settled()
      clock.advance(510)
      await Promise.all(failed)
      expect([timers.size, streams().length]).toEqual([0, 0])
    })

    test('in an interceptor after the response ends the call', async () => {
      const { client, clock, connect, streams } = open(hangAfterwards)
      const failed = expect(client.sayHello({}, { timeoutMs: 500 })).rejects.toMatchObject({
        rawMessage: 'the deadline of 500 ms passed in an interceptor',
      })
      await connect()
      const [stream] = streams()
      if (stream !== undefined) hello(stream)
      await settled()
      clock.advance(510)
      await failed
    })

    test('at a server is the error that the interceptor, its signal and the caller see', async () => {
      const { seen, interceptor } = watchSignal()
      const { client, clock, connect, streams } = open(interceptor)
      const failed = expect(client.sayHello({}, { timeoutMs: 500 })).rejects.toMatchObject({
        rawMessage: 'the deadline of 500 ms passed',
      })
      await connect()
      clock.advance(510)
      await failed
      expect(seen.signal?.reason).toMatchObject({ rawMessage: 'the deadline of 500 ms passed' })
      expect(streams()[0]?.resetCode).toBe(CANCEL)
    })

    test('between stream messages ends the stream', async () => {
      const { interceptor } = watchSignal()
      const { client, clock, connect, streams, timers } = open(interceptor)
      const reading = collect(client.getStream({}, { timeoutMs: 500 }))
      const failed = expect(reading).rejects.toMatchObject({ code: Code.DeadlineExceeded })
      await connect()
      streams()[0]?.answer(new Uint8Array(0))
      await settled()
      clock.advance(510)
      await failed
      expect(streams()[0]?.resetCode).toBe(CANCEL)
      expect(timers.size).toBe(0)
    })

    test('counts from the start of the call, not from when the interceptor calls next', async () => {
      const going = Promise.withResolvers<void>()
      const wait: Interceptor = (next) => async (request) => {
        await going.promise
        return next(request)
      }
      const { client, clock, connect, streams } = open(wait)
      const calling = client.sayHello({}, { timeoutMs: 60_000 })
      await settled()
      clock.advance(20_000)
      going.resolve()
      await connect()
      const [stream] = streams()
      if (stream !== undefined) hello(stream)
      await calling
      expect(stream?.timeoutMs).toBe(40_000)
    })

    test('gives an interceptor one turn to respond instead', async () => {
      const fallBack: Interceptor = (next) => async (request) => {
        const { service, method, header } = request
        try {
          return await next(request)
        } catch {
          return { stream: false, service, method, header, trailer: header, message: { message: 'by heart' } } as never
        }
      }
      const { client, clock } = open(fallBack)
      const calling = client.sayHello({}, { timeoutMs: 500 })
      await settled()
      clock.advance(510)
      expect(await calling).toMatchObject({ message: 'by heart' })
    })
  })

  test("an abort ends a call held by an interceptor, with the reason on the interceptor's signal", async () => {
    const { seen, interceptor } = watchSignal()
    const { client } = open(interceptor, hang)
    const controller = new AbortController()
    const failed = expect(client.sayHello({}, { signal: controller.signal })).rejects.toMatchObject({
      code: Code.Canceled,
      rawMessage: 'enough',
    })
    await settled()
    controller.abort('enough')
    await failed
    expect(seen.signal?.reason).toBe('enough')
  })

  test('the signal aborts after a successful call', async () => {
    const { seen, interceptor } = watchSignal()
    const { client, connect, streams } = open(interceptor)
    const calling = client.sayHello({})
    await connect()
    expect(seen.signal?.aborted).toBe(false)
    const [stream] = streams()
    if (stream !== undefined) hello(stream)
    await calling
    expect(seen.signal?.aborted).toBe(true)
  })

  test('an interceptor can replace the error', async () => {
    const { client, connect, streams } = open(refuse)
    const failed = expect(client.sayHello({})).rejects.toMatchObject({
      code: Code.DataLoss,
      rawMessage: 'as the interceptor says',
      cause: { code: Code.NotFound },
    })
    await connect()
    streams()[0]?.finish(Code.NotFound)
    await failed
  })

  test.each<[string, Interceptor]>([
    ['is none', () => undefined as never],
    [
      'throws when it is made',
      () => {
        throw new Error('not today')
      },
    ],
    [
      'throws',
      () => () => {
        throw new Error('not today')
      },
    ],
    ['rejects', () => () => Promise.reject(new Error('not today'))],
    ['rejects with what has no text', () => () => Promise.reject(Object.create(null))],
    ['answers at once, and with nothing', () => () => undefined as never],
    ['answers with no response', () => async () => 7 as never],
  ])('an interceptor that %s ends only its call, and leaves no timer', async (_what, interceptor) => {
    const { client, timers, channel, streams } = open(interceptor)
    await expect(client.sayHello({}, { timeoutMs: 60_000 })).rejects.toBeInstanceOf(ConnectError)
    await expect(collect(client.getStream({}, { timeoutMs: 60_000 }))).rejects.toBeInstanceOf(ConnectError)
    expect([timers.size, streams().length, channel.queuedPicks]).toEqual([0, 0, 0])
  })

  test('an interceptor may call next more than once; calls left running end with the call', async () => {
    const twice: Interceptor = (next) => (request) => Promise.race([next(request), next(request)])
    const { client, connect, streams } = open(twice)
    const calling = client.sayHello({})
    await connect()
    const [first, second] = streams()
    if (second !== undefined) hello(second, 'from the second')
    expect(await calling).toMatchObject({ message: 'from the second' })
    expect(first?.resetCode).toBe(CANCEL)
  })

  test('the request iterator receives the error', async () => {
    const { interceptor } = watchSignal()
    for (const interceptors of [[], [interceptor]]) {
      const { client, connect, streams } = open(...interceptors)
      const told: unknown[] = []
      const input = {
        next: () => new Promise<never>(() => {}),
        throw: async (error: unknown) => void told.push(error),
        [Symbol.asyncIterator]: () => input,
      }
      const failed = expect(client.putStream(input as never)).rejects.toMatchObject({ code: Code.NotFound })
      await connect()
      streams()[0]?.finish(Code.NotFound)
      await failed
      expect(told[0]).toMatchObject({ code: Code.NotFound })
    }
  })
})
