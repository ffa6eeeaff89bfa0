import { create, type DescMessage, fromJson, type JsonObject, type JsonValue, type Message } from '@bufbuild/protobuf'
import { createValidator } from '@bufbuild/protovalidate'
import { describe, expect, test } from 'vitest'
import { compileApi, DocumentValidator, documentOf } from '../../../support/openapi-documents.ts'

/** Rules, with values that the validator of protobuf and the schema must agree on. */
const RULES: readonly (readonly [field: string, values: readonly JsonValue[]])[] = [
  ['string f = 1 [(buf.validate.field).string.const = "a"]', ['a', 'b', '']],
  ['string f = 1 [(buf.validate.field).string = {in: ["a", "b"]}]', ['a', 'b', 'c', '']],
  ['string f = 1 [(buf.validate.field).string = {not_in: ["a", "b"]}]', ['a', 'c', '']],
  ['string f = 1 [(buf.validate.field).string.len = 3]', ['abc', 'ab', 'abcd', 'a\u{1f600}c']],
  ['string f = 1 [(buf.validate.field).string = {min_len: 1, max_len: 3}]', ['', 'a', 'abc', 'abcd']],
  ['string f = 1 [(buf.validate.field).string.max_bytes = 4]', ['abcd', 'abcde']],
  ['string f = 1 [(buf.validate.field).string.pattern = "^[a-z]+$"]', ['abc', 'ABC', '']],
  ['string f = 1 [(buf.validate.field).string.prefix = "a.b"]', ['a.bc', 'axbc', '']],
  ['string f = 1 [(buf.validate.field).string.suffix = "/x"]', ['a/x', 'ax', '']],
  ['string f = 1 [(buf.validate.field).string = {prefix: "a", suffix: "z", contains: "+"}]', ['a+z', 'az', '+']],
  ['string f = 1 [(buf.validate.field).string.not_contains = "$"]', ['a', 'a$b', '']],
  ['string f = 1 [(buf.validate.field).string.email = true]', ['a@example.com', 'a', '']],
  ['string f = 1 [(buf.validate.field).string.hostname = true]', ['example.com', 'a b', '']],
  ['string f = 1 [(buf.validate.field).string.ip = true]', ['192.0.2.1', '2001:db8::1', 'x', '']],
  ['string f = 1 [(buf.validate.field).string.ipv4 = true]', ['192.0.2.1', '2001:db8::1', '']],
  ['string f = 1 [(buf.validate.field).string.ipv6 = true]', ['192.0.2.1', '2001:db8::1', '']],
  ['string f = 1 [(buf.validate.field).string.uri = true]', ['https://example.com/a', '/a', '']],
  ['string f = 1 [(buf.validate.field).string.uri_ref = true]', ['https://example.com/a', '/a']],
  ['string f = 1 [(buf.validate.field).string.uuid = true]', ['123e4567-e89b-12d3-a456-426614174000', 'x', '']],
  ['string f = 1 [(buf.validate.field).string.tuuid = true]', ['123e4567e89b12d3a456426614174000', 'x', '']],
  ['string f = 1 [(buf.validate.field).string.ulid = true]', ['01ARZ3NDEKTSV4RRFFQ69G5FAV', 'x', '']],
  ['bytes f = 1 [(buf.validate.field).bytes = {min_len: 3, max_len: 3}]', ['AQID', 'AQ', 'AQIDBAUG']],
  ['int32 f = 1 [(buf.validate.field).int32 = {gt: 1, lte: 10}]', [0, 1, 2, 10, 11]],
  ['int32 f = 1 [(buf.validate.field).int32 = {gte: 10, lt: 2}]', [1, 2, 5, 10, 11, 0]],
  ['sint32 f = 1 [(buf.validate.field).sint32 = {in: [1, 3]}]', [1, 2, 3, 0]],
  ['uint32 f = 1 [(buf.validate.field).uint32.const = 7]', [7, 8, 0]],
  ['int64 f = 1 [(buf.validate.field).int64.in = 5]', ['5', '6', '0']],
  ['double f = 1 [(buf.validate.field).double.gte = 0.5]', [0.5, 0.4, 'NaN', 1e9]],
  ['float f = 1 [(buf.validate.field).float.finite = true]', [1.5, 'Infinity', 'NaN']],
  ['double f = 1', [1.5, 'Infinity']],
  ['bool f = 1 [(buf.validate.field).bool.const = true]', [true, false]],
  ['E f = 1 [(buf.validate.field).enum.const = 2]', ['E_TWO', 'E_ONE']],
  ['E f = 1 [(buf.validate.field).enum = {not_in: [0]}]', ['E_TWO', 'E_ZERO']],
  [
    'repeated string f = 1 [(buf.validate.field).repeated = {min_items: 1, max_items: 2}]',
    [[], ['a'], ['a', 'b', 'c']],
  ],
  ['repeated string f = 1 [(buf.validate.field).repeated.unique = true]', [[], ['a', 'b'], ['a', 'a']]],
  ['repeated string f = 1 [(buf.validate.field).repeated.items.string.min_len = 2]', [['ab'], ['a']]],
  [
    'map<string, int32> f = 1 [(buf.validate.field).map = {min_pairs: 1, max_pairs: 1}]',
    [{}, { a: 1 }, { a: 1, b: 2 }],
  ],
  ['map<string, int32> f = 1 [(buf.validate.field).map.keys.string.max_len = 1]', [{ a: 1 }, { ab: 1 }]],
  ['map<string, int32> f = 1 [(buf.validate.field).map.values.int32.gt = 0]', [{ a: 1 }, { a: 0 }]],
  ['string f = 1 [(buf.validate.field).required = true]', ['', 'a']],
  ['int32 f = 1 [(buf.validate.field).required = true]', [0, 1]],
  ['int64 f = 1 [(buf.validate.field).required = true]', ['0', '1']],
  ['E f = 1 [(buf.validate.field).required = true]', ['E_ZERO', 'E_ONE']],
  ['repeated int32 f = 1 [(buf.validate.field).required = true]', [[], [1]]],
  ['optional string f = 1 [(buf.validate.field).required = true]', ['', 'a']],
  ['optional string f = 1 [(buf.validate.field).string.min_len = 1]', ['', 'a']],
  [
    'string f = 1 [(buf.validate.field) = {ignore: IGNORE_IF_ZERO_VALUE, string: {min_len: 3, pattern: "^a"}}]',
    ['', 'abc', 'a', 'bcd'],
  ],
  ['string f = 1 [(buf.validate.field) = {ignore: IGNORE_ALWAYS, string: {min_len: 3}}]', ['', 'a']],
  ['google.protobuf.StringValue f = 1 [(buf.validate.field).string.min_len = 2]', ['ab', 'a']],
  ['google.protobuf.Int32Value f = 1 [(buf.validate.field).int32.lt = 5]', [4, 5]],
  ['google.protobuf.Any f = 1 [(buf.validate.field).required = true]', []],
]

const API = compileApi(`syntax = "proto3"; package t;
  import "buf/validate/validate.proto";
  import "google/protobuf/any.proto";
  import "google/protobuf/wrappers.proto";
  enum E { E_ZERO = 0; E_ONE = 1; E_TWO = 2; }
  ${RULES.map(([field], index) => `message M${index} { ${field}; }`).join('\n')}
  message Group {
    option (buf.validate.message).oneof = {fields: ["a", "b"], required: true};
    string a = 1;
    string b = 2;
    oneof choice {
      option (buf.validate.oneof).required = true;
      string c = 3;
      string d = 4;
    }
  }
  message Words {
    option (buf.validate.message).cel = {id: "w", message: "from must be before to", expression: "this.from < this.to"};
    int64 from = 1 [(buf.validate.field).int64 = {gte: 1, lt: 100}];
    int64 to = 2 [(buf.validate.field).cel = {id: "x", expression: "this > 0"}];
    string name = 3 [(buf.validate.field).string = {min_bytes: 2, max_bytes: 8, example: "peer"}];
    string re = 4 [(buf.validate.field).string.pattern = "(?i)^a"];
    string net = 5 [(buf.validate.field).string.ip_prefix = true];
  }
  service S {
    ${RULES.map((_, index) => `rpc M${index}(.t.M${index}) returns (.t.M${index});`).join('\n')}
    rpc Group(.t.Group) returns (.t.Words);
  }`)

const document = documentOf(API.getService('t.S') ?? [])
const schemas = new DocumentValidator(document)
const rules = createValidator()

/** Whether the validator of protobuf accepts the message of a JSON. */
function isValid(type: DescMessage, json: JsonObject): boolean {
  const message: Message = fromJson(type, json)
  const { kind, error } = rules.validate(type, message)
  if (kind === 'error') throw error
  return kind === 'valid'
}

function typeNamed(name: string): DescMessage {
  const type = API.getMessage(name)
  if (type === undefined) throw new Error(`no message ${name}`)
  return type
}

describe('the schema and the validator of protobuf agree on', () => {
  test.each(RULES.map(([field, values], index) => [field, values, `t.M${index}`] as const))(
    '%s',
    (_field, values, name) => {
      const type = typeNamed(name)
      const faultOf = (json: JsonObject) => schemas.faultOf(DocumentValidator.schemaOf(name), json)
      for (const value of values) {
        const fault = faultOf({ f: value })
        expect(fault === null, `${JSON.stringify(value)}: ${fault}`).toBe(isValid(type, { f: value }))
      }
      // Without the field, a message has the zero value, which the rules may refuse.
      expect(faultOf({}) === null, 'absent').toBe(rules.validate(type, create(type)).kind === 'valid')
    },
  )

  test('groups of fields', () => {
    const type = typeNamed('t.Group')
    const cases: JsonObject[] = [
      {},
      { a: 'x' },
      { a: 'x', c: '' },
      { b: 'x', d: 'y' },
      { a: 'x', b: 'y', c: '' },
      { c: '' },
    ]
    for (const json of cases) {
      const fault = schemas.faultOf(DocumentValidator.schemaOf('t.Group'), json)
      expect(fault === null, JSON.stringify(json)).toBe(isValid(type, json))
    }
  })
})

test('what no schema can say is in the description', () => {
  const { description, properties = {} } = document.components.schemas['t.Words'] ?? {}
  expect(description).toBe('From must be before to.')
  expect(properties.from?.description).toBe('Must be at least 1 and less than 100.')
  expect(properties.to?.description).toBe('Must satisfy `this > 0`.')
  expect(properties.name).toMatchObject({
    description: '2 to 8 bytes of UTF-8.',
    examples: ['peer'],
    minLength: 1,
    maxLength: 8,
  })
  expect(properties.re?.description).toBe('Must match `(?i)^a` (RE2).')
  expect(properties.net?.description).toContain('IP prefix')
})
