import { create, toBinary } from '@bufbuild/protobuf'
import { Code, createClient } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import type { TransportParts } from '../../../../../client/node/rpc/call-init.ts'
import { GetStreamResponseSchema, GreeterService } from '../../../../../gen/greeter/v1/greeter_pb.js'
import { CLIENT_PROTOCOLS } from '../../../../support/client-protocols.ts'
import { configOf } from '../../../../support/config-of.ts'
import { openFakeTransport } from '../../../../support/fake-transport.ts'
import { settled } from '../../../../support/settled.ts'

const CANCEL = 8
const NO_MESSAGE = Uint8Array.of(0x0a, 0xff)

describe.each(CLIENT_PROTOCOLS)('$protocol.name', ({ protocol }) => {
  function open(parts: Partial<TransportParts> = {}) {
    const fake = openFakeTransport({ parts: { protocol, ...parts } })
    return { ...fake, client: createClient(GreeterService, fake.transport) }
  }

  /** Reads until it fails; earlier messages stay in `topics`. */
  function readTopics(answers: AsyncIterable<{ topic: string }>) {
    const topics: string[] = []
    const reading = (async () => {
      for await (const { topic } of answers) topics.push(topic)
    })()
    return { topics, reading }
  }

  function message(topic: string): Uint8Array {
    return toBinary(GetStreamResponseSchema, create(GetStreamResponseSchema, { topic }))
  }

  test.each([
    ['alone', [NO_MESSAGE], []],
    ['behind others', [message('a'), message('b'), NO_MESSAGE, message('c')], ['a', 'b']],
  ])('an undecodable message ends the call at both ends: %s', async (_what, messages, expected) => {
    const { client, connect, streams, timers } = open()
    const { topics, reading } = readTopics(client.getStream({}, { timeoutMs: 60_000 }))
    const failed = expect(reading).rejects.toMatchObject({ code: Code.Internal, rawMessage: /^parse binary: / })
    await connect()
    const [stream] = streams()
    for (const each of messages) stream?.answer(each)
    await failed
    expect(topics).toEqual(expected)
    expect(stream?.resetCode).toBe(CANCEL)
    expect(timers.size).toBe(0)
  })

  test('the status is that of the server, after all its messages', async () => {
    const { client, connect, streams } = open()
    const { topics, reading } = readTopics(client.getStream({}))
    const failed = expect(reading).rejects.toMatchObject({ code: Code.InvalidArgument })
    await connect()
    const [stream] = streams()
    for (const topic of ['a', 'b', 'c']) stream?.answer(message(topic))
    stream?.finish(Code.InvalidArgument)
    await failed
    expect(topics).toEqual(['a', 'b', 'c'])
  })

  test('the limit of the service config applies to each message sent', async () => {
    const { client, connect, streams } = open({ config: configOf({ maxRequestBytes: 4 }) })
    async function* input() {
      yield { topic: 'ab' }
      yield { topic: 'abc' }
    }
    const failed = expect(client.putStream(input())).rejects.toMatchObject({ code: Code.ResourceExhausted })
    await connect()
    await failed
    expect(streams()[0]).toMatchObject({ resetCode: CANCEL })
    expect(streams()[0]?.sent.byteLength).toBe(5 + 4)
  })

  test('closing the channel ends a stream being read', async () => {
    const { client, channel, connect, streams } = open()
    const { reading } = readTopics(client.getStream({}))
    const failed = expect(reading).rejects.toMatchObject({
      code: Code.Canceled,
      rawMessage: 'the transport was closed',
    })
    await connect()
    streams()[0]?.respondHead()
    await settled()
    channel.close()
    await failed
  })

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no way back')
      },
    ],
    ['returns no promise', () => undefined],
  ])('a call ends normally even if the return() of its input %s', async (_what, leave) => {
    const { client, connect, streams, channel, timers } = open()
    const input = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}), return: leave }),
    } as AsyncIterable<object>
    const failed = expect(client.putStream(input, { timeoutMs: 60_000 })).rejects.toMatchObject({ code: Code.NotFound })
    await connect()
    streams()[0]?.finish(Code.NotFound)
    await failed
    expect(timers.size).toBe(0)
    channel.close()
  })
})
