/** The hints beside what protovalidate says itself, on random rules and values: what it accepts is never called wrong. */
import {
  create,
  createFileRegistry,
  createRegistry,
  type DescFile,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonObject,
  type JsonValue,
  setExtension,
  toBinary,
} from '@bufbuild/protobuf'
import {
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'
import { createValidator } from '@bufbuild/protovalidate'
import {
  FieldRulesSchema,
  field as fieldOption,
  file_buf_validate_validate,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js'
import fc, { type Arbitrary } from 'fast-check'
import { expect, it } from 'vitest'
import { MessageDraft } from '../../../../../console/app/message/message-draft.ts'
import { repetitions } from '../../../../support/depth.ts'

/** A field of a message that has no other, and what its JSON is. */
interface Sample {
  readonly type: Type
  readonly label: Label
  readonly syntax: string
  readonly rules: JsonObject
  readonly text: string
}

function descriptorOf({ type, label, syntax, rules }: Sample): { schema: DescMessage; file: DescFile } {
  const options = create(FieldOptionsSchema)
  setExtension(options, fieldOption, fromJson(FieldRulesSchema, rules))
  const typeName = type === Type.ENUM ? '.Kind' : ''
  const proto = create(FileDescriptorProtoSchema, {
    name: 'sample.proto',
    syntax,
    dependency: ['buf/validate/validate.proto'],
    messageType: [{ name: 'Sample', field: [{ name: 'f', jsonName: 'f', number: 1, type, label, typeName, options }] }],
    enumType: [{ name: 'Kind', value: [0, 1, 2].map((number) => ({ name: `KIND_${number}`, number })) }],
  })
  const files = createFileRegistry(proto, (name) =>
    name === 'buf/validate/validate.proto' ? file_buf_validate_validate : undefined,
  )
  const [schema, file] = [files.getMessage('Sample'), files.getFile('sample.proto')]
  if (schema === undefined || file === undefined) throw new Error('the sample has no descriptor')
  return { schema, file }
}

function some(rules: Record<string, Arbitrary<JsonValue>>): Arbitrary<JsonObject> {
  return fc.record(rules, { requiredKeys: [] }) as Arbitrary<JsonObject>
}

function numbers(values: Arbitrary<JsonValue>): Arbitrary<JsonObject> {
  const limits = [
    some({ gt: values, lt: values }),
    some({ gte: values, lte: values }),
    some({ gt: values, lte: values }),
    some({ const: values, in: fc.array(values), notIn: fc.array(values) }),
  ]
  return fc.oneof(...limits)
}

const STRINGS = [
  '',
  'a',
  'Ab9',
  'é',
  '🙂🙂',
  'a b',
  'a\u00a0b',
  'a\u2028b',
  'a\r\nb',
  'ada@example.com',
  'a@b',
  '0b6e2f3a-6f0e-4d38-9a43-6a1c1d2e3f40',
  '127.0.0.1',
  '256.1.1.1',
  'https://example.com:99999/?q=1#x',
  'http://1.2.3.4.5/',
  'http://[v1.a]/',
  'urn:a',
  'foo://a%2Fb',
  'not a uri',
]
const PATTERNS = [
  '^\\S+$',
  '^.+$',
  'a.b',
  '^[[:alpha:]]+$',
  '\\w+',
  '(?i)AB',
  '^a|9$',
  '\\pL',
  '^\\s*$',
  '^[^a]*\\z',
  '[A-z]{2,3}$',
]
const size = fc.nat(4).map(String)
const text = fc.constantFrom(...STRINGS)
const yes = fc.constant(true)
const strings = fc.oneof(
  some({
    len: size,
    minLen: size,
    maxLen: size,
    minBytes: size,
    maxBytes: size,
    pattern: fc.constantFrom(...PATTERNS),
  }),
  some({ prefix: text, suffix: text, contains: text, notContains: text, const: text, in: fc.array(text) }),
  ...['email', 'uuid', 'uri', 'ipv4', 'hostname'].map((name) => some({ [name]: yes, notIn: fc.array(text) })),
)
const int = fc.integer({ min: -2, max: 3 })
const int64 = fc.constantFrom('-1', '0', '1', '9007199254740992', '9007199254740993')
const float = fc.constantFrom<JsonValue>(0, -0, 0.1, 0.5, 1, -1.5, 16_777_217, 'NaN', 'Infinity')

const KINDS: readonly (readonly [
  type: Type,
  name: string,
  rules: Arbitrary<JsonObject>,
  value: Arbitrary<JsonValue>,
])[] = [
  [Type.STRING, 'string', strings, text],
  [Type.INT32, 'int32', numbers(int), int],
  [Type.INT64, 'int64', numbers(int64), int64],
  [Type.FLOAT, 'float', numbers(float), float],
  [Type.DOUBLE, 'double', fc.oneof(numbers(float), some({ finite: yes })), float],
  [Type.BOOL, 'bool', some({ const: fc.boolean() }), fc.boolean()],
  [Type.BYTES, 'bytes', some({ len: size, minLen: size, maxLen: size }), fc.constantFrom('', 'YQ==', 'YWI')],
  [Type.ENUM, 'enum', some({ const: fc.nat(2), in: fc.array(fc.nat(2)), notIn: fc.array(fc.nat(2)) }), fc.nat(2)],
]

const sample: Arbitrary<Sample> = fc.oneof(
  ...KINDS.map(([type, name, rules, value]) => {
    const whole = some({
      required: fc.boolean(),
      ignore: fc.constantFrom('IGNORE_UNSPECIFIED', 'IGNORE_IF_ZERO_VALUE', 'IGNORE_ALWAYS'),
    })
    const items = fc.tuple(rules, whole).map(([own, { ignore = 'IGNORE_UNSPECIFIED' }]) => ({ [name]: own, ignore }))
    const list = some({ minItems: size, maxItems: size, items })
    const one = fc.record({
      label: fc.constant(Label.OPTIONAL),
      rules: fc.tuple(rules, whole).map(([own, more]) => ({ [name]: own, ...more })),
      json: fc.option(value, { nil: undefined }),
    })
    const many = fc.record({
      label: fc.constant(Label.REPEATED),
      rules: fc.tuple(list, whole).map(([repeated, more]) => ({ repeated, ...more })),
      json: fc.option(fc.array(value), { nil: undefined }),
    })
    return fc
      .tuple(fc.oneof(one, many), fc.constantFrom('proto2', 'proto3'))
      .map(([{ label, rules, json }, syntax]) => ({ type, label, syntax, rules, text: JSON.stringify({ f: json }) }))
  }),
)

it('calls no value wrong that protovalidate accepts', () => {
  let refused = 0
  fc.assert(
    fc.property(sample, (each) => {
      const { schema, file } = descriptorOf(each)
      const registry = createRegistry(file, file_buf_validate_validate)
      const draft = new MessageDraft(schema, registry, each.text)
      const message = draft.message.value
      if (message === null) throw new Error(`${each.text} is no message: ${draft.faults.value[0]?.message}`)
      // As the server sees it: floats have 32 bits there.
      const received = fromBinary(schema, toBinary(schema, message))
      const { kind } = createValidator({ registry }).validate(schema, received)
      if (kind === 'valid') expect(draft.faults.value).toEqual([])
      if (kind === 'invalid' && draft.faults.value.length > 0) refused++
    }),
    { numRuns: repetitions({ narrow: 100, deep: 2_000 }) },
  )
  expect(refused).toBeGreaterThan(5)
}, 180_000)
