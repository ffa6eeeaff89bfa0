import { type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { describe, expect, test } from 'vitest'
import { formatMessage, parseMessage } from '../../../../../../client/node/cli/call/json-messages.ts'
import { MetTypes } from '../../../../../../client/node/cli/message/met-types.ts'
import type { Schema } from '../../../../../../client/node/cli/schema/schema.ts'
import { InputError } from '../../../../../../client/node/cli/terminal/program-errors.ts'
import { compileProtos, schemaOf } from '../../../../../support/proto-schema.ts'

const files = compileProtos({
  'main.proto': `
    syntax = "proto3";
    package t;
    import "google/protobuf/any.proto";
    import "google/protobuf/duration.proto";
    import "google/protobuf/field_mask.proto";
    import "google/protobuf/struct.proto";
    import "google/protobuf/timestamp.proto";
    import "google/protobuf/wrappers.proto";
    message Main {
      google.protobuf.Any any = 1;
      repeated google.protobuf.Any any_list = 2;
      map<string, google.protobuf.Any> any_map = 3;
      string text_field = 4;
      int64 int_64 = 5;
      uint64 uint_64 = 6;
      double d = 7;
      float f = 8;
      bytes b = 9;
      Color color = 10;
      map<string, Color> colors = 11;
      google.protobuf.Timestamp time = 12;
      google.protobuf.Duration duration = 13;
      google.protobuf.FieldMask mask = 14;
      google.protobuf.Struct struct = 15;
      google.protobuf.Value value = 16;
      google.protobuf.Int64Value wrapped = 17;
      repeated double list = 18;
      map<int64, bool> by_id = 19;
      oneof choice { string left = 20; Main right = 21; }
      optional int32 maybe = 22;
      google.protobuf.NullValue nothing = 23;
    }
    enum Color { NONE = 0; RED = 1; }`,
  'hidden.proto': `
    syntax = "proto3";
    package t;
    import "google/protobuf/any.proto";
    message Hidden { string some_name = 1; google.protobuf.Any inner = 2; }
    message Deeper { int64 id = 1; }`,
  'extended.proto': `
    syntax = "proto2";
    package t;
    import "google/protobuf/any.proto";
    import "google/protobuf/wrappers.proto";
    message Extended { required int32 id = 1; extensions 100 to 199; }`,
  'extensions.proto': `
    syntax = "proto2";
    package t;
    import "extended.proto";
    import "google/protobuf/any.proto";
    import "google/protobuf/wrappers.proto";
    extend Extended {
      optional string note = 100;
      repeated int64 ids = 101;
      optional google.protobuf.Any any_ext = 102;
      optional google.protobuf.StringValue wrapped_ext = 103;
      repeated Extended more = 104;
    }`,
})
const isHidden = ({ name }: { name: string }) => name === 'hidden.proto' || name === 'extensions.proto'
const known = files.filter((file) => !isHidden(file))
const hidden = files.filter(isHidden)

const everything = () => schemaOf(files).schema
const limited = () => schemaOf(known, hidden)

function typesOf(schema: Schema): MetTypes {
  return new MetTypes(schema, new AbortController().signal)
}

function typeOf(schema: Schema, name: string): DescMessage {
  const desc = schema.registry.getMessage(name)
  if (desc === undefined) throw new Error(`there is no ${name}`)
  return desc
}

/** The bytes of the JSON of a message, by a schema that knows all types. */
async function bytesOf(name: string, json: unknown): Promise<Uint8Array> {
  const schema = everything()
  const desc = typeOf(schema, name)
  const options = { place: 'data', types: typesOf(schema) }
  return toBinary(desc, await parseMessage(desc, JSON.stringify(json), options))
}

async function formatted(schema: Schema, name: string, bytes: Uint8Array, emitsDefaults = false) {
  const desc = typeOf(schema, name)
  const options = { types: typesOf(schema), emitsDefaults, isPretty: false }
  const { text, gaps } = await formatMessage(desc, fromBinary(desc, bytes), options)
  return { json: JSON.parse(text), text, gaps }
}

const nested = {
  any: {
    '@type': 'type.googleapis.com/t.Hidden',
    someName: 'a',
    inner: { '@type': 'example.com/x/t.Deeper', id: '9007199254740993' },
  },
  anyList: [{ '@type': 'type.googleapis.com/google.protobuf.Duration', value: '1.500s' }],
  anyMap: { k: { '@type': 'type.googleapis.com/t.Main', textField: 'b', int64: '1' } },
}

test('a message is one line, or indented for people', async () => {
  const schema = everything()
  const desc = typeOf(schema, 't.Main')
  const message = fromBinary(desc, await bytesOf('t.Main', { textField: 'x' }))
  const format = { types: typesOf(schema), emitsDefaults: false }
  const text = async (isPretty: boolean) => (await formatMessage(desc, message, { ...format, isPretty })).text
  expect(await text(false)).toBe('{"textField":"x"}')
  expect(await text(true)).toBe('{\n  "textField": "x"\n}')
})

describe('values are printed as they are:', () => {
  test.each<[string, object]>([
    ['64-bit integers', { int64: '-9223372036854775808', uint64: '18446744073709551615' }],
    ['floats', { d: 0.1, f: 0.1, list: ['NaN', 'Infinity', '-Infinity', 1e300] }],
    ['the smallest and the largest float', { f: 1.1754944e-38, list: [3.4028234663852886e38] }],
    ['bytes', { b: '+/8A' }],
    ['enum values that are not known', { color: 7, colors: { a: 'RED', b: -1 } }],
    ['well-known types', { time: '2026-01-02T03:04:05.000000006Z', duration: '-1.500s', mask: 'a.bC', wrapped: '7' }],
    ['a struct, which is JSON', { struct: { a: [null, 1.5, 'x', { '@type': 'x', '@value': 'y' }] }, value: null }],
    ['map keys', { byId: { '9223372036854775807': true, '-1': false } }],
    ['a oneof and optional fields that have their default value', { left: '', maybe: 0 }],
    ['keys that mean something to JavaScript', { colors: { constructor: 'RED' } }],
  ])('%s', async (_, json) => {
    const { json: shown, gaps } = await formatted(everything(), 't.Main', await bytesOf('t.Main', json))
    expect(shown).toEqual(json)
    expect(gaps).toEqual([])
  })

  test('the key __proto__', async () => {
    const schema = everything()
    const entry = new BinaryWriter().tag(1, 2).string('__proto__').tag(2, 0).int32(1).finish()
    const { text } = await formatted(schema, 't.Main', new BinaryWriter().tag(11, 2).bytes(entry).finish())
    expect(text).toBe('{"colors":{"__proto__":"RED"}}')
  })

  test.each<[string, number, (fields: BinaryWriter) => BinaryWriter, unknown]>([
    ['a timestamp out of range', 12, (w) => w.tag(1, 0).int64('253402300800'), { time: { seconds: '253402300800' } }],
    [
      'a duration of two signs',
      13,
      (w) => w.tag(1, 0).int64(1).tag(2, 0).int32(-1),
      { duration: { seconds: '1', nanos: -1 } },
    ],
    ['a field mask without a JSON form', 14, (w) => w.tag(1, 2).string('A__b'), { mask: { paths: ['A__b'] } }],
  ])('%s, by its fields', async (_, number, write, json) => {
    const fields = write(new BinaryWriter()).finish()
    const shown = await formatted(everything(), 't.Main', new BinaryWriter().tag(number, 2).bytes(fields).finish())
    expect(shown.json).toEqual(json)
  })

  test('a message without a required field', async () => {
    expect((await formatted(everything(), 't.Extended', new Uint8Array())).json).toEqual({})
  })

  test('fields with default values, on request', async () => {
    const { json } = await formatted(everything(), 't.Main', new Uint8Array(), true)
    expect(json).toMatchObject({ textField: '', int64: '0', anyList: [], colors: {}, color: 'NONE', nothing: null })
    expect(Object.keys(json)).not.toContain('maybe')
    expect(Object.keys(json)).not.toContain('any')
  })

  test('fields that the schema lacks are reported', async () => {
    const bytes = new BinaryWriter().tag(4, 2).string('x').tag(99, 0).int32(1).tag(98, 0).int32(1).tag(99, 0).int32(2)
    const { json, gaps } = await formatted(everything(), 't.Main', bytes.finish())
    expect(json).toEqual({ textField: 'x' })
    expect(gaps).toEqual(['t.Main has fields that are not in the schema, and are not shown: 99, 98'])
  })
})

describe('an Any', () => {
  test('is printed and parsed, wherever it occurs', async () => {
    const bytes = await bytesOf('t.Main', nested)
    expect((await formatted(everything(), 't.Main', bytes)).json).toEqual(nested)
  })

  test('of a type that is loaded on demand is printed and parsed, level by level', async () => {
    const bytes = await bytesOf('t.Main', nested)
    const { schema, asked } = limited()
    expect((await formatted(schema, 't.Main', bytes)).json).toEqual(nested)
    expect(asked).toEqual(['t.Hidden'])
    const other = limited().schema
    const desc = typeOf(other, 't.Main')
    const message = await parseMessage(desc, JSON.stringify(nested), { place: 'data', types: typesOf(other) })
    expect(toBinary(desc, message)).toEqual(bytes)
  })

  test('of an unknown type is printed in base64 and parsed back, at every level', async () => {
    const bytes = await bytesOf('t.Main', nested)
    const { schema, asked } = schemaOf(known)
    const { json, text } = await formatted(schema, 't.Main', bytes)
    expect(json).toEqual({ ...nested, any: { '@type': 'type.googleapis.com/t.Hidden', '@value': expect.any(String) } })
    expect(asked).toEqual(['t.Hidden'])
    const desc = typeOf(schema, 't.Main')
    const message = await parseMessage(desc, text, { place: 'data', types: typesOf(schema) })
    expect(toBinary(desc, message)).toEqual(bytes)
  })

  test('in base64 is parsed although its type is known', async () => {
    const raw = { any: { '@type': 'type.googleapis.com/t.Deeper', '@value': 'CAc=' } }
    const { json } = await formatted(everything(), 't.Main', await bytesOf('t.Main', raw))
    expect(json).toEqual({ any: { '@type': 'type.googleapis.com/t.Deeper', id: '7' } })
  })

  test('whose bytes do not match its type is printed in base64', async () => {
    const raw = { any: { '@type': 'type.googleapis.com/t.Deeper', '@value': '/w==' } }
    expect((await formatted(everything(), 't.Main', await bytesOf('t.Main', raw))).json).toEqual(raw)
  })

  test('that is empty, or only has a URL, is unchanged', async () => {
    const json = { any: {}, anyList: [{ '@type': 'x/t.Deeper' }] }
    expect((await formatted(everything(), 't.Main', await bytesOf('t.Main', json))).json).toEqual(json)
  })

  test('nested without end is printed as far as it is known', async () => {
    let value: Uint8Array = new Uint8Array()
    for (let level = 0; level < 2_000; level++) {
      value = new BinaryWriter().tag(1, 2).string('x/google.protobuf.Any').tag(2, 2).bytes(value).finish()
    }
    const { text } = await formatted(everything(), 't.Main', new BinaryWriter().tag(1, 2).bytes(value).finish())
    expect(text).toContain('"@value"')
  })

  test.each([
    ['{"any":{"@type":"x/t.Nobody","id":1}}', /^data: the type t\.Nobody is not in the schema: .*"@value"/],
    ['{"any":{"id":1}}', /^data: a google\.protobuf\.Any needs "@type"/],
    ['{"any":{"@type":"x/t.Deeper","@value":"","id":1}}', /cannot have "id" beside it/],
    ['{"any":{"@type":"x/t.Deeper","id":"x"}}', /t\.Deeper\.id/],
    ['{"any":{"@type":"x/t.Deeper","@value":"?"}}', /value/],
    ['{"any":7}', /Any/],
  ])('rejects %s', async (text, sentence) => {
    const schema = everything()
    const parsing = parseMessage(typeOf(schema, 't.Main'), text, { place: 'data', types: typesOf(schema) })
    await expect(parsing).rejects.toThrow(InputError)
    await expect(parsing).rejects.toThrow(sentence)
  })
})

describe('extensions', () => {
  const extended = {
    id: 1,
    '[t.note]': 'x',
    '[t.ids]': ['9007199254740993'],
    '[t.any_ext]': { '@type': 'type.googleapis.com/t.Deeper', id: '3' },
    '[t.wrapped_ext]': 'w',
    '[t.more]': [{ id: 2, '[t.note]': 'y' }],
  }

  test('are loaded when they occur, in responses and in requests', async () => {
    const bytes = await bytesOf('t.Extended', extended)
    const { schema, asked } = limited()
    const { json, gaps } = await formatted(schema, 't.Extended', bytes)
    expect([json, gaps]).toEqual([extended, []])
    expect(asked).toContain('t.Extended 100')
    const other = limited().schema
    const desc = typeOf(other, 't.Extended')
    const message = await parseMessage(desc, JSON.stringify(extended), { place: 'data', types: typesOf(other) })
    expect(toBinary(desc, message)).toEqual(bytes)
  })

  test('that are unknown are reported', async () => {
    const { schema } = schemaOf(known)
    const { json, gaps } = await formatted(schema, 't.Extended', await bytesOf('t.Extended', extended))
    expect(json).toEqual({ id: 1 })
    expect(gaps).toEqual([
      't.Extended has fields that are not in the schema, and are not shown: 100, 101, 102, 103, 104',
    ])
  })
})

test('a type without a definition is printed in base64, and parsed from it', async () => {
  const [main] = compileProtos({
    'main.proto':
      'syntax = "proto3"; package t; import "gone.proto"; message M { Gone gone = 1; repeated Hue hues = 2; }',
    'gone.proto': 'syntax = "proto3"; package t; message Gone { string a = 1; } enum Hue { H0 = 0; H1 = 1; }',
  }).filter(({ name }) => name === 'main.proto')
  const { schema } = schemaOf(main === undefined ? [] : [main])
  const json = { gone: 'CgF4', hues: [1, 2] }
  const desc = typeOf(schema, 't.M')
  const message = await parseMessage(desc, JSON.stringify(json), { place: 'data', types: typesOf(schema) })
  const shown = await formatted(schema, 't.M', toBinary(desc, message))
  expect(shown.json).toEqual(json)
  expect(shown.gaps).toEqual(['the type t.Gone is not in the schema: it is shown in base64'])
})

test.each([
  ['{"textField":1}', /^line 3: .*t\.Main\.text_field/],
  ['{"textFeld":"x"}', /^line 3: .*"textFeld" is unknown/],
  ['{', /^line 3: ./],
])('rejects %s with its position', async (text, sentence) => {
  const schema = everything()
  const parsing = parseMessage(typeOf(schema, 't.Main'), text, { place: 'line 3', types: typesOf(schema) })
  await expect(parsing).rejects.toThrow(InputError)
  await expect(parsing).rejects.toThrow(sentence)
})
