import { create } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { SayHelloResponseSchema } from '../../../../../gen/greeter/v1/greeter_pb.js'
import { encodeOnce } from '../../../../../wire/codec/encode/encode-once.ts'
import { envelopeOf } from '../../../../../wire/envelope.ts'
import { createMessageCodecs } from '../../../../../wire/message-codec.ts'

const TYPES = { decodes: SayHelloResponseSchema, encodes: SayHelloResponseSchema }
const first = createMessageCodecs(TYPES, { json: {}, binary: undefined })
const second = createMessageCodecs(TYPES, { json: { alwaysEmitImplicit: true }, binary: undefined })

test.each(['proto', 'json'] as const)('%s: each codec encodes a marked message once', (format) => {
  const message = encodeOnce(create(SayHelloResponseSchema, { message: 'Hello' }))
  const encoded = first[format].encodeWithHeadroom(message)
  expect(encoded.isShared).toBe(false)
  expect(first[format].encodeWithHeadroom(message)).toBe(encoded)
  expect(second[format].encodeWithHeadroom(message)).not.toBe(encoded)
})

test.each(['proto', 'json'] as const)('%s: it has the octets of an ordinary message', (format) => {
  for (const text of ['', 'Hello', 'x'.repeat(5_000)]) {
    const plain = create(SayHelloResponseSchema, { message: text })
    const marked = encodeOnce(create(SayHelloResponseSchema, { message: text }))
    for (const codec of [first[format], second[format]]) {
      const expected = Buffer.from(codec.encode(plain))
      const kept = [codec.encode(marked), codec.encode(marked)].map((octets) => Buffer.from(octets))
      // Another message in between must not replace the octets that are remembered.
      codec.encodeWithHeadroom(create(SayHelloResponseSchema, { message: 'y'.repeat(text.length) }))
      expect([...kept, envelopeOf(codec.encodeWithHeadroom(marked)).subarray(5)]).toEqual([
        expected,
        expected,
        expected,
      ])
    }
  }
})

test('it is an ordinary message that cannot be changed, and its copies are not marked', () => {
  const message = encodeOnce(create(SayHelloResponseSchema, { message: 'Hello' }))
  expect(encodeOnce(message)).toBe(message)
  expect({ ...message }).toEqual({ ...create(SayHelloResponseSchema, { message: 'Hello' }) })
  expect(Object.keys(message)).toEqual(['$typeName', 'message'])
  expect(() => {
    message.message = 'changed'
  }).toThrow(TypeError)
  const copy = { ...message, message: 'changed' }
  expect(Buffer.from(first.proto.encode(copy)).toString()).toContain('changed')
})

test.each([[{ message: 'Hello' }], [null], ['Hello']])('anything but a message is refused: %j', (value) => {
  expect(() => encodeOnce(value as never)).toThrow('encodeOnce needs a message that create() has returned')
})
