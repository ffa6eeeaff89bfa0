import { create, type DescMessage, type Message, type MessageInitShape } from '@bufbuild/protobuf'
import { StringValueSchema, StructSchema, TimestampSchema } from '@bufbuild/protobuf/wkt'
import { describe, expect, it } from 'vitest'
import { codecCounts } from '../../../../wire/codec/codec-counts.ts'
import { MessageClasses } from '../../../../wire/codec/create/message-classes.ts'
import { messageConstructor, messageCreator } from '../../../../wire/codec/create/message-creator.ts'
import { INHERITED_NAMES, typesNamed } from '../../../support/codec-oracle/hostile-types.ts'
import { codecType } from '../../../support/codec-types.ts'
import { expectSameMessage } from '../../../support/same-message.ts'

type Init = MessageInitShape<DescMessage>

const singular = {
  aString: 'text',
  aInt64: 5n,
  aBytes: [1, 2, 3],
  time: { seconds: 12n },
  aMessage: { aUint32: 7, aMessage: { aString: 'inner' } },
  unknown: 'ignored',
}

const inputs: readonly (readonly [string, string, unknown])[] = [
  ['Empty', 'nothing', undefined],
  ['Empty', 'an object of other keys', { other: 1 }],
  ['Singular', 'nothing', undefined],
  ['Singular', 'null', null],
  ['Singular', 'plain objects in fields', singular],
  ['Singular', 'null and undefined for fields', { aString: null, aInt32: undefined, aMessage: null }],
  ['Singular', 'values of the wrong types', { aString: 5, aBytes: 'text', aMessage: 'text', time: [1] }],
  ['Singular', 'a message of another type', create(TimestampSchema, { nanos: 3 })],
  ['Singular', 'a message of another type in a field', { time: create(StringValueSchema, { value: 'x' }) }],
  ['Optional', 'nothing', undefined],
  ['Optional', 'zero values', { aInt32: 0, aString: '', aBytes: [], aEnum: 0, aMessage: {} }],
  ['Lists', 'nothing', undefined],
  ['Lists', 'arrays', { aInt32: [1, 2], aBytes: [[1], new Uint8Array(2)], aMessage: [{ aInt32: [3] }, null, 'x'] }],
  ['Lists', 'values that are no arrays', { aInt32: 'text', aBytes: { length: 1 }, aMessage: 5, aString: null }],
  ['Lists', 'sparse arrays', { aMessage: new Array(3), aBytes: new Array(2) }],
  ['Maps', 'nothing', undefined],
  ['Maps', 'objects', { aString: { b: 'c' }, aBytes: { b: [1] }, aMessage: { b: { aInt32: { c: 1 } }, d: 5 } }],
  ['Maps', 'values that are no objects', { aString: 'text', aBytes: [1], aMessage: [{}], aEnum: null }],
  ['Maps', 'the key __proto__', { aMessage: JSON.parse('{"__proto__": {"aString": {"a": "b"}}, "c": {}}') }],
  ['Maps', 'structs and wrappers', { structs: { 1: { a: 1 } }, wrapped: { 1: { value: 'x' } } }],
  ['Oneof', 'nothing', undefined],
  ['Oneof', 'a scalar', { kind: { case: 'aString', value: 'x' }, other: { case: 'left', value: undefined } }],
  ['Oneof', 'octets', { kind: { case: 'aBytes', value: [1, 2] } }],
  ['Oneof', 'an object', { kind: { case: 'aMessage', value: { kind: { case: 'aInt32', value: 3 } } } }],
  ['Oneof', 'null as an object', { kind: { case: 'aMessage', value: null } }],
  ['Oneof', 'a struct', { kind: { case: 'struct', value: { a: [1] } } }],
  ['Oneof', 'a wrapper', { kind: { case: 'wrapped', value: { value: [1] } } }],
  ['Oneof', 'unknown cases', { kind: { case: 'toString', value: 1 }, other: { case: 5 } }],
  ['Oneof', 'values that are no objects', { kind: 'text', other: 5 }],
  [
    'Known',
    'wrapped values',
    { bytesValue: [1], stringValue: 'x', int64Values: [{ value: 1n }], structs: [{ a: 1 }, 5] },
  ],
  [
    'Known',
    'values',
    { value: { kind: { case: 'listValue', value: { values: [{}] } } }, any: { typeUrl: 'x' }, struct: [] },
  ],
  [
    'Tree',
    'nested objects',
    { left: { ring: { tree: { name: 'a' } } }, children: [{ children: [{}] }], named: { a: {} } },
  ],
  ['Wide', 'many fields', { f0: 'a', f259: 5, f7: null }],
  ['old.Old', 'nothing', undefined],
  ['old.Old', 'values', { aString: '', level: 3, pair: { first: 'a', second: {} }, row: [{ cell: 1 }], raw: [1] }],
  ['old.Old', 'null', { aString: null, big: 0n, choice: { case: 'flag', value: true } }],
  ['old.Required', 'nothing', {}],
  ['edition.Mixed', 'nothing', undefined],
  ['edition.Mixed', 'values', { explicit: 0, delimited: { implicit: 1 }, rows: [{}], wrapped: 'x', octets: [1] }],
]

const ways = [
  ['generated', new MessageClasses(true)],
  ['closures', new MessageClasses(false)],
] as const

describe.each(ways)('a creator that is %s', (_way, classes) => {
  it.each(inputs)('creates %s of %s as create() does', (name, _what, init) => {
    const desc = codecType(name)
    const creator = classes.find(desc).creator
    expectSameMessage(creator(init as Init), create(desc, init as Init) as Message)
  })

  it('gives two zero messages nothing in common but octets', () => {
    const { Message: Zero } = classes.get(codecType('Lists'))
    expectSameMessage(new Zero(), create(codecType('Lists')) as Message)
    const [one, two] = [new Zero(), new Zero()] as unknown as { aInt32: unknown }[]
    expect(one?.aInt32).not.toBe(two?.aInt32)
  })

  it.each(INHERITED_NAMES)('does not take the method %s of every object for a field', (name) => {
    for (const desc of typesNamed(name)) {
      const { create: make } = classes.get(desc)
      expectSameMessage(make({}), make())
    }
  })

  it('converts objects within objects, and keeps messages and other values', () => {
    const { convert } = classes.get(codecType('Tree'))
    const tree = create(codecType('Tree'))
    expect(convert(tree)).toBe(tree)
    for (const other of [null, undefined, 5, 'text']) expect(convert(other)).toBe(other)
    expectSameMessage(convert({ name: 'x' }), create(codecType('Tree'), { name: 'x' }))
  })
})

describe('a compiled creator', () => {
  it('returns a message of the type, and keeps one in a field', () => {
    const desc = codecType('Tree')
    const left = create(desc, { name: 'left' })
    const creator = messageCreator(desc, 'compiled')
    expect(creator(left)).toBe(left)
    expect(creator({ left, children: [left] } as Init)).toMatchObject({ left, children: [left] })
  })

  it.each([
    ['Lists', 'aInt32', [1]],
    ['Maps', 'aString', { a: 'b' }],
    ['Singular', 'aBytes', new Uint8Array(3)],
    ['Known', 'struct', { a: 1 }],
  ])('keeps the given value of %s.%s, where create() keeps it', (name, field, value) => {
    const desc = codecType(name)
    expect(create(desc, { [field]: value })).toHaveProperty(field, value)
    const created = messageCreator(desc, 'compiled')({ [field]: value } as Init)
    expect((created as unknown as Record<string, unknown>)[field]).toBe(value)
  })

  it('copies arrays and objects of messages, as create() does', () => {
    const structs = [{ a: 1 }]
    const created = messageCreator(codecType('Known'), 'compiled')({ structs } as Init)
    expect((created as unknown as { structs: unknown }).structs).not.toBe(structs)
  })

  it('throws what a getter of the given object throws', () => {
    const creator = messageCreator(codecType('Tree'), 'compiled')
    const failing = {
      get name(): string {
        throw new Error('from the getter')
      },
    }
    expect(() => creator(failing as Init)).toThrow('from the getter')
    expectSameMessage(creator(), create(codecType('Tree')) as Message)
  })

  it('is the same for each call, and creates types with very many fields by closures', () => {
    const desc = codecType('Wide')
    expect(messageCreator(desc, 'compiled')).toBe(messageCreator(desc, 'compiled'))
    expect(messageCreator(desc, 'reflective')).toBe(messageCreator(desc, 'reflective'))
    messageCreator(StructSchema, 'compiled')()
    messageConstructor(desc)
    const counted = codecCounts().find((count) => count.task === 'create' && count.reason === 'too many fields')
    expect(counted).toMatchObject({ way: 'closures', types: expect.any(Number) })
  })
})
