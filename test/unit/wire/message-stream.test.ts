import { create, type Message, toBinary } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { EnvelopeFlag, envelop } from '../../../wire/envelope.ts'
import { EnvelopeReader, type MessageReader } from '../../../wire/envelope-reader.ts'
import { createMessageCodecs } from '../../../wire/message-codec.ts'
import { MessageStream } from '../../../wire/message-stream.ts'
import { collect } from '../../support/collect.ts'
import { MemoryExchange } from '../../support/memory-exchange.ts'

const { input, output } = GreeterService.method.sayHello
const { proto } = createMessageCodecs({ decodes: input, encodes: output }, { json: {}, binary: undefined })

/** Nothing was received yet. */
const silent: MessageReader<Message> = {
  isAtEnd: false,
  receivedBytes: 0,
  isOwed: false,
  poll: () => false,
  pollOnly: () => false,
  take: () => create(input),
}

test('an error of the message consumer ends them, and is passed on', async () => {
  const stream = new MessageStream(silent)
  const reason = new Error('the other call failed')
  const waiting = expect(stream.next()).rejects.toBe(reason)
  await expect(stream.throw(reason)).rejects.toBe(reason)
  await waiting
  expect(await stream.next()).toEqual({ done: true, value: undefined })
})

describe('short messages that are ready together', () => {
  const names = Array.from({ length: 500 }, (_, i) => `name ${i}`)
  const BROKEN = envelop(EnvelopeFlag.NONE, Uint8Array.of(0x0a, 0xff))

  function open() {
    const source = new MemoryExchange({ path: '/' })
    const reader = new EnvelopeReader(source, { maxBytes: 100, compression: null, decoder: proto })
    const stream = new MessageStream(reader)
    source.sink = { isOwed: false, onReadable: () => stream.onReadable(), onWritable() {}, onReset() {} }
    return { source, stream }
  }

  function envelopesOf(list: readonly string[]): Buffer {
    return Buffer.concat(list.map((name) => envelop(EnvelopeFlag.NONE, toBinary(input, create(input, { name })))))
  }

  test('arrive in order, each once, then the end', async () => {
    const { source, stream } = open()
    source.feed(envelopesOf(names), true)
    expect((await collect(stream)).map((message) => (message as { name?: string }).name)).toEqual(names)
  })

  test('resolve several pending reads, and reads made meanwhile, in order', async () => {
    const { source, stream } = open()
    const answers: string[] = []
    const ask = async (asker: string) => {
      const { done, value } = await stream.next()
      answers.push(`${asker} ${done ? 'end' : (value as { name?: string }).name}`)
    }
    const asked = [ask('a').then(() => ask('d')), ask('b'), ask('c')]
    source.feed(envelopesOf(names.slice(0, 4)))
    source.feed(Buffer.alloc(0), true)
    await Promise.all(asked)
    await ask('e')
    expect(answers.toSorted()).toEqual(['a name 0', 'b name 1', 'c name 2', 'd name 3', 'e end'])
  })

  test('arrive up to the broken one, which is the end', async () => {
    const { source, stream } = open()
    source.feed(Buffer.concat([envelopesOf(names.slice(0, 2)), BROKEN, envelopesOf(names)]), true)
    const fault = { code: Code.Internal, rawMessage: 'parse binary: premature EOF' }
    expect(await stream.next()).toMatchObject({ value: { name: 'name 0' } })
    expect(await stream.next()).toMatchObject({ value: { name: 'name 1' } })
    await expect(stream.next()).rejects.toMatchObject(fault)
    await expect(stream.next()).rejects.toMatchObject(fault)
  })

  test('are dropped when the call is over', async () => {
    const { source, stream } = open()
    const reason = new Error('cancelled')
    source.feed(envelopesOf(names))
    await stream.next()
    stream.fail(reason)
    await expect(stream.next()).rejects.toBe(reason)
  })

  test('are dropped when the reader leaves', async () => {
    const { source, stream } = open()
    source.feed(envelopesOf(names))
    await stream.next()
    await stream.return()
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })
})

test('a read during decompression gets the message after it', async () => {
  const inflating = Promise.withResolvers<Message>()
  const message = (name: string) => create(input, { name })
  const messages: (Message | Promise<Message>)[] = [inflating.promise, message('second'), message('third')]
  const reader: MessageReader<Message> = {
    ...silent,
    get isAtEnd() {
      return messages.length === 0
    },
    poll: () => true,
    take: () => messages.shift() ?? create(input),
  }
  const stream = new MessageStream(reader)
  const asked = Promise.all([stream.next(), stream.next(), stream.next(), stream.next()])
  inflating.resolve(message('first'))
  expect(await asked).toMatchObject([
    { value: { name: 'first' } },
    { value: { name: 'second' } },
    { value: { name: 'third' } },
    { done: true },
  ])
})
