import { Code, createClient } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import type { MethodConfig } from '../../../../../client/node/service-config/method-config.ts'
import { GreeterService } from '../../../../../gen/greeter/v1/greeter_pb.js'
import { CLIENT_PROTOCOLS } from '../../../../support/client-protocols.ts'
import { configOf, LateConfig, RETRY_POLICY } from '../../../../support/config-of.ts'
import {
  type FakeTransportInit,
  hello,
  openFakeGreeter,
  openFakeTransport,
} from '../../../../support/fake-transport.ts'
import { settled } from '../../../../support/settled.ts'

const CANCEL = 8

describe.each(CLIENT_PROTOCOLS)('$protocol.name', ({ protocol }) => {
  const open = (init?: FakeTransportInit) => openFakeGreeter(protocol, init)

  function openWith(method: Partial<MethodConfig>) {
    return open({ parts: { config: configOf(method) } })
  }

  describe('the timeout', () => {
    test.each([
      [undefined, 2_000, 2_000],
      [1_000, 2_000, 1_000],
      [5_000, 2_000, 2_000],
      [5_000, undefined, 5_000],
    ])('of the call is %s, of the service config %s: %s', async (timeoutMs, ofConfig, expected) => {
      const { client, clock, timers } = openWith({ timeoutMs: ofConfig })
      const calling = client.sayHello({}, timeoutMs === undefined ? {} : { timeoutMs })
      const failed = expect(calling).rejects.toMatchObject({
        code: Code.DeadlineExceeded,
        rawMessage: expect.stringContaining(`${expected} ms`),
      })
      await settled()
      expect(timers.size).toBe(1)
      clock.advance(expected - 1)
      expect(timers.size).toBe(1)
      clock.advance(20)
      await failed
      expect(timers.size).toBe(0)
    })

    test('that is not a number is rejected', async () => {
      const { client, connector } = open()
      await expect(client.sayHello({}, { timeoutMs: Number.NaN })).rejects.toMatchObject({
        code: Code.InvalidArgument,
        rawMessage: 'timeoutMs is NaN, and must be a number',
      })
      expect(connector.attempts).toEqual([])
    })

    test('of 0 in the service config sends no timeout', async () => {
      const { client, connect, clock, streams } = openWith({ timeoutMs: 0 })
      const failed = expect(client.sayHello({})).rejects.toMatchObject({ code: Code.DeadlineExceeded })
      clock.advance(1)
      await connect()
      await failed
      expect(streams()).toEqual([])
    })
  })

  describe('DL-5 a deadline that passes', () => {
    test('while the target is resolving says so, and leaves nothing waiting', async () => {
      const config = new LateConfig()
      const { client, clock, timers } = open({ parts: { config } })
      const failed = expect(client.sayHello({}, { timeoutMs: 1_000 })).rejects.toMatchObject({
        code: Code.DeadlineExceeded,
        rawMessage: 'the deadline of 1000 ms passed while the target was being resolved',
      })
      await settled()
      clock.advance(1_010)
      await failed
      expect(config.waiting.size).toBe(0)
      expect(timers.size).toBe(0)
    })

    test('before there is a connection says why there is none', async () => {
      const { client, clock, connector } = openWith({ waitForReady: true })
      const failed = expect(client.sayHello({}, { timeoutMs: 1_000 })).rejects.toMatchObject({
        code: Code.DeadlineExceeded,
        rawMessage: 'the deadline of 1000 ms passed before there was a connection: refused',
      })
      await settled()
      connector.last.fail('refused')
      await settled()
      clock.advance(1_010)
      await failed
    })

    test('between two attempts reports how the last one failed', async () => {
      const { client, clock, connect, streams, timers } = openWith({ retryPolicy: RETRY_POLICY })
      const failed = expect(client.sayHello({}, { timeoutMs: 500 })).rejects.toMatchObject({
        code: Code.DeadlineExceeded,
        rawMessage: expect.stringMatching(/^the deadline of 500 ms passed before another attempt/),
      })
      await connect()
      streams()[0]?.finish(Code.Unavailable)
      clock.advance(510)
      await failed
      expect(timers.size).toBe(0)
    })

    test('while the response is arriving resets the stream', async () => {
      const { client, clock, connect, streams } = open()
      const failed = expect(client.sayHello({}, { timeoutMs: 500 })).rejects.toMatchObject({
        code: Code.DeadlineExceeded,
        rawMessage: 'the deadline of 500 ms passed',
      })
      await connect()
      clock.advance(510)
      await failed
      expect(streams()[0]?.resetCode).toBe(CANCEL)
    })
  })

  describe('a call that starts before the first resolver result', () => {
    test('uses that result, with the elapsed time deducted', async () => {
      const config = new LateConfig()
      const { client, clock, connect, streams } = open({ parts: { config } })
      const calling = client.sayHello({})
      await settled()
      clock.advance(400)
      config.become({ timeoutMs: 1_000 })
      await connect()
      const [stream] = streams()
      if (stream !== undefined) hello(stream)
      await calling
      expect(stream?.timeoutMs).toBe(600)
    })

    test('keeps its own deadline if shorter', async () => {
      const config = new LateConfig()
      const { client, clock } = open({ parts: { config } })
      const failed = expect(client.sayHello({}, { timeoutMs: 500 })).rejects.toMatchObject({
        rawMessage: expect.stringContaining('500 ms'),
      })
      await settled()
      clock.advance(400)
      config.become({ timeoutMs: 1_000 })
      clock.advance(110)
      await failed
    })

    test('can be cancelled', async () => {
      const config = new LateConfig()
      const { client } = open({ parts: { config } })
      const controller = new AbortController()
      const failed = expect(client.sayHello({}, { signal: controller.signal })).rejects.toMatchObject({
        code: Code.Canceled,
      })
      await settled()
      controller.abort()
      await failed
      expect(config.waiting.size).toBe(0)
    })
  })

  test('DL-7 ten thousand calls leave no timer behind, however they end', async () => {
    const { client, clock, connect, streams, timers } = openWith({ retryPolicy: RETRY_POLICY })
    const controller = new AbortController()
    const calls = Array.from({ length: 10_000 }, (_, i) => {
      const signal = i % 5 === 4 ? { signal: controller.signal } : {}
      return client.sayHello({}, { timeoutMs: 60_000, ...signal })
    })
    const ended = Promise.allSettled(calls)
    await connect()
    expect(timers.size).toBe(10_000)
    for (const [i, stream] of streams().entries()) {
      if (i % 5 === 0) hello(stream)
      else if (i % 5 === 1) stream.finish(Code.NotFound)
      else if (i % 5 === 2) stream.finish(Code.Unavailable)
    }
    controller.abort()
    expect(timers.size).toBe(2_000 + 2 * 2_000)
    clock.advance(60_010)
    const outcomes = (await ended).map((end) => (end.status === 'rejected' ? Code[end.reason.code] : 'OK'))
    const waited = 'DeadlineExceeded'
    expect(outcomes.slice(0, 5)).toEqual(['OK', 'NotFound', waited, waited, 'Canceled'])
    expect(outcomes.slice(-5)).toEqual(outcomes.slice(0, 5))
    expect(timers.size).toBe(0)
  })
})

describe('DL-4 the timeout in a request', () => {
  test.each([
    [1, '1000000n', '1'],
    [99, '99000000n', '99'],
    [99.5, '99500000n', '100'],
    [100, '100000u', '100'],
    [99_999.5, '99999500u', '100000'],
    [100_000, '100000m', '100000'],
    [99_999_999, '99999999m', '99999999'],
    [100_000_000, '100000S', '100000000'],
    [2_147_483_647, '2147484S', '2147483647'],
    [9_999_999_999, '10000000S', '9999999999'],
    [10_000_000_000, '10000000S', undefined],
    [1e20, '99999999H', undefined],
  ])('%s ms: %s in gRPC, %s in Connect', async (timeoutMs, grpc, connect) => {
    for (const { protocol } of CLIENT_PROTOCOLS) {
      const fake = openFakeTransport({ parts: { protocol } })
      const calling = createClient(GreeterService, fake.transport).sayHello({}, { timeoutMs })
      await fake.connect()
      const [stream] = fake.streams()
      if (stream !== undefined) hello(stream)
      await calling
      const isConnect = protocol.name === 'connect'
      expect(stream?.head['grpc-timeout']).toBe(isConnect ? undefined : grpc)
      expect(stream?.head['connect-timeout-ms']).toBe(isConnect ? connect : undefined)
    }
  })
})
