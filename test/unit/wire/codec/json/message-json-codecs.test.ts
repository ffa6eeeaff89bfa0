/** What compiled codecs of JSON do with single values. All of it is what protobuf-es does, which each case checks too. */
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import {
  create,
  createFileRegistry,
  type DescMessage,
  fromJson,
  type Message,
  toJson,
  toJsonString,
} from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { codecCounts } from '../../../../../wire/codec/codec-counts.ts'
import { messageJsonReader } from '../../../../../wire/codec/json/message-json-reader.ts'
import { fieldJsonWriter, messageJsonWriter } from '../../../../../wire/codec/json/message-json-writer.ts'
import { JsonComparison, type JsonOptions } from '../../../../support/codec-oracle/json-comparison.ts'
import { TEST_FILES } from '../../../../support/codec-oracle/test-messages.ts'
import { NUMBER_TYPES, NumbersSchema } from '../../../../support/number-schema.ts'

const Proto3 = typeNamed('protobuf_test_messages.proto3.TestAllTypesProto3')
const Required = typeNamed('protobuf_test_messages.proto2.TestAllRequiredTypesProto2')

function typeNamed(name: string): DescMessage {
  const found = TEST_FILES.getMessage(name)
  if (found === undefined) throw new Error(`the test messages lack ${name}`)
  return found
}

/** Writes a message, and compares the text with that of protobuf-es. */
function write(init: Record<string, unknown>, options: JsonOptions = {}, desc = Proto3): string | null {
  return new JsonComparison(desc, options).write(create(desc, init) as Message)
}

/** Reads a text, compares the message with that of protobuf-es, and returns its JSON; null for a text that is refused. */
function read(text: string, options: JsonOptions = {}, desc = Proto3): unknown {
  const message = new JsonComparison(desc, options).read(text)
  return message === null ? null : toJson(desc, message, { registry: TEST_FILES })
}

describe('writes', () => {
  test.each([
    ['negative zero', { optionalDouble: -0, optionalFloat: -0 }, '{"optionalFloat":0,"optionalDouble":0}'],
    [
      'NaN and infinity',
      { optionalDouble: Number.NaN, optionalFloat: -Infinity },
      '{"optionalFloat":"-Infinity","optionalDouble":"NaN"}',
    ],
    ['halves of surrogate pairs', { optionalString: 'a\ud800"\n' }, '{"optionalString":"a\\ud800\\"\\n"}'],
    ['64-bit integers as strings', { optionalInt64: -(2n ** 63n) }, '{"optionalInt64":"-9223372036854775808"}'],
    ['unknown enum values as numbers', { optionalNestedEnum: 77 }, '{"optionalNestedEnum":77}'],
    [
      'maps, indexes first',
      { mapStringString: { b: '1', 10: '2', a: '3' } },
      '{"mapStringString":{"10":"2","b":"1","a":"3"}}',
    ],
    [
      'an own key __proto__',
      { mapStringString: JSON.parse('{"__proto__":"x"}') },
      '{"mapStringString":{"__proto__":"x"}}',
    ],
    ['a member of a oneof with its default', { oneofField: { case: 'oneofUint32', value: 0 } }, '{"oneofUint32":0}'],
    ['a Struct', { optionalStruct: { a: [1, null, { b: true }] } }, '{"optionalStruct":{"a":[1,null,{"b":true}]}}'],
    [
      'wrappers by their value',
      { optionalInt64Wrapper: 5n, optionalBoolWrapper: false },
      '{"optionalBoolWrapper":false,"optionalInt64Wrapper":"5"}',
    ],
  ])('%s', (_, init, text) => {
    expect(write(init)).toBe(text)
  })

  test.each([
    ['a string for a number', { optionalInt32: '5' }],
    ['a number for a string', { repeatedString: ['a', 5] }],
    ['a fraction for a 64-bit integer', { optionalInt64: 1.5 }],
    ['a time out of range', { optionalTimestamp: { seconds: 2n ** 60n } }],
    ['a Struct with a function', { optionalStruct: { a: () => 1 } }],
    ['an Any of an unknown type', { optionalAny: { typeUrl: 'type.example/no.such.Type' } }],
  ])('no text for %s', (_, init) => {
    expect(write(init)).toBeNull()
  })

  test('no text for a message of another type', () => {
    const message = Object.assign(create(Proto3) as Message, { optionalNestedMessage: create(Required) })
    expect(new JsonComparison(Proto3).write(message)).toBeNull()
  })

  test.each([[{}], ['ab'], [null], [[undefined]]])('no text for a ListValue that holds %j', (values) => {
    const list = { $typeName: 'google.protobuf.ListValue', values }
    const message = Object.assign(create(Proto3) as Message, {
      optionalValue: { $typeName: 'google.protobuf.Value', kind: { case: 'listValue', value: list } },
    })
    expect(new JsonComparison(Proto3).write(message)).toBeNull()
  })

  test('no text without a required field', () => {
    expect(write({}, {}, Required)).toBeNull()
  })

  test('values of wrong types that JSON can hold', () => {
    expect(write({ optionalInt32: Number.NaN, repeatedInt32: [1.5, 2 ** 40] })).toBe(
      '{"optionalInt32":null,"repeatedInt32":[1.5,1099511627776]}',
    )
  })

  test('the options of protobuf-es', () => {
    const init = { fieldName1: 3, optionalNestedEnum: 1, repeatedInt32: [1] }
    for (const useProtoFieldName of [false, true]) {
      for (const enumAsInteger of [false, true]) {
        for (const alwaysEmitImplicit of [false, true]) {
          const options = { useProtoFieldName, enumAsInteger, alwaysEmitImplicit, prettySpaces: 2 }
          expect(write(init, options)).toContain('\n  "')
        }
      }
    }
  })

  test('extensions that are among the unknown fields, and the message in an Any', () => {
    const extended = { extended: { '[numbers.v1.more]': '7', '[numbers.v1.many]': ['8'] } }
    const any = { any: { '@type': 'type.googleapis.com/numbers.v1.Numbers', i64: '9' } }
    const json = { ...any, ...extended }
    const message = fromJson(NumbersSchema, json, { registry: NUMBER_TYPES })
    const text = new JsonComparison(NumbersSchema, { registry: NUMBER_TYPES }).write(message)
    expect(JSON.parse(text ?? '')).toEqual(json)
  })

  test('one field of a message, whatever the others hold', () => {
    const message = create(Proto3, { repeatedString: ['a'], optionalInt32: 'wrong' } as Record<
      string,
      unknown
    >) as Message
    const [list, number, unset] = ['repeatedString', 'optionalInt32', 'optionalString'].map(
      (name) => Proto3.field[name],
    )
    for (const kind of ['compiled', 'reflective'] as const) {
      const of = (field: typeof list) =>
        fieldJsonWriter(field as never, { kind, options: { alwaysEmitImplicit: true } })
      expect(of(list).write(message)).toBe('["a"]')
      expect(of(unset).write(message)).toBeNull()
      expect(() => of(number).write(message)).toThrow('expected number (int32)')
    }
  })

  test('null for what is not set, if told to', () => {
    const message = create(Proto3, { optionalNestedMessage: {} }) as Message
    const [ours, theirs] = (['compiled', 'reflective'] as const).map((kind) =>
      messageJsonWriter(Proto3, { kind, emitsUnpopulated: true }).write(message),
    )
    expect(ours).toBe(theirs)
    expect(JSON.parse(ours ?? '')).toMatchObject({
      optionalNestedMessage: { a: 0, corecursive: null },
      optionalAny: null,
    })
  })
})

describe('reads', () => {
  test.each([
    ['both names of a field', '{"optional_int32":1,"optionalString":"a"}', { optionalInt32: 1, optionalString: 'a' }],
    ['null as absent', '{"optionalInt32":null,"repeatedString":null,"optionalNestedMessage":null}', {}],
    ['null members of a oneof', '{"oneofUint32":null,"oneofString":"a"}', { oneofString: 'a' }],
    [
      'integers as strings',
      '{"optionalInt32":"12","optionalUint32":"1e3"}',
      { optionalInt32: 12, optionalUint32: 1000 },
    ],
    ['base64 and base64url', '{"repeatedBytes":["+/8=","-_8","-_8="]}', { repeatedBytes: ['+/8=', '+/8=', '+/8='] }],
    ['enums by number and name', '{"repeatedNestedEnum":[1,"BAZ",99]}', { repeatedNestedEnum: ['BAR', 'BAZ', 99] }],
    [
      'null in Value and NullValue',
      '{"optionalValue":null,"oneofNullValue":null}',
      { optionalValue: null, oneofNullValue: null },
    ],
    [
      'keys of maps',
      '{"mapInt32Int32":{"-1":2},"mapBoolBool":{"true":false}}',
      { mapInt32Int32: { '-1': 2 }, mapBoolBool: { true: false } },
    ],
    [
      'times with offsets',
      '{"optionalTimestamp":"1970-01-01T01:00:00.5+01:00"}',
      { optionalTimestamp: '1970-01-01T00:00:00.500Z' },
    ],
  ])('%s', (_, text, json) => {
    expect(read(text)).toEqual(json)
  })

  test.each([
    ['a field by both of its names', '{"optionalInt32":1,"optional_int32":1}'],
    ['a field by both of its names, as null', '{"optionalInt32":null,"optional_int32":1}'],
    ['two members of a oneof', '{"oneofUint32":1,"oneofString":"a"}'],
    ['a member of a oneof beside one that is null but not a scalar', '{"oneofNestedMessage":null,"oneofString":"a"}'],
    ['a key twice', '{"optionalNestedMessage":{"a":1,"\\u0061":2}}'],
    ['a key of a map in two forms', '{"mapInt32Int32":{"1":1,"01":2}}'],
    ['a number out of range', '{"optionalInt32":2147483648}'],
    ['a fraction', '{"optionalUint32":1.5}'],
    ['an unpaired surrogate', '{"mapStringString":{"\\ud800":""}}'],
    ['null in a list', '{"repeatedInt32":[null]}'],
    ['an unknown field', '{"unknown":{}}'],
    ['an unknown name of an enum', '{"optionalNestedEnum":"NOPE"}'],
    ['the value of a Timestamp as an object', '{"optionalTimestamp":{"seconds":1}}'],
  ])('nothing with %s', (_, text) => {
    expect(read(text)).toBeNull()
  })

  test('unknown fields and enum names are ignored, if told to, but not keys that occur twice in them', () => {
    const options = { ignoreUnknownFields: true }
    const text = '{"x":{"a":[{"b":1}]},"repeatedNestedEnum":["NOPE","BAZ"],"optionalNestedEnum":"NOPE"}'
    expect(read(text, options)).toEqual({ repeatedNestedEnum: ['BAZ'] })
    expect(read('{"x":{"a":[{"b":1,"b":2}]}}', options)).toBeNull()
  })

  test('messages up to the recursion limit, and the values of a Struct count', () => {
    const nested = (levels: number) => `${'{"recursiveMessage":'.repeat(levels)}{}${'}'.repeat(levels)}`
    expect(read(nested(99))).not.toBeNull()
    expect(read(nested(100))).toBeNull()
    const struct = (levels: number) => `{"optionalStruct":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}`
    for (const levels of [97, 98, 99, 100, 101]) read(struct(levels))
  })

  test('within the budget only', () => {
    const text = `{"repeatedNestedMessage":[${Array.from({ length: 1_000 }, () => '{}').join()}]}`
    const reader = messageJsonReader(Proto3, { kind: 'compiled', budgetBytes: 100_000 })
    expect(() => reader.read(text)).toThrow(expect.objectContaining({ code: Code.ResourceExhausted }))
    expect(read(text)).toMatchObject({ repeatedNestedMessage: { length: 1_000 } })
  })

  test('integers of millions of digits in no time, also within an Any', () => {
    const digits = '9'.repeat(2_000_000)
    const any = `{"any":{"@type":"type.googleapis.com/google.protobuf.Int64Value","value":"${digits}"}}`
    const reader = messageJsonReader(NumbersSchema, { kind: 'compiled', options: { registry: NUMBER_TYPES } })
    for (const text of [any, `{"i64":"${digits}"}`, `{"byId":{"${digits}":1}}`]) {
      expect(() => reader.read(text)).toThrow(/^cannot decode/)
    }
  })
})

/** Returns a type of strings with these names in JSON. */
function typeOf(jsonNames: readonly string[], syntax: string): DescMessage {
  const field = jsonNames.map((jsonName, index) => ({
    name: `f${index}`,
    jsonName,
    number: index + 1,
    type: 'TYPE_STRING',
    label: 'LABEL_OPTIONAL',
  }))
  const file = fromJson(FileDescriptorProtoSchema, { name: 'x.proto', syntax, messageType: [{ name: 'Named', field }] })
  return createFileRegistry(file, () => undefined).getMessage('Named') as DescMessage
}

describe('whatever the names in a descriptor', () => {
  const PLACEHOLDER = ['$', '{1}'].join('')
  const NAMES = [
    '__proto__',
    'constructor',
    'toString',
    '"',
    "'+alert(1)+'",
    '\\',
    'a\nb',
    '\u2028',
    PLACEHOLDER,
    '*/',
    '`',
  ]

  test.each([
    ['proto2', NAMES],
    ['proto3', NAMES],
    ['proto3', ['b', '10', 'a', '2']],
    ['proto3', Array.from({ length: 30 }, (_, index) => `"${index}`)],
  ])('in %s, they are only names: %j', (syntax, names) => {
    const desc = typeOf(names, syntax)
    const comparison = new JsonComparison(desc)
    const message = comparison.read(`{${names.map((name) => `${JSON.stringify(name)}:"x"`).join()}}`)
    expect(desc.fields.map(({ localName }) => (message as unknown as Record<string, unknown>)[localName])).toEqual(
      names.map(() => 'x'),
    )
    const text = comparison.write(message as Message) ?? ''
    expect(Object.keys(JSON.parse(text)).sort()).toEqual([...names].sort())
  })

  test('types with very many fields are left to protobuf-es, and counted', () => {
    const desc = typeOf(
      Array.from({ length: 300 }, (_, index) => `f${index}`),
      'proto3',
    )
    expect(read('{"f7":"1"}', {}, desc)).toEqual({ f7: '1' })
    expect(write({ f7: '1' }, {}, desc)).toBe('{"f7":"1"}')
    expect(codecCounts()).toContainEqual(
      expect.objectContaining({ task: 'read-json', way: 'reflective', reason: 'too many fields' }),
    )
  })
})

test('where code generation is forbidden, protobuf-es reads and writes', () => {
  const module = (name: string) => JSON.stringify(path.resolve(import.meta.dirname, '../../../../../wire/codec', name))
  const program = `
    const { messageJsonReader } = await import(${module('json/message-json-reader.ts')})
    const { messageJsonWriter } = await import(${module('json/message-json-writer.ts')})
    const { codecCounts } = await import(${module('codec-counts.ts')})
    const { StructSchema, ApiSchema } = await import('@bufbuild/protobuf/wkt')
    const message = messageJsonReader(ApiSchema, { kind: 'compiled' }).read('{"name":"a","methods":[{"name":"b"}]}')
    console.log(messageJsonWriter(ApiSchema, { kind: 'compiled' }).write(message), codecCounts().map(({ way }) => way).join())`
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', program]
  const output = execFileSync(process.execPath, flags, { cwd: path.resolve(import.meta.dirname, '../../../../..') })
  expect(String(output).trim()).toBe('{"name":"a","methods":[{"name":"b"}]} reflective,reflective')
})

test('writers of the same options share their functions, and a text is that of toJsonString', () => {
  const message = create(Proto3, { optionalInt32: 1 }) as Message
  const writer = messageJsonWriter(Proto3, { kind: 'compiled' })
  expect(messageJsonWriter(Proto3, { kind: 'compiled', options: {} })).toBe(writer)
  expect(writer.write(message)).toBe(toJsonString(Proto3, message))
})
