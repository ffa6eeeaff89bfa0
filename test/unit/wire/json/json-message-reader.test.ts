import { toJson } from '@bufbuild/protobuf'
import { describe, expect, test } from 'vitest'
import { JsonMessageReader } from '../../../../wire/json/json-message-reader.ts'
import { NUMBER_TYPES, NumbersSchema } from '../../../support/number-schema.ts'

const registry = NUMBER_TYPES

const reader = new JsonMessageReader(NumbersSchema, { registry, ignoreUnknownFields: true })

/** The canonical JSON of what a text means: 64-bit integers are texts there. */
function read(text: string): unknown {
  return toJson(NumbersSchema, reader.read(text), { registry })
}

describe('64-bit integers written as numbers are exact', () => {
  test.each([
    ['in a field', '{"i64":9007199254740993}', { i64: '9007199254740993' }],
    ['the smallest', '{"i64":-9223372036854775808}', { i64: '-9223372036854775808' }],
    ['the largest', '{"u64":18446744073709551615}', { u64: '18446744073709551615' }],
    ['sint64', '{"s64":-9007199254740993}', { s64: '-9007199254740993' }],
    ['fixed64', '{"f64":18446744073709551613}', { f64: '18446744073709551613' }],
    ['sfixed64', '{"sf64":9223372036854775807}', { sf64: '9223372036854775807' }],
    [
      'in a list',
      '{"list":[1,9007199254740993,-9007199254740995]}',
      { list: ['1', '9007199254740993', '-9007199254740995'] },
    ],
    [
      'as values of a map',
      '{"byName":{"a":9007199254740993,"__proto__":9007199254740995}}',
      { byName: JSON.parse('{"a":"9007199254740993","__proto__":"9007199254740995"}') },
    ],
    [
      'by the name of the .proto file',
      '{"by_id":{"9007199254740993":18446744073709551615}}',
      { byId: { '9007199254740993': '18446744073709551615' } },
    ],
    ['in a oneof', '{"chosen":9007199254740993}', { chosen: '9007199254740993' }],
    [
      'in a nested message',
      '{"child":{"child":{"i64":9007199254740993}}}',
      { child: { child: { i64: '9007199254740993' } } },
    ],
    ['in a list of messages', '{"children":[{"u64":9007199254740993}]}', { children: [{ u64: '9007199254740993' }] }],
    ['in Int64Value', '{"wrapped":9007199254740993}', { wrapped: '9007199254740993' }],
    ['in UInt64Value', '{"uwrapped":18446744073709551615}', { uwrapped: '18446744073709551615' }],
    ['in a list of wrappers', '{"wrappers":[9007199254740993]}', { wrappers: ['9007199254740993'] }],
    [
      'in an extension',
      '{"extended":{"[numbers.v1.more]":18446744073709551615,"[numbers.v1.many]":[9007199254740993]}}',
      { extended: { '[numbers.v1.more]': '18446744073709551615', '[numbers.v1.many]': ['9007199254740993'] } },
    ],
    [
      'in an Any',
      '{"any":{"@type":"type.googleapis.com/numbers.v1.Numbers","i64":9007199254740993}}',
      { any: { '@type': 'type.googleapis.com/numbers.v1.Numbers', i64: '9007199254740993' } },
    ],
    [
      'in an Any of a wrapper',
      '{"any":{"@type":"type.googleapis.com/google.protobuf.Int64Value","value":9007199254740993}}',
      { any: { '@type': 'type.googleapis.com/google.protobuf.Int64Value', value: '9007199254740993' } },
    ],
    ['with a fraction of zeros', '{"i64":9007199254740993.000}', { i64: '9007199254740993' }],
    [
      'with an exponent',
      '{"i64":9.007199254740993e15,"u64":999999999999999e3}',
      { i64: '9007199254740993', u64: '999999999999999000' },
    ],
    ['with an exponent below zero', '{"i64":-90071992547409930e-1}', { i64: '-9007199254740993' }],
    ['with many zeros', '{"i64":0e999999,"list":[0.0e-9,-0]}', { list: ['0', '0'] }],
    ['as strings', '{"i64":"9007199254740993"}', { i64: '9007199254740993' }],
  ])('%s', (_, text, expected) => {
    expect(read(text)).toEqual(expected)
  })
})

test.each(['1', '1.0', '1e0', '10e-1', '0.1e1', '100E-2', '1.00000000000000000000'])(
  '%s is the integer 1',
  (literal) => {
    expect(read(`{"i64":${literal},"u64":${literal}}`)).toEqual({ i64: '1', u64: '1' })
  },
)

test.each([
  '9223372036854775808',
  '-9223372036854775809',
  '1e19',
  '1e400',
  '1.5',
  '9007199254740992.5',
  '1.00000000000000000001',
  '1e-400',
  '9007199254740993e-1',
  `"${'9'.repeat(100)}"`,
  'true',
  '{}',
])('%s is not an int64, and the error names the field', (literal) => {
  expect(() => read(`{"child":{"i64":${literal}}}`)).toThrow(
    /^cannot decode field numbers\.v1\.Numbers\.i64 from JSON: /,
  )
  expect(() => read(`{"list":[${literal}]}`)).toThrow(/^cannot decode field numbers\.v1\.Numbers\.list from JSON: /)
  expect(() => read(`{"byName":{"a":${literal}}}`)).toThrow(
    /^cannot decode field numbers\.v1\.Numbers\.by_name from JSON: /,
  )
})

test('Struct and Value contain doubles, whatever is next to them', () => {
  const text =
    '{"i64":9007199254740993,"struct":{"a":9007199254740993,"b":[1e300,{"c":9007199254740993}]},"value":9007199254740993}'
  expect(read(text)).toEqual({
    i64: '9007199254740993',
    struct: { a: 9007199254740992, b: [1e300, { c: 9007199254740992 }] },
    value: 9007199254740992,
  })
  const packed = '{"any":{"@type":"type.googleapis.com/google.protobuf.Struct","value":{"a":9007199254740993}}}'
  expect(read(packed)).toEqual({
    any: { '@type': 'type.googleapis.com/google.protobuf.Struct', value: { a: 9007199254740992 } },
  })
})

test.each([
  ['a double', '{"ratio":9007199254740993}', { ratio: 9007199254740992 }],
  ['a long fraction', '{"ratio":0.30000000000000004}', { ratio: 0.30000000000000004 }],
  ['a 32-bit integer', '{"i32":1.0000000000000000}', { i32: 1 }],
  ['an unknown field', '{"unknown":9007199254740993,"i64":9007199254740993}', { i64: '9007199254740993' }],
])('%s is handled as in protobuf-es', (_, text, expected) => {
  expect(read(text)).toEqual(expected)
})

test('a field of another type rejects a long number like a short one', () => {
  for (const number of ['1', '9007199254740993']) {
    expect(() => read(`{"text":${number}}`)).toThrow(/field numbers\.v1\.Numbers\.text from JSON: expected string/)
    expect(() => read(`{"child":${number}}`)).toThrow(/cannot decode message numbers\.v1\.Numbers from JSON/)
  }
})

test('texts of millions of digits are rejected at once, and not repeated', () => {
  const digits = '9'.repeat(4_000_000)
  const texts = [
    `{"i64":${digits}}`,
    `{"i64":"${digits}"}`,
    `{"i64":"-${digits}"}`,
    `{"i64":" ${digits}"}`,
    `{"i64":"\\u0039${digits}"}`,
    `{"wrapped":"${digits}"}`,
    `{"list":["${digits}"]}`,
    `{"byId":{"${digits}":"1"}}`,
    `{"byName":{"a":"${digits}"}}`,
  ]
  for (const text of texts) {
    const error = errorOf(text)
    expect(error.message.length, text.slice(0, 20)).toBeLessThan(400)
  }
})

test('a text nested deeper than any message is rejected, and one as deep as protobuf allows is not', () => {
  const nested = (levels: number) => `${'{"children":['.repeat(levels)}${']}'.repeat(levels)}`
  expect(() => read(nested(99))).not.toThrow()
  expect(() => read(nested(100))).not.toThrow()
  expect(() => read(`{"unknown":${'['.repeat(5_000)}${']'.repeat(5_000)}}`)).toThrow('nested deeper than 200 levels')
  expect(() => read('['.repeat(4_000_000))).toThrow('nested deeper than 200 levels')
})

test.each([
  ['in the place of a key', '{9007199254740993:1}'],
  ['in the place of a second key', '{"i64":1,9007199254740993:1}'],
  ['with zeros in front', '{"i64":00000000000000001}'],
  ['behind a value', '{"i64":9007199254740993 9007199254740993}'],
  ['with two points', '{"i64":9007199254740993.0.0}'],
  ['and a comma too many', '{"i64":9007199254740993,}'],
])('a long number does not make invalid JSON acceptable: %s', (_, text) => {
  expect(errorOf(text)).toBeInstanceOf(SyntaxError)
  expect(errorOf(text).message).toBe(messageOf(() => JSON.parse(text)))
})

test('keys that are special in JavaScript are not special here', () => {
  const text = '{"__proto__":{"i64":1},"i64":9007199254740993,"struct":{"__proto__":{"a":9007199254740993}}}'
  const read = reader.read(text)
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
  expect(toJson(NumbersSchema, read, { registry })).toEqual({
    i64: '9007199254740993',
    struct: JSON.parse('{"__proto__":{"a":9007199254740992}}'),
  })
})

test('an unpaired surrogate is invalid text, and the error names the field', () => {
  expect(() => read('{"text":"\\ud800","i64":9007199254740993}')).toThrow(
    /field numbers\.v1\.Numbers\.text.*invalid UTF8/,
  )
})

test.each([
  ['plainly', '{"i64":1,"i64":2}'],
  ['with an escape', '{"i64":1,"\\u00694":0,"\\u006964":2}'],
  ['in an unknown field', '{"x":{"a":1,"b":2,"a":3}}'],
  ['beside an exact number', '{"list":[9007199254740993],"list":[]}'],
])('rejects a key that occurs twice in an object: %s', (_, text) => {
  expect(() => read(text)).toThrow(/twice in an object/)
})

function errorOf(text: string): Error {
  try {
    read(text)
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('the text was read')
}

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof Error) return error.message
  }
  throw new Error('nothing was thrown')
}

describe('the value of a field', () => {
  test.each([
    ['i64', '9007199254740993', { i64: '9007199254740993' }],
    ['list', '[9007199254740993]', { list: ['9007199254740993'] }],
    ['by_name', '{"a":9007199254740993}', { byName: { a: '9007199254740993' } }],
    ['child', '{"i64":9007199254740993}', { child: { i64: '9007199254740993' } }],
    ['ratio', '9007199254740993', { ratio: 9007199254740992 }],
    ['i64', 'null', {}],
  ])('of %s is read by itself: %s', (name, text, json) => {
    const field = NumbersSchema.fields.find((each) => each.name === name)
    const message = reader.convert(reader.parse(text, field))
    expect(toJson(NumbersSchema, message, { registry })).toEqual(json)
  })

  test('ends where the text ends', () => {
    expect(() => reader.parse('1,"i64":2', NumbersSchema.fields[0])).toThrow(SyntaxError)
  })

  test('is within the budget', () => {
    const small = new JsonMessageReader(NumbersSchema, {}, 100_000)
    const field = NumbersSchema.fields.find(({ name }) => name === 'children')
    expect(() => small.parse(`[${Array.from({ length: 1_000 }, () => '{}').join(',')}]`, field)).toThrow(
      'decodeBudgetBytes',
    )
  })
})
