import { readFileSync } from 'node:fs'
import {
  create,
  createFileRegistry,
  createRegistry,
  type DescMessage,
  fromBinary,
  fromJsonString,
  type Message,
  type Registry,
  toJson,
} from '@bufbuild/protobuf'
import { FileDescriptorSetSchema, file_google_protobuf_duration } from '@bufbuild/protobuf/wkt'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { MessageDraft } from '../../../../console/app/message/message-draft.ts'
import { file_kinds_v1_kinds, type Kinds, KindsSchema } from '../../../gen/kinds/v1/kinds_pb.js'

const registry = createRegistry(file_kinds_v1_kinds, file_google_protobuf_duration)
const protobuf = createFileRegistry(
  fromBinary(
    FileDescriptorSetSchema,
    readFileSync(new URL('../../../gen/protobuf/test_messages.binpb', import.meta.url)),
  ),
)

function draftOf(text: string, schema: DescMessage = KindsSchema, types: Registry = registry): MessageDraft {
  return new MessageDraft(schema, types, text)
}

/** The faults of a text, as `path: sentence`. */
function faultsOf(draft: MessageDraft): string[] {
  return draft.faults.value.map(({ line, column, path, message }) => `${line}:${column} ${path.join('.')}: ${message}`)
}

describe('text', () => {
  it('takes over what waits in inputs of the form before it is used or changed', () => {
    const draft = draftOf('{}')
    const typeSlowly = (key: string) => draft.waitFor(() => draft.set([key], '"typed"'))
    typeSlowly('a')
    draft.settle()
    expect(JSON.parse(draft.text.value)).toEqual({ a: 'typed' })
    typeSlowly('b')
    draft.set(['c'], '1')
    expect(JSON.parse(draft.text.value)).toEqual({ a: 'typed', b: 'typed', c: 1 })
    const takeBack = typeSlowly('d')
    takeBack()
    typeSlowly('e')
    draft.setText('{"f": 1}')
    draft.settle()
    expect(JSON.parse(draft.text.value)).toEqual({ f: 1 })
  })

  it('begins as the JSON of a message without fields', () => {
    const draft = new MessageDraft(KindsSchema, registry)
    expect([draft.text.value, draft.faults.value, draft.message.value]).toEqual(['{}', [], create(KindsSchema)])
  })

  it('keeps every digit of 64-bit integers, however they are written', () => {
    const draft = draftOf('{"int64Value": 9007199254740993, "uint64s": [18446744073709551615, 1e19, "7.0", 12]}')
    expect(draft.faults.value).toEqual([])
    expect(draft.message.value).toMatchObject({
      int64Value: 9007199254740993n,
      uint64s: [18446744073709551615n, 10000000000000000000n, 7n, 12n],
    })
  })

  it('keeps the keys of maps, whatever was parsed before', () => {
    // After this, JSON.parse of V8 14.6 takes the second key below for a backslash.
    JSON.parse('{"stringToInt64": 1, "struct": {"h": [], "\\\\": 0}}')
    const draft = draftOf('{"struct": {"h": 1, "\\"": 2}}')
    expect(Object.keys((draft.message.value as Kinds | null)?.struct ?? {})).toEqual(['h', '"'])
  })

  it('is left alone while it is not JSON', () => {
    const draft = draftOf('{"int32Value": 1')
    draft.set(['int32Value'], '2')
    draft.remove(['int32Value'])
    expect(draft.text.value).toBe('{"int32Value": 1')
    expect([draft.message.value, draft.parsed.value]).toEqual([null, null])
    expect(faultsOf(draft)).toEqual(['1:1 : The object that begins here lacks its }.'])
  })

  it('keeps what the form does not change, right or wrong', () => {
    const draft = draftOf('{\n  "nope": [1,2],\n  "int32Value": "x", "stringValue":"a"\n}')
    draft.set(['stringValue'], '"b"')
    expect(draft.text.value).toBe('{\n  "nope": [1,2],\n  "int32Value": "x", "stringValue":"b"\n}')
    draft.set(['int32Value'], '5')
    draft.remove(['nope'])
    expect(draft.text.value).toBe('{\n  "int32Value": 5, "stringValue":"b"\n}')
    expect(draft.message.value).toEqual(create(KindsSchema, { int32Value: 5, stringValue: 'b' }))
  })

  it('has the line breaks of editors, so that places are the same there', () => {
    const draft = draftOf('{\r\n"int32Value":\r"x"}')
    expect(draft.text.value).toBe('{\n"int32Value":\n"x"}')
    expect(draft.faults.value).toMatchObject([{ line: 3, column: 1 }])
    draft.setText('{\r\n}')
    expect(draft.text.value).toBe('{\n}')
  })

  it('begins anew from nothing', () => {
    const draft = draftOf(' \n')
    expect(draft.message.value).toBe(null)
    draft.set(['nested', 'text'], '"a"')
    expect(draft.message.value).toEqual(create(KindsSchema, { nested: { text: 'a' } }))
  })

  it('of a long message is checked when typing pauses', () => {
    vi.useFakeTimers()
    onTestFinished(() => {
      vi.useRealTimers()
    })
    const long = JSON.stringify({ stringValue: 'x'.repeat(60_000) })
    const draft = draftOf('{}')
    draft.typeText(long)
    expect([draft.isPending.value, draft.message.value, draft.text.value]).toEqual([true, null, long])
    vi.advanceTimersByTime(1_000)
    expect(draft.isPending.value).toBe(false)
    expect(draft.message.value).toEqual(fromJsonString(KindsSchema, long))
    draft.typeText(`${long} `)
    draft.set(['int32Value'], '1')
    expect(draft.message.value).toMatchObject({ int32Value: 1 })
  })
})

it('is not sent while an input has a text that is no value', () => {
  const draft = draftOf('{\n"bytesValue": "YQ=="}')
  const accept = draft.refuse(['bytesValue'], 'Each octet needs two digits.')
  expect([draft.message.value, faultsOf(draft)]).toEqual([null, ['2:15 bytesValue: Each octet needs two digits.']])
  accept()
  expect([draft.message.value?.$typeName, faultsOf(draft)]).toEqual(['kinds.v1.Kinds', []])
})

it.each(['*', 'labels.key', 'Title', 'a1,b.c'])('takes the field mask %s', (fieldMask) => {
  expect(draftOf(JSON.stringify({ fieldMask })).faults.value).toEqual([])
})

it('takes a message, with the digits and the types that JSON has for it', () => {
  const draft = draftOf('{"int32Value": 1}')
  const message = create(KindsSchema, {
    int64Value: 2n ** 62n,
    doubles: [Number.NaN, -Infinity, 1e300],
    bytesValue: Uint8Array.of(1, 255),
  })
  draft.setMessage(message)
  expect(JSON.parse(draft.text.value)).toEqual(toJson(KindsSchema, message))
  expect(draft.message.value).toEqual(message)
})

it('takes extensions by their names in brackets, and groups', () => {
  const schema = protobuf.getMessage('protobuf_test_messages.proto2.TestAllTypesProto2') as DescMessage
  const text = '{"[protobuf_test_messages.proto2.extension_int32]": 5, "data": {"groupInt32": 7}}'
  const draft = draftOf(text, schema, protobuf)
  expect(draft.faults.value).toEqual([])
  expect(toJson(schema, draft.message.value as Message, { registry: protobuf })).toEqual(JSON.parse(text))
  const wrong = '{"[protobuf_test_messages.proto2.extension_int32]": "x", "[a.b]": 1}'
  expect(faultsOf(draftOf(wrong, schema, protobuf))).toEqual([
    expect.stringMatching(/^1:53 \[protobuf_test_messages.proto2.extension_int32\]: .* must be a whole number/),
    `1:58 [a.b]: ${schema.typeName} has no field "[a.b]".`,
  ])
})

describe('faults', () => {
  it.each([
    ['{"nope": 1}', '1:2 nope: kinds.v1.Kinds has no field "nope".'],
    [
      '{"int32Value": 2147483648}',
      '1:16 int32Value: int32Value must be a whole number from -2147483648 to 2147483647 (int32).',
    ],
    [
      '{"int32s": [1,\n 2.5]}',
      '2:2 int32s.1: int32s[1] must be a whole number from -2147483648 to 2147483647 (int32).',
    ],
    ['{"uint32Value": -1}', '1:17 uint32Value: uint32Value must be a whole number from 0 to 4294967295 (uint32).'],
    [
      '{"int64Value": "9223372036854775808"}',
      '1:16 int64Value: int64Value must be a whole number from -9223372036854775808 to 9223372036854775807 (int64).',
    ],
    [
      '{"fixed64Value": -1}',
      '1:18 fixed64Value: fixed64Value must be a whole number from 0 to 18446744073709551615 (fixed64).',
    ],
    [
      '{"doubleValue": "1,5"}',
      '1:17 doubleValue: doubleValue must be a number, "NaN", "Infinity" or "-Infinity" (double).',
    ],
    ['{"doubleValue": 1e999}', '1:17 doubleValue: doubleValue is too large for a double.'],
    ['{"floatValue": 1e39}', '1:16 floatValue: floatValue is too large for a float.'],
    ['{"boolValue": "true"}', '1:15 boolValue: boolValue must be true or false.'],
    ['{"stringValue": 5}', '1:17 stringValue: stringValue must be text in double quotes (string).'],
    [
      '{"stringValue": "\\ud800"}',
      '1:17 stringValue: stringValue has one half of a surrogate pair, which UTF-8 can not encode.',
    ],
    [
      '{"bytesValue": "a!"}',
      '1:16 bytesValue: bytesValue must be base64 in double quotes (bytes), such as "3q2+7w==".',
    ],
    [
      '{"enumValue": "KIND_THREE"}',
      '1:15 enumValue: enumValue must be a value of kinds.v1.Kind: KIND_UNSPECIFIED, KIND_ONE, KIND_TWO, KIND_LEAST.',
    ],
    ['{"enumValue": 9}', '1:15 enumValue: enumValue has the number 9, which kinds.v1.Kind does not define.'],
    ['{"legacy": {"kind": 9}}', '1:21 legacy.kind: kind has the number 9, which kinds.v1.LegacyKind does not define.'],
    ['{"strings": "a"}', '1:13 strings: strings must be a list in brackets (repeated string).'],
    ['{"strings": ["a", null]}', '1:19 strings.1: strings[1] must not be null.'],
    ['{"nested": []}', '1:12 nested: nested must be an object in braces (kinds.v1.Nested).'],
    [
      '{"stringToInt64": {"a": 1, "\\u0061": 2}}',
      '1:28 stringToInt64.a: The key of stringToInt64["a"] is there twice.',
    ],
    ['{"int64ToString": {"1": "", "01": ""}}', '1:29 int64ToString.01: The key of int64ToString["01"] is there twice.'],
    [
      '{"int32ToString": {"x": ""}}',
      '1:20 int32ToString.x: The key of int32ToString["x"] must be a whole number from -2147483648 to 2147483647 (int32).',
    ],
    ['{"boolToString": {"yes": ""}}', '1:19 boolToString.yes: The key of boolToString["yes"] must be true or false.'],
    [
      '{"chosenText": "", "chosenNumber": 1}',
      '1:20 chosenNumber: Only one field of choice can be set, but chosen_text and chosen_number are.',
    ],
    ['{"renamed": "", "otherName": ""}', '1:17 otherName: otherName is set twice.'],
    ['{"timestamp": "2026-02-30T00:00:00Z"}', '1:15 timestamp: timestamp must be a time that exists (Timestamp).'],
    ['{"timestamp": "2026-01-31T24:00:00Z"}', '1:15 timestamp: timestamp must be a time that exists (Timestamp).'],
    [
      '{"timestamp": "yesterday"}',
      '1:15 timestamp: timestamp must be a time such as "2026-01-31T09:30:00Z", with up to nine digits of seconds (Timestamp).',
    ],
    ['{"timestamp": "0000-01-01T00:00:00Z"}', '1:15 timestamp: timestamp must be in the years 1 to 9999 (Timestamp).'],
    ['{"duration": "1m"}', '1:14 duration: duration must be seconds with an s, such as "1.5s" (Duration).'],
    [
      '{"duration": "-315576000001s"}',
      '1:14 duration: duration must be within 10,000 years: 315576000000 seconds (Duration).',
    ],
    [
      '{"fieldMask": "snake_case"}',
      '1:15 fieldMask: fieldMask must list fields in lowerCamelCase, as in "title,author.name" (FieldMask).',
    ],
    ['{"struct": {"a": 1, "a": 2}}', '1:21 struct.a: struct has the key "a" twice.'],
    ['{"listValue": {}}', '1:15 listValue: listValue must be a list in brackets (ListValue).'],
    [
      '{"any": {"@type": "x.y/z.Missing"}}',
      '1:19 any.@type: any has the type "x.y/z.Missing", which this API does not define.',
    ],
    ['{"any": {"a": 1}}', '1:9 any.@type: any needs an "@type".'],
    [
      '{"any": {"@type": "t/kinds.v1.Nested", "number": "x"}}',
      '1:50 any.number: number must be a whole number from -2147483648 to 2147483647 (int32).',
    ],
    [
      '{"any": {"@type": "t/google.protobuf.Duration", "value": "x"}}',
      '1:58 any.value: any["value"] must be seconds with an s, such as "1.5s" (Duration).',
    ],
    ['{"any": {"@type": "t/google.protobuf.Duration"}}', '1:9 any: any must have the keys "@type" and "value" alone.'],
    [
      '{"int64Wrapper": "x"}',
      '1:18 int64Wrapper: int64Wrapper must be a whole number from -9223372036854775808 to 9223372036854775807 (int64).',
    ],
    ['[]', '1:1 : The message must be an object in braces (kinds.v1.Kinds).'],
    ['{"__proto__": 1}', '1:2 __proto__: kinds.v1.Kinds has no field "__proto__".'],
  ])('%s', (text, fault) => {
    expect(faultsOf(draftOf(text))).toEqual([fault])
  })

  it('tells an enum that takes unknown numbers from one that does not', () => {
    expect(draftOf('{"enumValue": 9}').message.value).toMatchObject({ enumValue: 9 })
    expect(draftOf('{"enumValue": 9}').faults.value).toMatchObject([{ severity: 'hint' }])
    expect(draftOf('{"legacy": {"kind": 9}}').message.value).toBe(null)
  })

  it('of fields that proto2 requires name them', () => {
    const schema = protobuf.getMessage('protobuf_test_messages.proto2.TestAllRequiredTypesProto2') as DescMessage
    const draft = draftOf('{}', schema, protobuf)
    expect(faultsOf(draft)).toContain(`1:1 requiredInt32: required_int32 is required by ${schema.typeName}.`)
    expect(draft.message.value).toBe(null)
  })

  it('name what is nested too deep', () => {
    const nest = (levels: number) => `${'{"same":'.repeat(levels)}{}${'}'.repeat(levels)}`
    expect(draftOf(nest(99)).faults.value).toEqual([])
    expect(faultsOf(draftOf(nest(100)))[0]).toMatch(/: Messages must not be nested more than 100 levels deep\.$/)
    expect(faultsOf(draftOf(nest(10_000)))[0]).toMatch(/: Values are nested more than 300 levels deep\.$/)
    const list = `{"value": ${'['.repeat(10_000)}${']'.repeat(10_000)}}`
    expect(faultsOf(draftOf(list))[0]).toMatch(/: Values are nested more than 300 levels deep\.$/)
  })

  it('are limited, whatever the text', () => {
    const draft = draftOf(JSON.stringify({ int32s: Array.from({ length: 10_000 }, () => 'x') }))
    expect(draft.faults.value.length).toBe(200)
  })
})
