/** No name in a descriptor becomes code or a prototype, and no size of a type makes its codec fail. */
import { create, type DescField, type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { messageCreator } from '../../../../wire/codec/create/message-creator.ts'
import { messageDecoder } from '../../../../wire/codec/decode/message-decoder.ts'
import { messageEncoder } from '../../../../wire/codec/encode/message-encoder.ts'
import { compareType } from '../../../support/codec-oracle/compare-type.ts'
import {
  CANARY,
  ESCAPED_NAMES,
  HOSTILE_NAMES,
  INHERITED_NAMES,
  nestedType,
  rename,
  typesNamed,
  wideType,
} from '../../../support/codec-oracle/hostile-types.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

const AMPLE_BYTES = 2 ** 40

/** A field with the number 1. */
const OCTETS = {
  text: '0a0178',
  message: '0a030a0178',
  number: '0801',
  numbers: '08010802',
  packed: '0a020102',
  entry: '0a060a016112017a',
}

/** The objects that a message inherits from, and the functions that it finds there. */
function inherited(): unknown[] {
  const prototypes = [Object.prototype, Array.prototype, Function.prototype, Uint8Array.prototype]
  return prototypes.flatMap((prototype) =>
    Reflect.ownKeys(prototype).map((key) => {
      const { value } = Object.getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor
      return [key, value, typeof value === 'function' ? Reflect.ownKeys(value) : []]
    }),
  )
}

let before: unknown[]

beforeEach(() => {
  before = inherited()
})

afterEach(() => {
  expect(inherited()).toEqual(before)
  expect(Reflect.has(globalThis, CANARY)).toBe(false)
})

test.each(HOSTILE_NAMES)('the name %j', (name) => {
  const random = new SeededRandom(1)
  for (const desc of rename(typesNamed('x'), name)) expect(compareType({ desc }, 6, random)).toBeGreaterThan(5)
})

test.each(ESCAPED_NAMES)('the name %s as registries escape it', (name) => {
  const random = new SeededRandom(2)
  for (const desc of typesNamed(name)) expect(compareType({ desc }, 6, random)).toBeGreaterThan(5)
})

/** The octets of a message in which the field is set. */
function octetsOf(field: DescField | undefined): string {
  if (field?.fieldKind === 'map') return OCTETS.entry
  if (field?.fieldKind === 'list' && field.scalar !== undefined) return field.packed ? OCTETS.packed : OCTETS.numbers
  if (field?.message !== undefined) return OCTETS.message
  return field?.enum === undefined ? OCTETS.text : OCTETS.number
}

function codecsOf(desc: DescMessage) {
  const settings = { kind: 'compiled', options: { recursionLimit: 1_000 }, budgetBytes: AMPLE_BYTES } as const
  const encoder = messageEncoder(desc, settings)
  const decoder = messageDecoder(desc, settings)
  return {
    create: messageCreator(desc, 'compiled'),
    encode: (message: Message) => {
      const { buffer, start, end } = encoder.encode(message)
      return Buffer.from(buffer.subarray(start, end))
    },
    decode: (octets: Uint8Array) => decoder.decode(octets, 0, octets.byteLength),
  }
}

// protobuf-es changes what objects inherit, so it is not run here.
test.each(INHERITED_NAMES)('the name %s, which every object inherits', (name) => {
  for (const desc of typesNamed(name)) {
    const { create: make, encode, decode } = codecsOf(desc)
    for (const empty of [make(), make({}), decode(new Uint8Array(0))]) expect(encode(empty)).toHaveLength(0)
    const octets = Buffer.from(octetsOf(desc.fields[0]), 'hex')
    expect(encode(decode(octets))).toEqual(octets)
    expect(encode(make({ ...decode(octets) }))).toEqual(octets)
  }
})

test.each(['__proto__', ...ESCAPED_NAMES, ...INHERITED_NAMES])('the name %s, of a property as it is', (name) => {
  for (const desc of rename(typesNamed('x'), name)) {
    const { create: make, encode, decode } = codecsOf(desc)
    for (const octets of Object.values(OCTETS)) {
      expect(() => encode(make({ ...decode(Buffer.from(octets, 'hex')) }))).not.toThrow(SyntaxError)
    }
  }
})

test('10,000 fields in one type', () => {
  const desc = wideType(10_000)
  const { encode, decode, create: make } = codecsOf(desc)
  expect(Object.keys(make({}))).toEqual(Object.keys(create(desc)))
  const random = new SeededRandom(2)
  expect(compareType({ desc }, 3, random)).toBeGreaterThan(2)
  const octets = toBinary(desc, create(desc, { f9998: new Uint8Array([1]), f1: 5 } as never))
  expect(encode(decode(octets))).toEqual(Buffer.from(octets))
})

test('500 types nested one in another', () => {
  const desc = nestedType(500)
  const { encode, decode, create: make } = codecsOf(desc)
  let init: Record<string, unknown> = { depth: 500 }
  for (let level = 499; level > 0; level--) init = { depth: level, child: init }
  const octets = toBinary(desc, create(desc, init))
  expect(encode(make(init))).toEqual(Buffer.from(octets))
  expect(decode(octets)).toEqual(fromBinary(desc, octets, { recursionLimit: 1_000 }))
  const strict = messageDecoder(desc, { kind: 'compiled', budgetBytes: AMPLE_BYTES })
  expect(() => strict.decode(octets, 0, octets.byteLength)).toThrow()
})
