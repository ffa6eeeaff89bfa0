import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import {
  AnySchema,
  GeneratedCodeInfoSchema,
  StringValueSchema,
  StructSchema,
  ValueSchema,
} from '@bufbuild/protobuf/wkt'
import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { SayHelloRequestSchema } from '../../../gen/greeter/v1/greeter_pb.js'
import { EnvelopeFlag, envelop } from '../../../wire/envelope.ts'
import { createMessageCodecs, type MessageCodec } from '../../../wire/message-codec.ts'

function codecOf(desc: DescMessage, binary = {}): MessageCodec {
  return createMessageCodecs({ decodes: desc, encodes: desc }, { json: {}, binary }).proto
}

function runOf(messages: readonly Uint8Array[]): Buffer {
  return Buffer.concat(messages.map((message) => envelop(EnvelopeFlag.NONE, message)))
}

function encodeAll<Desc extends DescMessage>(desc: Desc, inits: readonly MessageInitShape<Desc>[]): Uint8Array[] {
  return inits.map((init) => toBinary(desc, create(desc, init)))
}

/** A list in a list, and so on: each is a Value and a ListValue around the one before. */
function nestedLists(lists: number): Uint8Array {
  let value: MessageInitShape<typeof ValueSchema> = { kind: { case: 'boolValue', value: true } }
  for (let i = 0; i < lists; i++) value = { kind: { case: 'listValue', value: { values: [value] } } }
  return toBinary(ValueSchema, create(ValueSchema, value))
}

describe('a run reads as its messages do one by one', () => {
  const UNKNOWN = Uint8Array.of(0x0a, 1, 0x61, 0x78, 5)

  test.each<[what: string, desc: DescMessage, messages: readonly Uint8Array[]]>([
    ['empty, as many as there may be', SayHelloRequestSchema, Array.from({ length: 128 }, () => new Uint8Array())],
    ['short', SayHelloRequestSchema, encodeAll(SayHelloRequestSchema, [{ name: 'Ada' }, { name: 'Zoë' }])],
    ['empty', SayHelloRequestSchema, encodeAll(SayHelloRequestSchema, [{}, { name: 'Ada' }, {}])],
    ['with unknown fields', SayHelloRequestSchema, [UNKNOWN, UNKNOWN]],
    [
      'of 127, 128 and 16,383 octets',
      SayHelloRequestSchema,
      encodeAll(
        SayHelloRequestSchema,
        [125, 126, 16_380].map((length) => ({ name: 'x'.repeat(length) })),
      ),
    ],
    ['wrapped values', StringValueSchema, encodeAll(StringValueSchema, [{ value: 'a' }, {}])],
    [
      'of proto2, with presence and enums',
      GeneratedCodeInfoSchema,
      encodeAll(GeneratedCodeInfoSchema, [{ annotation: [{ path: [1, 2], begin: 0, semantic: 2 }] }, {}]),
    ],
    [
      'of oneofs and maps',
      ValueSchema,
      encodeAll(ValueSchema, [
        { kind: { case: 'numberValue', value: 1.5 } },
        { kind: { case: 'structValue', value: { fields: { a: { kind: { case: 'nullValue', value: 0 } } } } } },
      ]),
    ],
    ['as deep as is allowed', ValueSchema, [nestedLists(49)]],
  ])('%s', (_what, desc, messages) => {
    const decoded = codecOf(desc).decodeRun?.(runOf(messages))
    expect(decoded?.fault).toBeUndefined()
    expect(decoded?.messages).toEqual(messages.map((message) => fromBinary(desc, Buffer.from(message))))
  })

  test('nested deeper than the limit is refused, in a run as alone', () => {
    const [allowed, deep] = [nestedLists(4), nestedLists(5)]
    const codec = codecOf(ValueSchema, { recursionLimit: 9 })
    expect(() => codec.decode(deep)).toThrow(/recursion/)
    expect(codec.decodeRun?.(runOf([allowed, allowed]))?.messages).toEqual([
      codec.decode(allowed),
      codec.decode(allowed),
    ])
    expect(codec.decodeRun?.(runOf([deep]))).toMatchObject({ messages: [], fault: { code: Code.Internal } })
  })
})

test('the messages before the one that is none are there, and why that is none', () => {
  const good = toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { name: 'Ada' }))
  const run = runOf([good, good, Uint8Array.of(0x0a, 0xff), good])
  const decoded = codecOf(SayHelloRequestSchema).decodeRun?.(run)
  expect(decoded?.messages).toMatchObject([{ name: 'Ada' }, { name: 'Ada' }])
  expect(decoded?.fault).toMatchObject({ code: Code.Internal, rawMessage: 'parse binary: premature EOF' })
})

describe('a message that reads on beyond its end is none, whatever stands there', () => {
  const FIXED64 = 0x79
  const EMPTY_NAME = Uint8Array.of(0x0a, 0)

  test.each<[what: string, greedy: Uint8Array, next: readonly Uint8Array[]]>([
    ['a text that reaches into the next one', Uint8Array.of(0x0a, 10, 0x61), [new Uint8Array(20)]],
    ['a number that swallows the next one whole', Uint8Array.of(FIXED64), [Uint8Array.of(0x18, 1, 1), EMPTY_NAME]],
    ['a number that swallows the last one', Uint8Array.of(FIXED64, 0, 0, 0), [new Uint8Array()]],
    ['a number before what reads as another message', Uint8Array.of(FIXED64), [Uint8Array.of(0x18, 1, 1, 0x0a, 0)]],
    ['an unknown text before what reads as a message', Uint8Array.of(0x7a, 5), [EMPTY_NAME]],
  ])('%s', (_what, greedy, next) => {
    const decoded = codecOf(SayHelloRequestSchema).decodeRun?.(runOf([EMPTY_NAME, greedy, ...next]))
    expect(decoded).toMatchObject({ messages: [{ name: '' }], fault: { code: Code.Internal } })
  })
})

test('what was decoded does not change with the memory that it came in', () => {
  const run = runOf([Uint8Array.of(0x7a, 2, 1, 2), Uint8Array.of(0x7a, 2, 3, 4)])
  const decoded = codecOf(SayHelloRequestSchema).decodeRun?.(run)
  run.fill(0)
  expect(decoded?.messages.map(({ $unknown }) => [...($unknown?.[0]?.data ?? [])])).toEqual([
    [2, 1, 2],
    [2, 3, 4],
  ])
})

test.each([
  ['google.protobuf.Struct, which is a plain object in a field', StructSchema],
  ['what holds bytes, which would keep the whole run', AnySchema],
])('there are no runs of %s', (_what, desc) => {
  expect(codecOf(desc).decodeRun).toBeNull()
})
