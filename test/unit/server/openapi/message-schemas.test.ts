import { create, type DescMessage, fromJson, type JsonObject, toJson } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { resolveRestOptions } from '../../../../server/rpc/protocols/rest/resolve-rest-options.ts'
import { KindService, type Kinds, KindsSchema } from '../../../gen/kinds/v1/kinds_pb.js'
import { BookSchema, LibraryService } from '../../../gen/library/v1/library_pb.js'
import { compileApi, DocumentValidator, documentOf } from '../../../support/openapi-documents.ts'

const schemaOf = DocumentValidator.schemaOf

/** Values of the JSON of each kind of field: some that are right, and some that are wrong. */
const VALUES: readonly (readonly [field: string, right: readonly unknown[], wrong: readonly unknown[]])[] = [
  ['doubleValue', [0, -1.5, 1e300, 'NaN', 'Infinity', '-Infinity'], ['one', true, null]],
  ['floatValue', [0, 1.5, 3e38, 'NaN'], [1e39, 'nan', {}]],
  ['int32Value', [0, -2147483648, 2147483647], [2147483648, 1.5, 'x']],
  ['uint32Value', [0, 4294967295], [-1, 4294967296]],
  ['int64Value', ['0', '-9223372036854775808', '9007199254740993'], ['1.5', '', 'x', true]],
  ['uint64Value', ['0', '18446744073709551615'], ['-1', 'x']],
  ['boolValue', [true, false], ['true', 1]],
  ['stringValue', ['', 'ä\u{1f600}'], [1, null]],
  ['bytesValue', ['', 'AQID', '/+8='], [1, [1]]],
  ['enumValue', ['KIND_ONE', 'KIND_LEAST'], ['kind_one', 'KIND_THREE']],
  ['optionalInt32', [0, 7], ['x', null]],
  ['strings', [[], ['a', '']], ['a', [1]]],
  ['int64s', [['1', '-2']], [['x'], '1']],
  ['enums', [['KIND_TWO']], [['x']]],
  ['nesteds', [[{}, { inner: { inner: {} } }]], [[1], {}]],
  ['stringToInt64', [{ a: '1' }, { '': '2' }], [{ a: 'x' }, []]],
  ['int32ToString', [{ '-1': 'a' }], [{ x: 'a' }]],
  ['uint64ToInt32', [{ '18446744073709551615': 1 }], [{ '-1': 1 }]],
  ['boolToString', [{ true: 'a', false: 'b' }], [{ yes: 'a' }]],
  ['doubleWrapper', [1.5, 'NaN', null], ['x', true]],
  ['int64Wrapper', ['1', null], ['x', {}]],
  ['stringWrapper', ['', null], [1]],
  ['timestamp', ['2026-01-02T03:04:05Z', '0001-01-01T00:00:00.000000001Z'], ['2026-01-02', 1]],
  ['duration', ['1.5s', '-315576000000s', '0s'], ['1', '1h', 'PT1S', '1.0000000001s']],
  ['fieldMask', ['', 'a', 'a.bC,d'], [1, ['a']]],
  ['struct', [{}, { a: [null, { b: 1 }] }], [[], 1]],
  ['value', [null, 1, 'a', [], {}], []],
  ['listValue', [[], [1, null, 'a']], [{}, 1]],
  ['any', [{}, { '@type': 'type.googleapis.com/google.protobuf.Empty' }], [1, { '@type': 1 }]],
  ['empty', [{}], [1, []]],
  ['nullValue', [null], ['NULL_VALUE', 0]],
  ['same', [{}, { same: { same: { int32Value: 1 } } }], [{ same: { same: { int32Value: 'x' } } }]],
  ['legacy', [{ text: '', numbers: [1] }], [{ text: 1 }]],
  ['otherName', ['a'], [1]],
  ['constructor', ['a'], [1]],
  ['toString', ['a'], [1]],
]

describe('the schema of a field of each kind', () => {
  const validator = new DocumentValidator(documentOf(KindService))

  test.each(VALUES)('%s', (field, right, wrong) => {
    for (const value of right) {
      const json = { [field]: value }
      expect(validator.faultOf(schemaOf('kinds.v1.Kinds'), json), JSON.stringify(json)).toBeNull()
      // Protobuf agrees. It knows no types that an Any could name.
      if (field !== 'any') expect(() => fromJson(KindsSchema, json as JsonObject), JSON.stringify(json)).not.toThrow()
    }
    for (const value of wrong) {
      const json = { [field]: value }
      expect(validator.faultOf(schemaOf('kinds.v1.Kinds'), json), JSON.stringify(json)).not.toBeNull()
    }
  })

  test('an object has one field of a oneof, or none', () => {
    const faultOf = (json: object) => validator.faultOf(schemaOf('kinds.v1.Kinds'), json)
    expect(faultOf({})).toBeNull()
    expect(faultOf({ chosenText: '' })).toBeNull()
    expect(faultOf({ chosenText: '', otherNumber: '1' })).toBeNull()
    expect(faultOf({ chosenText: '', chosenNumber: 1 })).not.toBeNull()
    expect(faultOf({ otherText: '', otherNumber: '1' })).not.toBeNull()
  })
})

/** Messages with some fields of every kind. */
const KINDS: fc.Arbitrary<Kinds> = fc
  .record(
    {
      doubleValue: fc.double(),
      floatValue: fc.float(),
      int32Value: fc.integer(),
      int64Value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      uint64Value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      boolValue: fc.boolean(),
      stringValue: fc.string({ unit: 'binary' }),
      bytesValue: fc.uint8Array(),
      enumValue: fc.constantFrom(0, 1, 2, -1),
      optionalDouble: fc.double(),
      doubles: fc.array(fc.double()),
      byteStrings: fc.array(fc.uint8Array()),
      enums: fc.array(fc.constantFrom(0, 1, 2, -1)),
      stringToInt64: fc.dictionary(fc.string(), fc.bigInt({ min: 0n, max: 9n })),
      int32ToString: fc.dictionary(fc.integer().map(String), fc.string()),
      boolToString: fc.dictionary(fc.constantFrom('true', 'false'), fc.string()),
      doubleWrapper: fc.double(),
      int64Wrapper: fc.bigInt({ min: 0n, max: 9n }),
      bytesWrapper: fc.uint8Array(),
      timestamp: fc.record({
        seconds: fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }),
        nanos: fc.nat(999_999_999),
      }),
      duration: fc.record({ seconds: fc.bigInt({ min: 0n, max: 315_576_000_000n }), nanos: fc.nat(999_999_999) }),
      fieldMask: fc.record({ paths: fc.array(fc.constantFrom('a', 'b_c.d', 'e1')) }),
      struct: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })) as fc.Arbitrary<JsonObject>,
      nested: fc.record({ text: fc.string(), inner: fc.record({ number: fc.integer() }) }),
      chosenText: fc.string(),
    },
    { requiredKeys: [] },
  )
  .map(({ chosenText, ...fields }) =>
    create(KindsSchema, {
      ...(fields as object),
      ...(chosenText !== undefined && { choice: { case: 'chosenText', value: chosenText } }),
    }),
  )

const WRITING = {
  'as by default': {},
  'with all fields': { alwaysEmitImplicit: true },
  'with numbers of enums': { enumAsInteger: true },
  'with proto names': { useProtoFieldName: true },
} as const

test.each(Object.entries(WRITING))('the JSON of messages is valid, written %s', (_name, jsonOptions) => {
  const rest = resolveRestOptions({ jsonOptions })
  const validator = new DocumentValidator(documentOf(KindService, { rest, includes: ['rest'] }))
  fc.assert(
    fc.property(KINDS, (message) => {
      const json = toJson(KindsSchema as DescMessage, message, jsonOptions)
      expect(validator.faultOf(schemaOf('kinds.v1.Kinds'), json)).toBeNull()
    }),
    { numRuns: 100 },
  )
})

describe('a response with all fields', () => {
  const document = documentOf(LibraryService, {
    rest: resolveRestOptions({ preset: 'grpcGateway' }),
    includes: ['rest'],
  })
  const validator = new DocumentValidator(document)

  test('has its fields without presence, and null for messages', () => {
    const json = toJson(BookSchema, create(BookSchema, { title: 'a' }), { alwaysEmitImplicit: true }) as JsonObject
    const nulls = { published: null, readingTime: null, subtitle: null, metadata: null, edition: null }
    expect(validator.faultOf(schemaOf('library.v1.Book'), { ...json, ...nulls })).toBeNull()
    expect(validator.faultOf(schemaOf('library.v1.Book'), json)).toContain("required property 'published'")
  })

  test('differs from a request, which needs none', () => {
    expect(validator.faultOf(schemaOf('library.v1.Book-request'), { title: 'a' })).toBeNull()
    expect(validator.faultOf(schemaOf('library.v1.Book-request'), {})).toContain("required property 'title'")
  })

  test('shares the schemas of types that are in one of both', () => {
    const names = Object.keys(document.components.schemas)
    expect(names).toContain('library.v1.ListBooksResponse')
    expect(names).toContain('library.v1.Genre')
    expect(names).not.toContain('library.v1.Genre-request')
  })
})

test('fields say what google.api.field_behavior does', () => {
  const file = compileApi(`syntax = "proto3"; package t;
    import "google/api/field_behavior.proto";
    service S { rpc Do(M) returns (M); }
    message M {
      string name = 1 [(google.api.field_behavior) = REQUIRED];
      string secret = 2 [(google.api.field_behavior) = REQUIRED, (google.api.field_behavior) = INPUT_ONLY];
      int64 size = 3 [(google.api.field_behavior) = OUTPUT_ONLY];
      string kind = 4 [(google.api.field_behavior) = IMMUTABLE, deprecated = true];
    }`)
  const document = documentOf(file.getService('t.S') ?? [])
  const { properties, required } = document.components.schemas['t.M'] ?? {}
  // JSON leaves out an empty name.
  expect(required).toBeUndefined()
  expect(document.components.schemas['t.M-request']?.required).toEqual(['name', 'secret'])
  expect(properties?.secret).toMatchObject({ type: 'string', writeOnly: true })
  expect(properties?.size).toMatchObject({ format: 'int64', readOnly: true })
  expect(properties?.kind).toMatchObject({ deprecated: true, description: 'Cannot be changed later.' })
})

test('fields of proto2 that are required are required', () => {
  const file = compileApi(`syntax = "proto2"; package t;
    service S { rpc Do(M) returns (M); }
    message M { required string name = 1; optional string other = 2; }`)
  expect(documentOf(file.getService('t.S') ?? []).components.schemas['t.M']?.required).toEqual(['name'])
})
