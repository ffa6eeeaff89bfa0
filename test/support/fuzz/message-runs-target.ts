/** Messages that are decoded together are what they are one by one, and so is what is wrong with them. */
import assert from 'node:assert/strict'
import { create, toBinary } from '@bufbuild/protobuf'
import { ValueSchema } from '@bufbuild/protobuf/wkt'
import { ConnectError } from '@connectrpc/connect'
import { EnvelopeReader } from '../../../wire/envelope-reader.ts'
import { createMessageCodecs, type MessageCodec } from '../../../wire/message-codec.ts'
import { MessageStream } from '../../../wire/message-stream.ts'
import { envelope } from '../calls.ts'
import { CountingSource } from './counting-source.ts'
import type { FuzzTarget } from './fuzz-target.ts'

const MAX_MESSAGE_BYTES = 10_000

/** A type with numbers, strings, maps, oneofs and recursion. */
const { proto } = createMessageCodecs({ decodes: ValueSchema, encodes: ValueSchema }, { json: {}, binary: undefined })
const oneByOne: MessageCodec = { ...proto, decodeRun: null }

const VALUES = [
  create(ValueSchema, { kind: { case: 'stringValue', value: 'one' } }),
  create(ValueSchema),
  create(ValueSchema, { kind: { case: 'numberValue', value: 1.5 } }),
  create(ValueSchema, {
    kind: { case: 'listValue', value: { values: [{ kind: { case: 'boolValue', value: true } }] } },
  }),
].map((value) => envelope(toBinary(ValueSchema, value)))

/** All of a body is there. */
async function read(input: Buffer, codec: MessageCodec) {
  const source = new CountingSource(input)
  while (source.advance());
  const reader = new EnvelopeReader(source, { maxBytes: MAX_MESSAGE_BYTES, compression: null })
  const messages: Uint8Array[] = []
  try {
    for await (const message of new MessageStream(reader, codec)) messages.push(codec.encode(message))
    return { messages, error: null, steps: source.steps }
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error
    return { messages, error: { code: error.code, text: error.rawMessage }, steps: source.steps }
  }
}

/** Reads the same body in both ways. */
export const messageRuns: FuzzTarget = {
  name: 'runs of messages',
  corpus: [Buffer.concat(VALUES), Buffer.concat(Array.from({ length: 50 }, () => VALUES).flat())],
  stepsPerOctet: 4,
  async run(input) {
    const { steps, ...together } = await read(input, proto)
    const { messages, error } = await read(input, oneByOne)
    assert.deepEqual(together, { messages, error })
    return steps
  },
}
