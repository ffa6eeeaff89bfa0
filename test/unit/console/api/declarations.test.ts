/** What pages say about declarations: comments, options, rules, routes, and where types are used. */
import { describe, expect, it } from 'vitest'
import { type Api, pathOf } from '../../../../console/app/api/api.ts'
import { apiCounts } from '../../../../console/app/api/api-counts.ts'
import { commentOf } from '../../../../console/app/api/comments.ts'
import { fieldRules, messageRules, oneofRules } from '../../../../console/app/api/field-rules.ts'
import { protoJsonName } from '../../../../console/app/api/json-names.ts'
import { authNeed, httpRoutes, idempotencyOf } from '../../../../console/app/api/method-facts.ts'
import { optionsOf } from '../../../../console/app/api/options.ts'
import { packagesOf } from '../../../../console/app/api/packages.ts'
import { labelOf } from '../../../../console/app/api/type-names.ts'
import { usesOf } from '../../../../console/app/api/used-by.ts'
import { apiOf } from '../../../support/console/api-of.ts'

const TEXT = `syntax = "proto3";
package shop.v1;
import "google/api/annotations.proto";
import "google/protobuf/duration.proto";
import "buf/validate/validate.proto";
import "portico/options/v1/options.proto";

// Sells.
service Shop {
  option (portico.options.v1.service).auth = { scopes: ["shop"] schemes: ["jwt"] };
  // Finds.
  rpc Find(Query) returns (Item) {
    option idempotency_level = IDEMPOTENT;
    option (google.api.http) = {
      get: "/v1/items/{id}"
      additional_bindings { custom { kind: "head" path: "/v1/items" } }
      additional_bindings { post: "/v1/items" body: "*" }
    };
  }
  rpc Open(Query) returns (Query) { option (portico.options.v1.method).auth.requirement = REQUIREMENT_NONE; }
  rpc Half(Query) returns (Query) { option (portico.options.v1.method).auth = { requirement: REQUIREMENT_OPTIONAL }; }
}
message Query {
  string id = 1; // Which.
  optional string maybe = 2;
  Item.Color color = 3;
}
message Item {
  option (buf.validate.message).cel = { id: "a" message: "a must be set" expression: "has(this.a)" };
  // Nested.
  enum Color {
    COLOR_UNSPECIFIED = 0;
    // Like blood.
    COLOR_RED = 1;
  }
  message Deep {
    // Deep down.
    map<string, Deep> more = 1;
  }
  string a = 1 [(buf.validate.field) = { required: true string: { min_len: 3 email: true } }];
  repeated int32 b = 2 [(buf.validate.field).repeated = { max_items: 5 unique: true items: { int32: { gte: 1 in: [1, 2] } } }];
  google.protobuf.Duration c = 3 [(buf.validate.field).duration.lt = { seconds: 5 }];
  map<string, int32> d = 4 [(buf.validate.field).map = { min_pairs: 1 keys: { string: { prefix: "x%" } } }];
  Deep deep = 5 [deprecated = true];
  oneof pick {
    option (buf.validate.oneof).required = true;
    // First.
    string e = 6;
  }
}
`

const api: Api = apiOf({
  'shop.proto': TEXT,
  'other.proto':
    'syntax = "proto3"; package grpc.other.v1; message M {} service Other { rpc Do(M) returns (stream M); }',
})

function messageOf(name: string) {
  const message = api.registry.getMessage(name)
  if (message === undefined) throw new Error(`no ${name}`)
  return message
}

function fieldOf(message: string, name: string) {
  const field = messageOf(message).fields.find((each) => each.name === name)
  if (field === undefined) throw new Error(`no ${name}`)
  return field
}

function methodOf(path: string) {
  const method = api.methodOf(path)
  if (method === undefined) throw new Error(`no ${path}`)
  return method
}

it('finds the comments of every kind of declaration', () => {
  const { file } = messageOf('shop.v1.Item')
  const color = api.registry.getEnum('shop.v1.Item.Color')
  const commented = [
    api.registry.getService('shop.v1.Shop'),
    methodOf('shop.v1.Shop/Find'),
    fieldOf('shop.v1.Query', 'id'),
    fieldOf('shop.v1.Query', 'maybe'),
    color,
    color?.values[1],
    fieldOf('shop.v1.Item.Deep', 'more'),
    fieldOf('shop.v1.Item', 'e'),
  ]
  const texts = commented.map((each) => (each === undefined ? undefined : commentOf(file, each).trim()))
  expect(texts).toEqual(['Sells.', 'Finds.', 'Which.', '', 'Nested.', 'Like blood.', 'Deep down.', 'First.'])
})

describe('rules of protovalidate', () => {
  it.each([
    ['a', ['required', 'at least 3 long', 'email']],
    ['b', ['at most 5 elements', 'unique elements', 'each element: one of 1, 2', 'each element: at least 1']],
    ['c', ['less than { seconds: 5 }']],
    ['d', ['at least 1 entry', 'each key: starts with "x%"']],
    ['deep', []],
  ])('of the field %s are phrases', (name, rules) => {
    expect(new Set(fieldRules(fieldOf('shop.v1.Item', name), api.registry))).toEqual(new Set(rules))
  })

  it('of messages and oneofs too', () => {
    const item = messageOf('shop.v1.Item')
    expect(messageRules(item, api.registry)).toEqual(['a must be set (has(this.a))'])
    expect(item.oneofs.flatMap((oneof) => oneofRules(oneof, api.registry))).toEqual(['required'])
  })
})

it('reads routes, with further bindings and custom verbs', () => {
  expect(httpRoutes(methodOf('shop.v1.Shop/Find'), api.registry)).toEqual([
    { verb: 'GET', path: '/v1/items/{id}', body: '' },
    { verb: 'HEAD', path: '/v1/items', body: '' },
    { verb: 'POST', path: '/v1/items', body: '*' },
  ])
  expect(httpRoutes(methodOf('shop.v1.Shop/Open'), api.registry)).toEqual([])
})

it('reads who may call: what the method says, or else its service', () => {
  const needOf = (path: string) => authNeed(methodOf(path), api.registry)
  expect(needOf('shop.v1.Shop/Find')).toEqual({ requirement: 'required', scopes: ['shop'], schemes: ['jwt'] })
  expect(needOf('shop.v1.Shop/Open')).toEqual({ requirement: 'none', scopes: [], schemes: [] })
  expect(needOf('shop.v1.Shop/Half')?.requirement).toBe('optional')
  expect(needOf('grpc.other.v1.Other/Do')).toBeUndefined()
  expect(idempotencyOf(methodOf('shop.v1.Shop/Find'))).toBe('idempotent')
})

it('decodes options, and says which ones it cannot', () => {
  const method = methodOf('shop.v1.Shop/Open')
  const option = { name: '(portico.options.v1.method)', value: '{ auth: { requirement: REQUIREMENT_NONE } }' }
  expect(optionsOf(method, api.registry)).toEqual([option])
  const invalid = { ...method.proto.options, $unknown: [{ no: 50713, wireType: 2, data: Uint8Array.of(5, 1) }] }
  const broken = { proto: { options: Object.assign(Object.create(null), invalid) } }
  expect(optionsOf(broken, api.registry)).toMatchObject([
    { name: option.name, value: expect.stringMatching(/^invalid: /) },
  ])
  const foreign = { ...invalid, $unknown: [{ no: 60000, wireType: 0, data: Uint8Array.of(1) }] }
  const unknown = { proto: { options: Object.assign(Object.create(null), foreign) } }
  expect(optionsOf(unknown, api.registry)).toMatchObject([{ name: '(60000)' }])
})

it('knows where types are used', () => {
  const color = api.registry.getEnum('shop.v1.Item.Color')
  if (color === undefined) throw new Error('no enum')
  const uses = usesOf(messageOf('shop.v1.Query'), api)
  expect(uses.requests.map(pathOf)).toEqual(['shop.v1.Shop/Find', 'shop.v1.Shop/Open', 'shop.v1.Shop/Half'])
  expect(uses.responses.map(pathOf)).toEqual(['shop.v1.Shop/Open', 'shop.v1.Shop/Half'])
  expect(usesOf(color, api).fields.map(({ name }) => name)).toEqual(['color'])
  expect(usesOf(messageOf('shop.v1.Item.Deep'), api).fields.map(({ name }) => name)).toEqual(['deep', 'more'])
})

it('groups services by packages, those of the server itself last', () => {
  const names = packagesOf(api.services).map(({ name, services }) => [name, services.map((each) => each.name)])
  expect(names).toEqual([
    ['shop.v1', ['Shop']],
    ['grpc.other.v1', ['Other']],
  ])
  const { services, methods, kinds } = apiCounts(api)
  expect({ services, methods, kinds }).toEqual({
    services: 2,
    methods: 4,
    kinds: [
      ['unary', 3],
      ['server_streaming', 1],
    ],
  })
})

it('labels fields as their proto does', () => {
  expect(messageOf('shop.v1.Query').fields.map(labelOf)).toEqual(['', 'optional', ''])
  expect(messageOf('shop.v1.Item').fields.map(labelOf)).toEqual(['', 'repeated', '', '', '', ''])
})

it.each([
  ['a_b', 'aB'],
  ['_a', 'A'],
  ['a__b', 'aB'],
  ['a_1', 'a1'],
  ['aB', 'aB'],
  ['a_', 'a'],
])('the JSON name of %s is %s', (name, jsonName) => {
  expect(protoJsonName(name)).toBe(jsonName)
  const own = apiOf({ 'a.proto': `syntax = "proto3"; message M { string ${name} = 1; }` })
  expect(own.registry.getMessage('M')?.fields[0]?.jsonName).toBe(jsonName)
})
