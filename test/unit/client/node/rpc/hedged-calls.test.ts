import { create, toBinary } from '@bufbuild/protobuf'
import { Code, createClient } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import type { HedgingPolicy } from '../../../../../client/node/service-config/method-config.ts'
import { RetryThrottle } from '../../../../../client/node/service-config/retry-throttle.ts'
import {
  GetStreamResponseSchema,
  GreeterService,
  PutStreamResponseSchema,
} from '../../../../../gen/greeter/v1/greeter_pb.js'
import { CLIENT_PROTOCOLS } from '../../../../support/client-protocols.ts'
import { collect } from '../../../../support/collect.ts'
import { configOf } from '../../../../support/config-of.ts'
import type { FakeStream } from '../../../../support/fake-stream.ts'
import { hello, openFakeTransport } from '../../../../support/fake-transport.ts'
import { settled } from '../../../../support/settled.ts'

const CANCEL = 8
const DELAY_MS = 1_000
const BUFFER_BYTES = 262_144

describe.each(CLIENT_PROTOCOLS)('$protocol.name', ({ protocol }) => {
  /** Calls whose first connection is there. */
  async function open(policy: Partial<HedgingPolicy> = {}, throttle: RetryThrottle | null = null) {
    const nonFatalCodes = new Set([Code.Unavailable])
    const hedgingPolicy = { maxAttempts: 3, hedgingDelayMs: DELAY_MS, nonFatalCodes, ...policy }
    const fake = openFakeTransport({ parts: { protocol, config: configOf({ hedgingPolicy }, throttle) } })
    fake.channel.connect()
    await fake.connect()
    return { ...fake, client: createClient(GreeterService, fake.transport) }
  }

  function resets(streams: readonly FakeStream[]): (number | undefined)[] {
    return streams.map(({ resetCode }) => resetCode)
  }

  describe('a unary call', () => {
    test('takes the first response, and cancels the rest', async () => {
      const { client, clock, streams, timers } = await open()
      const calling = client.sayHello({})
      await settled()
      clock.advance(2 * DELAY_MS)
      const [, second] = streams()
      if (second !== undefined) hello(second, 'from the second')
      expect(await calling).toMatchObject({ message: 'from the second' })
      expect(resets(streams())).toEqual([CANCEL, undefined, CANCEL])
      expect(streams().map(({ head }) => head['grpc-previous-rpc-attempts'])).toEqual([undefined, '1', '2'])
      expect(timers.size).toBe(0)
    })

    test('settles as soon as a response begins', async () => {
      const { client, clock, streams } = await open()
      const calling = client.sayHello({})
      await settled()
      clock.advance(DELAY_MS)
      const [first] = streams()
      first?.respondHead()
      // gRPC-Web headers may be followed by nothing but a status.
      if (protocol.name === 'grpc-web') {
        expect(resets(streams())).toEqual([undefined, undefined])
        first?.answer(new Uint8Array(0))
      }
      expect(resets(streams())).toEqual([undefined, CANCEL])
      clock.advance(100 * DELAY_MS)
      expect(streams()).toHaveLength(2)
      first?.fail({})
      await expect(calling).rejects.toMatchObject({ code: Code.Internal })
    })

    test('continues after a non-fatal failure, and ends with the last one', async () => {
      const { client, streams, timers } = await open()
      const failed = expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
      await settled()
      for (let i = 0; i < 3; i++) streams()[i]?.finish(Code.Unavailable)
      await failed
      expect(streams()).toHaveLength(3)
      expect(timers.size).toBe(0)
    })

    test('ends on a fatal failure, which cancels the rest', async () => {
      const { client, clock, streams, timers } = await open()
      const failed = expect(client.sayHello({})).rejects.toMatchObject({ code: Code.PermissionDenied })
      await settled()
      clock.advance(DELAY_MS)
      streams()[1]?.finish(Code.PermissionDenied)
      await failed
      expect(resets(streams())).toEqual([CANCEL, undefined])
      expect(timers.size).toBe(0)
    })

    test('that is cancelled cancels all attempts', async () => {
      const { client, clock, streams, timers } = await open()
      const controller = new AbortController()
      const failed = expect(client.sayHello({}, { signal: controller.signal })).rejects.toMatchObject({
        code: Code.Canceled,
      })
      await settled()
      clock.advance(DELAY_MS)
      controller.abort()
      await failed
      expect(resets(streams())).toEqual([CANCEL, CANCEL])
      expect(timers.size).toBe(0)
    })

    test('waiting for a connection is one queue entry, which leaves the queue when it ends', async () => {
      const { client, connector, streams } = await open({ hedgingDelayMs: 0 })
      connector.last.canRequest = false
      const controller = new AbortController()
      const failed = expect(client.sayHello({}, { signal: controller.signal })).rejects.toMatchObject({
        code: Code.Canceled,
      })
      await settled()
      controller.abort()
      await failed
      connector.last.makeRoom()
      expect(streams()).toEqual([])
    })

    test('repeats an attempt that no server processed', async () => {
      const { client, streams } = await open()
      const calling = client.sayHello({})
      await settled()
      streams()[0]?.fail({ isUnprocessed: true, code: 7 })
      const [, second] = streams()
      expect(second?.head).not.toHaveProperty('grpc-previous-rpc-attempts')
      if (second !== undefined) hello(second)
      await calling
    })

    test('returns a token to the throttle on success', async () => {
      const throttle = new RetryThrottle({ maxTokens: 4, tokenRatio: 1 })
      for (let i = 0; i < 2; i++) throttle.onFailure()
      const { client, clock, streams } = await open({}, throttle)
      const calling = client.sayHello({})
      await settled()
      clock.advance(100 * DELAY_MS)
      expect(streams()).toHaveLength(1)
      const [stream] = streams()
      if (stream !== undefined) hello(stream)
      await calling
      expect(throttle.allowsRetry).toBe(true)
    })
  })

  test('a server stream is read from the first attempt that responds', async () => {
    const { client, clock, streams } = await open()
    const reading = collect(client.getStream({ topic: 't' }))
    await settled()
    clock.advance(DELAY_MS)
    const [first, second] = streams()
    for (const data of ['a', 'b']) {
      second?.answer(toBinary(GetStreamResponseSchema, create(GetStreamResponseSchema, { data })))
    }
    second?.finish(0)
    expect((await reading).map(({ data }) => data)).toEqual(['a', 'b'])
    expect(first?.resetCode).toBe(CANCEL)
  })

  describe('a client stream', () => {
    /** Messages that the test hands out, one by one. */
    function handOut() {
      const { readable, writable } = new TransformStream<{ topic: string; data: string }>()
      const writer = writable.getWriter()
      return {
        input: readable.values(),
        async send(data: string) {
          await writer.write({ topic: 't', data })
          await settled()
        },
        end: () => writer.close(),
      }
    }

    function accept(stream: FakeStream | undefined): void {
      stream?.answer(toBinary(PutStreamResponseSchema, create(PutStreamResponseSchema, { accepted: 2n })))
      stream?.finish(0)
    }

    test('is sent to every attempt, whenever that began', async () => {
      const { client, clock, streams } = await open({ maxAttempts: 2 })
      const { input, send, end } = handOut()
      const calling = client.putStream(input)
      await settled()
      await send('a')
      clock.advance(DELAY_MS)
      await send('b')
      await end()
      await settled()
      const [first, second] = streams()
      expect(first?.sent.byteLength).toBe(2 * (5 + 6))
      expect(second?.sent).toEqual(first?.sent)
      accept(second)
      expect(await calling).toMatchObject({ accepted: 2n })
      expect(resets(streams())).toEqual([CANCEL, undefined])
    })

    test('that exceeds the replay buffer stays with the attempt that has sent most', async () => {
      const { client, clock, streams } = await open()
      const { input, send, end } = handOut()
      const calling = client.putStream(input)
      await settled()
      clock.advance(DELAY_MS)
      const [first, second] = streams()
      if (first !== undefined && second !== undefined) {
        first.sentBytes = 10
        second.sentBytes = 20
      }
      await send('x'.repeat(BUFFER_BYTES))
      expect(resets(streams())).toEqual([CANCEL, undefined])
      clock.advance(100 * DELAY_MS)
      expect(streams()).toHaveLength(2)
      await send('y')
      await end()
      await settled()
      accept(second)
      expect(await calling).toMatchObject({ accepted: 2n })
      expect(second?.sent.byteLength).toBeGreaterThan(BUFFER_BYTES + 5)
    })

    test('fails when its only remaining attempt fails', async () => {
      const { client, streams } = await open()
      const { input, send } = handOut()
      const failed = expect(client.putStream(input)).rejects.toMatchObject({ code: Code.Unavailable })
      await settled()
      await send('x'.repeat(BUFFER_BYTES))
      streams()[0]?.finish(Code.Unavailable)
      await failed
      expect(streams()).toHaveLength(1)
    })
  })
})
