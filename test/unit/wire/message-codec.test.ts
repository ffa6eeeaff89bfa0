import { create, createRegistry, toBinary } from '@bufbuild/protobuf'
import { AnySchema, anyPack, BytesValueSchema, StringValueSchema, StructSchema } from '@bufbuild/protobuf/wkt'
import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { GreeterService, SayHelloRequestSchema } from '../../../gen/greeter/v1/greeter_pb.js'
import { createMessageCodecs } from '../../../wire/message-codec.ts'

const { sayHello } = GreeterService.method

function codecsOf(input: typeof sayHello.input | typeof BytesValueSchema | typeof StructSchema | typeof AnySchema) {
  const registry = createRegistry(StringValueSchema)
  return createMessageCodecs({ decodes: input, encodes: input }, { json: { registry }, binary: undefined })
}

describe('protobuf', () => {
  const { proto } = codecsOf(SayHelloRequestSchema)

  test('reads back what it wrote, including unknown fields', () => {
    const bytes = Uint8Array.of(
      ...toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { name: 'Ada' })),
      0x78,
      5,
    )
    expect(new Uint8Array(proto.encode(proto.decode(bytes)))).toEqual(bytes)
  })

  test('an invalid message is INTERNAL', () => {
    expect(() => proto.decode(Uint8Array.of(0x0a, 0xff))).toThrow(expect.objectContaining({ code: Code.Internal }))
  })

  test('bytes fields are copies, independent of the input memory', () => {
    const codec = codecsOf(BytesValueSchema).proto
    const received = toBinary(BytesValueSchema, create(BytesValueSchema, { value: Uint8Array.of(1, 2, 3) }))
    const message = codec.decode(received)
    received.fill(0)
    expect(message).toMatchObject({ value: Uint8Array.of(1, 2, 3) })
  })
})

describe('JSON', () => {
  const { json } = codecsOf(SayHelloRequestSchema)

  test('ignores unknown fields', () => {
    expect(json.decode(Buffer.from('{"name":"Ada","age":36}'))).toMatchObject({ name: 'Ada' })
  })

  test.each(['', '{', '[]', '{"name":1}', 'null'])('%j is INVALID_ARGUMENT', (text) => {
    expect(() => json.decode(Buffer.from(text))).toThrow(expect.objectContaining({ code: Code.InvalidArgument }))
  })

  test.each(['ff', 'c3', 'eda080', 'c0af'])(
    'the bytes %s in a string are invalid UTF-8, and INVALID_ARGUMENT',
    (octets) => {
      const data = Buffer.concat([Buffer.from('{"name":"'), Buffer.from(octets, 'hex'), Buffer.from('"}')])
      expect(() => json.decode(data)).toThrow(expect.objectContaining({ code: Code.InvalidArgument }))
    },
  )

  test('unbounded nesting is INVALID_ARGUMENT, and does not crash', () => {
    const struct = codecsOf(StructSchema).json
    const nested = Buffer.from(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)
    expect(() => struct.decode(nested)).toThrow(expect.objectContaining({ code: Code.InvalidArgument }))
  })

  test('names that are special in JavaScript are not special here', () => {
    const struct = codecsOf(StructSchema).json
    struct.decode(Buffer.from('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'))
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  test('an Any may contain the types of the registry', () => {
    const any = codecsOf(AnySchema).json
    const packed = anyPack(StringValueSchema, create(StringValueSchema, { value: 'inside' }))
    const text = Buffer.from(any.encode(packed)).toString()
    expect(JSON.parse(text)).toEqual({ '@type': 'type.googleapis.com/google.protobuf.StringValue', value: 'inside' })
    expect(any.decode(Buffer.from(text))).toMatchObject({ typeUrl: packed.typeUrl })
  })
})
