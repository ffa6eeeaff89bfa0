/** A body reads the same however it is split: the same messages, then the same end or error. */
import assert from 'node:assert/strict'
import { create, type Message, toBinary } from '@bufbuild/protobuf'
import { ValueSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import { EnvelopeReader } from '../../../wire/envelope-reader.ts'
import { createMessageCodecs } from '../../../wire/message-codec.ts'
import { MessageStream } from '../../../wire/message-stream.ts'
import { envelope } from '../calls.ts'
import { MemoryExchange } from '../memory-exchange.ts'
import { SeededRandom } from '../seeded-random.ts'
import { settled } from '../settled.ts'
import type { FuzzTarget } from './fuzz-target.ts'

const MAX_MESSAGE_BYTES = 10_000

/** A type with numbers, strings, maps, oneofs and recursion. */
const { proto } = createMessageCodecs({ decodes: ValueSchema, encodes: ValueSchema }, { json: {}, binary: undefined })

const VALUES = [
  create(ValueSchema, { kind: { case: 'stringValue', value: 'one' } }),
  create(ValueSchema),
  create(ValueSchema, { kind: { case: 'numberValue', value: 1.5 } }),
  create(ValueSchema, {
    kind: { case: 'listValue', value: { values: [{ kind: { case: 'boolValue', value: true } }] } },
  }),
].map((value) => envelope(toBinary(ValueSchema, value)))

/** A message that reads beyond its end, and one that resembles the octets that may follow it. */
const FORGED = ['7a05', '10010a070a0541444d494e'].map((hex) => envelope(Buffer.from(hex, 'hex')))

interface Reading {
  readonly messages: readonly string[]
  readonly error: string | null
}

/** Reads a body in pieces, as the server reads a request or the client a response. */
async function read(pieces: readonly Buffer[], truncatedCode: Code): Promise<Reading> {
  const source = new MemoryExchange({ path: '/' })
  const options = { maxBytes: MAX_MESSAGE_BYTES, compression: null, decoder: proto, truncatedCode }
  const stream = new MessageStream<Message>(new EnvelopeReader(source, options))
  source.sink = { isOwed: false, onReadable: () => stream.onReadable(), onWritable() {}, onReset() {} }
  const messages: string[] = []
  const reading = collect(stream, messages)
  for (const piece of pieces) {
    source.feed(piece)
    await settled()
  }
  source.feed(Buffer.alloc(0), true)
  return { messages, error: await reading }
}

/** Returns how the messages ended. */
async function collect(stream: MessageStream<Message>, messages: string[]): Promise<string | null> {
  try {
    for await (const message of stream) messages.push(Buffer.from(proto.encode(message)).toString('hex'))
    return null
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error
    return error.message
  }
}

function cut(body: Buffer, random: SeededRandom, longest: number): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const end = at + 1 + random.below(longest)
    pieces.push(body.subarray(at, end))
    at = end
  }
  return pieces
}

/** Reads each body whole and in pieces, at both ends. */
export const messageSplits: FuzzTarget = {
  name: 'splits of a body',
  corpus: [Buffer.concat(VALUES), Buffer.concat([...FORGED, ...VALUES]), Buffer.concat([...VALUES, ...VALUES])],
  stepsPerOctet: 1,
  async run(input) {
    const random = new SeededRandom(input.length)
    for (const truncatedCode of [Code.InvalidArgument, Code.Internal]) {
      const whole = await read([input], truncatedCode)
      for (const longest of [12, Math.max(1, input.length >> 1)]) {
        assert.deepEqual(await read(cut(input, random, longest), truncatedCode), whole)
      }
    }
    return 0
  },
}
