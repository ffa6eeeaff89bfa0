import { createHash } from 'node:crypto'
import { create, type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { compiledEncoder, HEADROOM_BYTES, messageEncoder } from '../../../../wire/codec/encode/message-encoder.ts'
import { TypeEncoders } from '../../../../wire/codec/encode/type-encoders.ts'
import { codecType, scalarTypes } from '../../../support/codec-types.ts'
import { ANY_VALUES, LONG_VALUES } from '../../../support/encode-values.ts'

const ways = ['generated', 'closures'] as const

/** The encoders of each way. */
const sets = {
  generated: new TypeEncoders({ writesUnknown: true, canGenerate: true }),
  closures: new TypeEncoders({ writesUnknown: true, canGenerate: false }),
}

function encoderOf(way: (typeof ways)[number], desc: DescMessage) {
  return compiledEncoder(sets[way].find(desc))
}

/** Expects the same octets as from `toBinary`, or an error where that throws. */
function expectSame(way: (typeof ways)[number], desc: DescMessage, message: unknown): void {
  const encoder = encoderOf(way, desc)
  const given = message as Message
  const expected = outcome(() => toBinary(desc, given))
  const actual = outcome(() => {
    const { buffer, start, end } = encoder.encode(given)
    expect(start).toBe(HEADROOM_BYTES)
    return buffer.subarray(start, end)
  })
  expect(actual).toBe(expected)
}

function outcome(encode: () => Uint8Array): string {
  let octets: Uint8Array
  try {
    octets = encode()
  } catch (error) {
    return error instanceof Error ? 'throws an Error' : `throws ${typeof error}`
  }
  const hex = Buffer.from(octets).toString('hex')
  return hex.length <= 400 ? hex : `${hex.length / 2} octets: ${createHash('sha256').update(octets).digest('hex')}`
}

describe.each(ways)('the %s encoder', (way) => {
  it.each([...scalarTypes, 'enum', 'message'])(
    'encodes every value of %s as toBinary does, or throws with it',
    (type) => {
      const key = `a${type[0]?.toUpperCase()}${type.slice(1)}`
      for (const value of [...ANY_VALUES, ...(LONG_VALUES[type] ?? [])]) {
        const set = (name: string, members: object) =>
          expectSame(way, codecType(name), { ...create(codecType(name)), ...members })
        set('Singular', { [key]: value })
        set('Optional', { [key]: value })
        set('Lists', { [key]: [value, value] })
        set('Lists', { [key.replace(/^a/, 'x')]: [value] })
        set('Maps', { [key]: { a: value, b: value } })
        set('Oneof', { kind: { case: key, value }, before: 5, between: 6 })
        set(
          'old.Old',
          Object.assign(
            Object.create(Object.getPrototypeOf(create(codecType('old.Old')))),
            create(codecType('old.Old')),
            { [key]: value },
          ),
        )
      }
    },
  )

  it('encodes every key of a map as toBinary does, or throws with it', () => {
    const keys = [
      '',
      '0',
      '1',
      '-1',
      'true',
      'false',
      'x',
      '1.5',
      '12abc',
      '4294967295',
      '4294967296',
      '-2147483648',
      '0x10',
      ' 3',
      'é',
    ]
    const more = [
      '18446744073709551615',
      '18446744073709551616',
      '-9223372036854775808',
      '9223372036854775808',
      '__proto__',
      'Infinity',
    ]
    for (const type of scalarTypes.filter((name) => !['double', 'float', 'bytes'].includes(name))) {
      for (const key of [...keys, ...more]) {
        const name = `by${type[0]?.toUpperCase()}${type.slice(1)}`
        const map = JSON.parse(`{${JSON.stringify(key)}: "value"}`)
        expectSame(way, codecType('Maps'), { ...create(codecType('Maps')), [name]: map })
      }
    }
  })

  it.each([
    ['Singular', 'a tag of five octets', { far: 'x' }],
    ['Singular', 'a nested message of the wrong type', { time: { $typeName: 'codec.Empty' } }],
    ['Singular', 'a plain object in place of a message', { time: { seconds: 1n } }],
    ['Singular', 'a text for a long', { textLong: '-5' }],
    ['Lists', 'undefined in place of a message', { aMessage: [undefined, undefined] }],
    ['Lists', 'null in place of a message', { aMessage: [null] }],
    ['Lists', 'no list', { aInt32: undefined }],
    [
      'Lists',
      'objects that are no lists',
      { aInt32: {}, aUint32: { length: null }, aBool: { length: '0' }, aString: {}, xInt32: { length: 1, 0: 5 } },
    ],
    ['Lists', 'text in place of a list', { aInt32: '123', aString: 'abc' }],
    ['Lists', 'sparse lists', { aString: new Array(2), aMessage: new Array(2) }],
    [
      'Lists',
      'long packed lists',
      {
        aInt32: Array.from({ length: 9000 }, (_, i) => i * i * -1),
        aDouble: new Array(9000).fill(0.5),
        aBool: new Array(9000).fill(true),
      },
    ],
    [
      'Lists',
      'long expanded lists',
      { xInt64: new Array(9000).fill(-1n), aString: new Array(9000).fill('text of some length') },
    ],
    ['Maps', 'no map', { aString: undefined }],
    ['Maps', 'null in place of a map', { aString: null }],
    ['Maps', 'text in place of a map', { aString: 'ab', byInt32: 'ab' }],
    [
      'Maps',
      'messages, structs and wrappers',
      {
        aMessage: { a: undefined, b: create(codecType('Maps')) },
        structs: { 1: { a: [1] }, 2: undefined },
        wrapped: { 3: undefined },
      },
    ],
    [
      'Maps',
      'many entries',
      { aString: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`key ${i}`, 'x'.repeat(i % 150)])) },
    ],
    ['Oneof', 'no group', { kind: undefined }],
    ['Oneof', 'null in place of a group', { kind: null }],
    ['Oneof', 'an unknown case', { kind: { case: 'toString', value: 1 } }],
    ['Oneof', 'a message that is undefined', { kind: { case: 'aMessage', value: undefined } }],
    ['Oneof', 'a struct', { kind: { case: 'struct', value: { a: 1 } } }],
    [
      'Oneof',
      'a wrapper',
      { kind: { case: 'wrapped', value: { $typeName: 'google.protobuf.BytesValue', value: new Uint8Array(3) } } },
    ],
    [
      'Oneof',
      'two groups',
      { kind: { case: 'aString', value: '' }, other: { case: 'right', value: 'x' }, before: 1, between: 2 },
    ],
    [
      'Known',
      'zero values of wrappers',
      { stringValue: '', int64Value: 0n, boolValue: false, bytesValue: new Uint8Array(0) },
    ],
    [
      'Known',
      'values of wrappers',
      {
        stringValue: 'x'.repeat(200),
        int64Value: '5',
        boolValue: true,
        bytesValue: new Uint8Array(300),
        doubleValue: -0,
        floatValue: 1,
        uint32Value: 7,
      },
    ],
    ['Known', 'wide text in a wrapper', { stringValue: '€'.repeat(126) }],
    ['Known', 'null in place of wrapped text', { stringValue: null }],
    ['Known', 'null in place of a wrapped integer', { int32Value: null }],
    [
      'Known',
      'lists of wrappers',
      { stringValues: [{ $typeName: 'google.protobuf.StringValue', value: 'x' }, undefined] },
    ],
    [
      'Known',
      'JSON of every kind',
      {
        struct: {
          n: 1.5,
          s: 'text',
          b: [true, false],
          z: null,
          u: undefined,
          f: () => 1,
          g: 5n,
          o: { a: { b: [[], {}, [[1]]] } },
          long: 'é'.repeat(300),
          7: 1,
        },
      },
    ],
    ['Known', 'JSON with the key __proto__', { struct: JSON.parse('{"__proto__": {"a": 1}, "b": 2}') }],
    ['Known', 'structs that are no objects', { struct: [1], structs: [null, 'x', undefined, {}, { a: 'b' }] }],
    [
      'Known',
      'a struct of 100 KiB',
      { struct: { list: Array.from({ length: 4000 }, (_, i) => ({ index: i, text: 'é'.repeat(i % 90) })) } },
    ],
    ['Tree', 'nothing', {}],
    ['edition.Mixed', 'no required field', { explicit: 1 }],
    [
      'edition.Mixed',
      'groups',
      {
        required: '',
        delimited: {
          $typeName: 'codec.edition.Mixed',
          required: 'x',
          implicit: 3,
          rows: [],
          expanded: [1, 2],
          closed: [1],
        },
        rows: [],
      },
    ],
    ['edition.Mixed', 'a wrapper as a group', { required: '', wrapped: 'text' }],
    ['edition.Mixed', 'an empty wrapper as a group', { required: '', wrapped: '' }],
    ['old.Required', 'some fields', { name: '' }],
    ['old.Required', 'all fields', { name: '', count: 0, level: 3 }],
    ['old.Holder', 'a field without its required ones', { one: { $typeName: 'codec.old.Required' } }],
    ['old.Holder', 'undefined in place of a message with required fields', { many: [undefined] }],
    [
      'Wide',
      'many fields',
      Object.fromEntries(Array.from({ length: 260 }, (_, i) => [`f${i}`, i % 2 ? i : `text ${i}`])),
    ],
  ] as const)('encodes %s with %s as toBinary does', (name, _what, members) => {
    expectSame(way, codecType(name), messageWith(name, members))
  })

  it('encodes a type only by its own messages, unless it has no fields', () => {
    expectSame(way, codecType('Tree'), create(codecType('Ring')))
    expectSame(way, codecType('Empty'), create(codecType('Ring')))
    for (const other of [null, undefined, 'text', {}]) {
      expectSame(way, codecType('Tree'), other)
      expectSame(way, codecType('Empty'), other)
    }
  })

  it('writes unknown fields last', () => {
    const data = { no: 5000, wireType: 2, data: Uint8Array.of(2, 65, 66) }
    const more = { no: 1, wireType: 0, data: new Uint8Array(80_000).fill(129) }
    expectSame(way, codecType('Tree'), { ...create(codecType('Tree'), { name: 'x' }), $unknown: [data, more] })
    expectSame(way, codecType('Empty'), { ...create(codecType('Empty')), $unknown: [data] })
    expectSame(way, codecType('Tree'), { ...create(codecType('Tree')), $unknown: [{ no: 1, wireType: 0 }] })
    expectSame(way, codecType('Tree'), { ...create(codecType('Tree')), $unknown: null })
  })

  it('encodes messages of many sizes, whose lengths take more and fewer octets by turns', () => {
    const desc = codecType('Tree')
    for (const size of [5, 200, 5, 20_000, 100, 70_000, 1, 16_380, 127, 123, 16_376]) {
      const left = create(desc, { name: 'x'.repeat(size), children: [{ name: 'y' }, { name: 'z'.repeat(size / 10) }] })
      expectSame(way, desc, create(desc, { left, children: [left, { left }], named: { a: left, b: {} } }))
    }
    expectSame(way, desc, create(desc, { left: { name: 'x'.repeat(2 ** 21) } }))
    expectSame(way, desc, create(desc, { left: { name: 'x' } }))
  })

  it('encodes 100 levels of long payloads', () => {
    const desc = codecType('Ring')
    let ring: Record<string, unknown> = { payload: new Uint8Array(20_000) }
    for (let level = 0; level < 100; level++) ring = { payload: new Uint8Array(20_000).fill(level), next: ring }
    for (let round = 0; round < 2; round++) expectSame(way, desc, create(desc, ring))
  })

  it('throws for cyclic messages, and stays usable', () => {
    const desc = codecType('Tree')
    const tree = create(desc, { name: 'x' }) as Message & { left?: unknown }
    tree.left = tree
    expect(() => encoderOf(way, desc).encode(tree)).toThrow(RangeError)
    expectSame(way, desc, create(desc, { name: 'after' }))
    const json: { self?: unknown } = {}
    json.self = json
    const known = codecType('Known')
    expect(() => encoderOf(way, known).encode({ ...create(known), struct: json } as Message)).toThrow(RangeError)
    expectSame(way, known, create(known, { struct: { a: 1 } }))
  })

  it('stays usable after an error half-way', () => {
    const desc = codecType('Lists')
    const failing = { ...create(desc), aString: ['x'.repeat(100_000)], aMessage: [{ $typeName: 'codec.Empty' }] }
    expect(() => encoderOf(way, desc).encode(failing as Message)).toThrow('codec.Empty')
    expectSame(way, desc, create(desc, { aString: ['after'] }))
  })

  it('encodes a message while another one is being encoded', () => {
    const desc = codecType('Tree')
    const inner = create(desc, { name: 'i'.repeat(9000) })
    const copies: Buffer[] = []
    const outer = {
      ...create(desc, { name: 'outer' }),
      get left() {
        const { buffer, start, end, isShared } = encoderOf(way, desc).encode(inner as Message)
        // Also read by toBinary, when no other message is being encoded.
        if (!isShared) copies.push(buffer.subarray(start, end))
        return inner
      },
    }
    expectSame(way, desc, outer)
    expect(copies).toEqual([Buffer.from(toBinary(desc, inner))])
    const throwing = {
      ...create(desc),
      get left() {
        return encoderOf(way, desc).encode(null as unknown as Message)
      },
    }
    expect(() => encoderOf(way, desc).encode(throwing as unknown as Message)).toThrow(TypeError)
    expectSame(way, desc, inner)
  })

  it('keeps nothing of a message that changes after it was encoded', () => {
    const desc = codecType('Ring')
    const payload = new Uint8Array(100_000).fill(1)
    const { buffer, start, end } = encoderOf(way, desc).encode(create(desc, { payload }) as Message)
    payload.fill(2)
    expect((fromBinary(desc, buffer.subarray(start, end)) as unknown as { payload: Uint8Array }).payload[50_000]).toBe(
      1,
    )
  })

  it('gives away the buffer of a long message, and reuses that of short ones', () => {
    const desc = codecType('Ring')
    const encoder = encoderOf(way, desc)
    const one = { ...encoder.encode(create(desc, { payload: new Uint8Array(100_000) }) as Message) }
    const two = { ...encoder.encode(create(desc, { payload: new Uint8Array(100_000) }) as Message) }
    expect([one.isShared, two.isShared]).toEqual([false, false])
    expect(one.buffer).not.toBe(two.buffer)
    const short = { ...encoder.encode(create(desc) as Message) }
    expect(short.isShared).toBe(true)
    expect(encoder.encode(create(desc) as Message).buffer).toBe(short.buffer)
  })

  it('makes room for one long value at once', () => {
    const desc = codecType('Ring')
    const { buffer } = encoderOf(way, desc).encode(create(desc, { payload: new Uint8Array(1 << 20) }) as Message)
    expect(buffer.byteLength).toBeLessThan((1 << 20) + 8192)
  })
})

/** Adds members to the zero message of a type, without the conversions of create(). */
function messageWith(name: string, members: object): object {
  const message: object = create(codecType(name))
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message, members)
}

describe('the encoder of a type', () => {
  const desc = codecType('Tree')
  const message = {
    ...create(desc, { name: 'x' }),
    $unknown: [{ no: 9, wireType: 0, data: Uint8Array.of(1) }],
  } as Message

  it.each(['compiled', 'reflective'] as const)('writes no unknown fields if %s codecs are told so', (kind) => {
    for (const writeUnknownFields of [true, false, undefined]) {
      const options = { writeUnknownFields } as { writeUnknownFields: boolean }
      const { buffer, start, end } = messageEncoder(desc, { kind, options }).encode(message)
      expect(buffer.subarray(start, end).equals(toBinary(desc, message, options))).toBe(true)
    }
  })
})
