import {
  create,
  createFileRegistry,
  createRegistry,
  type DescMessage,
  fromJson,
  type JsonObject,
  setExtension,
} from '@bufbuild/protobuf'
import {
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  file_google_protobuf_any,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'
import {
  FieldRulesSchema,
  field as fieldOption,
  file_buf_validate_validate,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'
import { describe, expect, it, test } from 'vitest'
import { matchesPattern } from '../../../../../console/app/message/check/pattern-match.ts'
import { brokenRules } from '../../../../../console/app/message/check/rule-tests.ts'
import { MessageDraft } from '../../../../../console/app/message/message-draft.ts'
import { file_orders_v1_orders, PlaceRequestSchema } from '../../../../gen/orders/v1/orders_pb.js'

const registry = createRegistry(file_orders_v1_orders, file_buf_validate_validate)

function faultsOf(text: string, types = registry): string[] {
  const draft = new MessageDraft(PlaceRequestSchema, types, text)
  return draft.faults.value.map(({ path, message, severity }) => `${severity} ${path.join('.')}: ${message}`)
}

describe('rules of protovalidate', () => {
  it.each([
    ['{"item": "tea", "quantity": 100, "tags": ["ab"]}', []],
    ['{"quantity": 1}', ['hint item: item must have at least 1 character.']],
    ['{"item": "tea"}', ['hint quantity: quantity must be at least 1.']],
    ['{"item": "a", "quantity": 101}', ['hint quantity: quantity must be at most 100.']],
    ['{"item": "aaaaaaaaaaaaaaaaaaaaa", "quantity": 1}', ['hint item: item must have at most 20 characters.']],
    ['{"item": "a", "quantity": 1, "tags": ["ab", "é"]}', ['hint tags.1: tags[1] must have at least 2 characters.']],
  ])('are hints: %s', (text, hints) => {
    expect(faultsOf(text)).toEqual(hints)
  })

  it('do not keep a message from being sent', () => {
    expect(new MessageDraft(PlaceRequestSchema, registry, '{}').message.value).not.toBe(null)
  })

  it('need their extensions in the registry', () => {
    expect(faultsOf('{}', createRegistry(file_orders_v1_orders))).toEqual([])
  })
})

test.each([
  ['int32', 5n, { gt: 5 }, ['be greater than 5']],
  ['int64', 2n ** 63n - 1n, { lt: '9223372036854775807' }, ['be less than 9223372036854775807']],
  ['int32', 3n, { in: [1, 2] }, ['be one of 1, 2']],
  ['int32', 2n, { notIn: [1, 2] }, ['be none of 1, 2']],
  ['double', Number.NaN, { finite: true, gte: 0 }, ['be finite', 'be at least 0']],
  ['int32', 5n, { gt: 10, lt: 2 }, []],
  ['string', '🙂', { maxLen: '1', maxBytes: '3' }, ['have at most 3 bytes in UTF-8']],
  ['string', 'abc', { pattern: '^[0-9]+$' }, ['match ^[0-9]+$']],
  [
    'string',
    'abc',
    { prefix: 'b', suffix: 'b', contains: 'x', notContains: 'b' },
    ['start with "b"', 'end with "b"', 'contain "x"', 'not contain "b"'],
  ],
  [
    'string',
    'a',
    { email: true, uuid: true, ipv4: true, uri: true },
    ['be an email address', 'be a UUID', 'be an IPv4 address', 'be a URI'],
  ],
  ['string', 'ada@example.com', { email: true, uuid: false }, []],
  ['bytes', 3, { minLen: '4' }, ['have at least 4 bytes']],
  ['bool', false, { const: true }, ['be true']],
  ['enum', 4, { in: [1, 2] }, ['be one of 1, 2']],
  ['string', 'x', { cel: [{ id: 'a' }], wellKnownRegex: 1, constructor: 1 }, []],
] as const)('%s %s by %o', (type, value, rules, broken) => {
  expect(brokenRules(type, value, rules as never)).toEqual(broken)
})

test('a pattern is tried where it means the same in RE2 and ends soon', () => {
  expect(matchesPattern('ab', '^[a-z]+$')).toBe(true)
  expect(matchesPattern('aB', '^[a-z]+$')).toBe(false)
  expect(matchesPattern('projects/a', '^projects/[^/]+/keys/[^/]+$')).toBe(false)
  for (const pattern of ['(?i)x', '\\pN', '^[[:digit:]]+$', '(?P<a>x)', '(?<a>x)', '^x\\z']) {
    expect(matchesPattern('a', pattern)).toBe(true)
  }
  for (const text of ['a\u00a0b', 'a\u2028b', 'a\rb', 'a\vb']) expect(matchesPattern(text, '^x$')).toBe(true)
})

test.each([
  '^(a+)+$',
  '^((a+))+$',
  '^(a|a)*$',
  '^((a|a))*$',
  '(?:a?){40}a{40}$',
  `^${'a?'.repeat(40)}${'a'.repeat(40)}$`,
  `^${'(a|a)'.repeat(40)}$`,
  `^${'a*'.repeat(9)}$`,
  '^(a{1,9}){1,99}$',
])('a pattern that would run for ages is left to the server: %s', (pattern) => {
  expect(matchesPattern(`${'a'.repeat(60)}!`, pattern)).toBe(true)
})

describe('rules leave alone', () => {
  const rules = (json: JsonObject) => fromJson(FieldRulesSchema, json)
  const inner = { name: 'f', jsonName: 'f', number: 1, type: Type.STRING, label: Label.OPTIONAL }
  const field = (name: string, number: number, label: Label, json: JsonObject, typeName = '.Inner') => {
    const options = create(FieldOptionsSchema)
    setExtension(options, fieldOption, rules(json))
    return { name, jsonName: name, number, type: Type.MESSAGE, label, typeName, options }
  }
  const options = create(FieldOptionsSchema)
  setExtension(options, fieldOption, rules({ string: { minLen: '2' } }))
  const file = create(FileDescriptorProtoSchema, {
    name: 'outer.proto',
    syntax: 'proto3',
    dependency: ['buf/validate/validate.proto', 'google/protobuf/any.proto'],
    messageType: [
      { name: 'Inner', field: [{ ...inner, options }] },
      {
        name: 'Outer',
        field: [
          field('checked', 1, Label.OPTIONAL, { required: false }),
          field('ignored', 2, Label.OPTIONAL, { ignore: 'IGNORE_ALWAYS' }),
          field('items', 3, Label.REPEATED, { repeated: { items: { ignore: 'IGNORE_ALWAYS' } } }),
          field('any', 4, Label.OPTIONAL, { required: false }, '.google.protobuf.Any'),
        ],
      },
    ],
  })
  const files = createFileRegistry(file, (name) =>
    [file_buf_validate_validate, file_google_protobuf_any].find((each) => `${each.name}.proto` === name),
  )
  const all = createRegistry(files, file_buf_validate_validate, file_google_protobuf_any)
  it.each([
    ['nothing by default', '{"checked": {"f": "a"}}', ['f must have at least 2 characters.']],
    ['messages in fields that they ignore', '{"ignored": {"f": "a"}}', []],
    ['items that they ignore', '{"items": [{"f": "a"}]}', []],
    ['what is in an Any', '{"any": {"@type": "a/Inner", "f": "a"}}', []],
  ])('%s', (_, text, hints) => {
    const schema = files.getMessage('Outer') as DescMessage
    expect(new MessageDraft(schema, all, text).faults.value.map(({ message }) => message)).toEqual(hints)
  })
})
