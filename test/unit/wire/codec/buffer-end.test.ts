/** A message that passes the end of the encoder's buffer is encoded like any other, wherever the end lies in it. */
import { create, createFileRegistry, type DescMessage, type Message, toBinary } from '@bufbuild/protobuf'
import {
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import { messageEncoder } from '../../../../wire/codec/encode/message-encoder.ts'
import { TEST_MESSAGES } from '../../../support/codec-oracle/test-messages.ts'

const BUFFER_BYTES = 65_536
/** More than the octets that are kept free at the end. */
const END_BYTES = 700

const desc = TEST_MESSAGES.find(({ name }) => name === 'TestAllTypesProto3') as DescMessage

const FIELDS: Record<string, object> = {
  'JSON values': { optionalStruct: { a: [null, 1, 'x', true, {}], b: { c: [[], null] } } },
  messages: { repeatedNestedMessage: Array.from({ length: 40 }, (_, a) => ({ a, corecursive: { optionalInt32: a } })) },
  maps: { mapInt32Int32: { 1: 2, 3: 4 }, mapStringNestedMessage: { a: { a: 1 }, b: {} } },
  numbers: { packedInt32: [-1, 2, 3], packedDouble: [1, 2], unpackedFixed64: [1n, 2n], repeatedBool: [true, false] },
  'text and octets': { repeatedString: ['a', 'caf\u00e9', 'x'.repeat(50)], repeatedBytes: [new Uint8Array(3)] },
  wrappers: {
    optionalInt64Wrapper: 5n,
    repeatedStringWrapper: [{ value: 'x' }],
    optionalBytesWrapper: new Uint8Array(2),
  },
}

/** Compares with `toBinary` whatever is left of the buffer after a long field. */
function expectSame(type: DescMessage, long: string, fields: object): void {
  const encoder = messageEncoder(type, { kind: 'compiled' })
  const octets = new Uint8Array(BUFFER_BYTES)
  for (let free = 0; free < END_BYTES; free++) {
    const message = create(type, { [long]: octets.subarray(0, BUFFER_BYTES - free), ...fields }) as Message
    const { buffer, start, end } = encoder.encode(message)
    expect(Buffer.compare(buffer.subarray(start, end), toBinary(type, message)), `with ${free} octets left`).toBe(0)
  }
}

test.each(Object.entries(FIELDS))('%s', (_, fields) => expectSame(desc, 'optionalBytes', fields))

/** A type with octets and 60 numbers, of which one is a list. */
function numbersAround(list: number): DescMessage {
  const numbers = Array.from({ length: 60 }, (_, index) => ({
    name: `n${index}`,
    number: index + 2,
    label: index === list ? Label.REPEATED : Label.OPTIONAL,
    type: Type.INT32,
  }))
  const field = [{ name: 'octets', number: 1, label: Label.OPTIONAL, type: Type.BYTES }, ...numbers]
  const file = create(FileDescriptorProtoSchema, {
    name: 'numbers.proto',
    syntax: 'proto3',
    messageType: [{ name: 'Numbers', field }],
  })
  return createFileRegistry(file, () => undefined).getMessage('Numbers') as DescMessage
}

test.each([22, 23, 24, 25, 26, 27, 28])('numbers of the most octets around an empty list, the number %i', (list) => {
  const numbers = Array.from({ length: 60 }, (_, index) => [`n${index}`, index === list ? [] : -1])
  expectSame(numbersAround(list), 'octets', Object.fromEntries(numbers))
})
