/** Names and values of parameters, as fields of every kind take them. */
import { clone, create, createFileRegistry, type DescMethod } from '@bufbuild/protobuf'
import { FieldOptions_JSType, FieldOptionsSchema, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { describe, expect, test } from 'vitest'
import { KindService } from '../../../../../../gen/kinds/v1/kinds_pb.js'
import {
  bindingFor,
  bindRequest,
  boundJson,
  faultOf,
  GET_KINDS,
  kindsOf,
  POST_KINDS,
} from '../../../../../../support/bind-request.ts'

describe('Q4-Q7: the text of every kind', () => {
  const accepted: readonly [query: string, json: object][] = [
    ['double_value=-1.5e3', { double_value: -1500 }],
    ['double_value=NaN', { double_value: 'NaN' }],
    ['double_value=-Infinity', { double_value: '-Infinity' }],
    ['float_value=3.4028234e38', { float_value: 3.4028234e38 }],
    ['int32_value=-2147483648', { int32_value: -2147483648 }],
    ['optional_int32=-0', { optional_int32: 0 }],
    ['int64_value=9223372036854775807', { int64_value: '9223372036854775807' }],
    ['sint64_value=-9223372036854775808', { sint64_value: '-9223372036854775808' }],
    ['sfixed64_value=-9007199254740993', { sfixed64_value: '-9007199254740993' }],
    ['uint32_value=4294967295', { uint32_value: 4294967295 }],
    ['uint64_value=18446744073709551615', { uint64_value: '18446744073709551615' }],
    ['fixed64_value=18446744073709551615', { fixed64_value: '18446744073709551615' }],
    ['fixed32_value=7&sfixed32_value=-7&sint32_value=-7', { fixed32_value: 7, sfixed32_value: -7, sint32_value: -7 }],
    ['bool_value=true', { bool_value: true }],
    ['optional_bool=false', { optional_bool: false }],
    ['string_value=a%20b+c%2B%C3%A9', { string_value: 'a b c+é' }],
    ['optional_string=', { optional_string: '' }],
    ['bytes_value=-_8', { bytes_value: '+/8=' }],
    ['bytes_value=%2B/8=', { bytes_value: '+/8=' }],
    ['optional_bytes=', { optional_bytes: '' }],
    ['enum_value=KIND_TWO', { enum_value: 'KIND_TWO' }],
    ['enum_value=-1', { enum_value: 'KIND_LEAST' }],
    ['enum_value=99', { enum_value: 99 }],
    ['null_value=null', {}],
    ['timestamp=2024-02-29T12:00:00.000000001-02:30', { timestamp: '2024-02-29T14:30:00.000000001Z' }],
    ['timestamp=0001-01-01T00:00:00Z', { timestamp: '0001-01-01T00:00:00Z' }],
    ['timestamp=9999-12-31T23:59:59.999999999Z', { timestamp: '9999-12-31T23:59:59.999999999Z' }],
    ['duration=-1.5s', { duration: '-1.500s' }],
    ['duration=315576000000s', { duration: '315576000000s' }],
    ['duration=-0.5s', { duration: '-0.500s' }],
    ['field_mask=display_name,authorName.givenName', { field_mask: 'displayName,authorName.givenName' }],
    ['field_mask=', { field_mask: '' }],
    ['int64_wrapper=9007199254740993', { int64_wrapper: '9007199254740993' }],
    ['string_wrapper=', { string_wrapper: '' }],
    ['string_wrapper="a"', { string_wrapper: '"a"' }],
    ['bool_wrapper=false&double_wrapper=0', { bool_wrapper: false, double_wrapper: 0 }],
    ['bytes_wrapper=AAE', { bytes_wrapper: 'AAE=' }],
    ['int32_wrapper.value=3', { int32_wrapper: 3 }],
    ['legacy.kind=2&legacy.text=a', { legacy: { kind: 'LEGACY_KIND_TWO', text: 'a' } }],
  ]
  test.each(accepted)('%s', (query, json) => {
    expect(kindsOf(query)).toEqual(json)
  })

  const refused: readonly [name: string, texts: readonly string[]][] = [
    ['int32_value', ['', '1.0', '1e2', '0x10', '01', '+1', '2147483648', '-2147483649', ' 1', '1_0', 'one', '٣']],
    ['uint32_value', ['-1', '4294967296']],
    ['int64_value', ['9223372036854775808', '-9223372036854775809', '9'.repeat(1000), '1.0', '']],
    ['uint64_value', ['-1', '18446744073709551616']],
    ['double_value', ['', '1e400', 'nan', 'inf', '0x1', '.5', '5.', '1e', '1,5']],
    ['float_value', ['3.5e38', '-3.5e38', '1e400', '']],
    ['bool_value', ['', '1', 'TRUE', 'yes']],
    ['bytes_value', ['*', 'A', 'AA=A', 'A A=']],
    ['enum_value', ['', 'kind_one', 'KIND_THREE', '1.0', '2147483648']],
    ['legacy.kind', ['1', '99']],
    [
      'timestamp',
      [
        '',
        '2024-02-30T00:00:00Z',
        '2024-01-01',
        '0000-12-31T00:00:00Z',
        '0001-01-01T00:00:00+00:01',
        '2024-01-01T24:00:00Z',
        '2024-01-01T00:00:60Z',
        '2024-01-01T00:00:00',
      ],
    ],
    ['duration', ['', '1', '1h', '.5s', '1.s', '315576000001s', '315576000000.1s', '1.0000000001s']],
    ['field_mask', ['a,,b', 'a,', '1a', 'a b']],
    ['int64_wrapper', ['', '1.5', '9223372036854775808']],
  ]
  test.each(refused)('refused for %s', (name, texts) => {
    for (const text of texts) {
      const fault = faultOf(() => kindsOf(`${name}=${encodeURIComponent(text)}`))
      expect(fault, text).toMatch(`query parameter ${name}: "`)
      expect(fault.length, text).toBeLessThan(400)
    }
  })
})

describe('Q1: names', () => {
  test.each([
    ['nested.inner.text=a', { nested: { inner: { text: 'a' } } }],
    ['stringValue=a', { string_value: 'a' }],
    ['same.int32Value=1&same.same.stringValue=b', { same: { int32_value: 1, same: { string_value: 'b' } } }],
    ['otherName=a', { renamed: 'a' }],
    ['renamed=a', { renamed: 'a' }],
    ['constructor=a&toString=b', { constructor: 'a', to_string: 'b' }],
    ['_underlined=1&Underlined.x', undefined],
    ['with__two=a&field1=b', { with__two: 'a', field_1: 'b' }],
    ['string%5Fvalue=a', { string_value: 'a' }],
    ['&&string_value=a&', { string_value: 'a' }],
  ])('%s', (query, json) => {
    if (json === undefined) expect(faultOf(() => kindsOf(query))).toContain('Underlined.x')
    else expect(kindsOf(query)).toEqual(json)
  })

  test.each([
    ['nested=a', 'nested: is a message: name one of its fields, as in nested.text'],
    ['nesteds=a', 'nesteds: messages in lists and maps'],
    ['nesteds.text=a', 'nesteds is not a singular message'],
    ['int32_value.x=1', 'int32_value is not a singular message'],
    ['string_to_string=a', 'a map cannot be set by parameters'],
    ['struct=%7B%7D', 'struct'],
    ['no_such=1', 'query parameter no_such: the request has no such field'],
    ['nested.no_such=1', 'query parameter nested.no_such: the request has no such field'],
    ['__proto__=1', '__proto__: the request has no such field'],
    ['__proto__.polluted=1', 'the request has no such field'],
    ['nested.__proto__.x=1', 'the request has no such field'],
    ['hasOwnProperty=1', 'the request has no such field'],
    ['.=1', 'the request has no such field'],
    ['=1', 'the request has no such field'],
    [`${'same.'.repeat(101)}string_value=1`, 'names more than 100 fields'],
    ['string_value=%E0%A4', 'string_value: not valid percent-encoded UTF-8'],
    ['%ZZ=1', 'not valid percent-encoded UTF-8'],
  ])('refused: %s', (query, fault) => {
    expect(faultOf(() => kindsOf(query))).toContain(fault)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })
})

test('Q2: a list has the elements in their order, under either name', () => {
  expect(kindsOf('int64s=3&strings=b&int64s=1&strings=a,c')).toEqual({ int64s: ['3', '1'], strings: ['b', 'a,c'] })
  expect(kindsOf('byteStrings=AA&byte_strings=AQ')).toEqual({ byte_strings: ['AA==', 'AQ=='] })
  expect(kindsOf('enums=1&enums=KIND_TWO')).toEqual({ enums: ['KIND_ONE', 'KIND_TWO'] })
  expect(kindsOf('int64_wrappers=1&int64_wrappers=2&durations=1s')).toEqual({
    int64_wrappers: ['1', '2'],
    durations: ['1s'],
  })
})

test('Q2: a field that takes one value refuses a second one, under either name', () => {
  for (const query of ['int32_value=1&int32_value=1', 'int32_value=1&int32Value=2', 'nested.text=a&nested.text=b']) {
    expect(faultOf(() => kindsOf(query))).toContain('the field takes one value, and has several')
  }
  expect(kindsOf('int32_value=1&int32Value=2', { query: { severalValues: 'last' } })).toEqual({ int32_value: 2 })
})

test('Q3: entries of maps are an option', () => {
  const options = { query: { mapEntries: true } }
  expect(kindsOf('string_to_string[a]=1&string_to_string[b.c]=2', options)).toEqual({
    string_to_string: { a: '1', 'b.c': '2' },
  })
  expect(kindsOf('int64_to_string[-5]=a&bool_to_string[true]=b', options)).toEqual({
    int64_to_string: { '-5': 'a' },
    bool_to_string: { true: 'b' },
  })
  expect(kindsOf('nested.counts[a]=1', options)).toEqual({ nested: { counts: { a: 1 } } })
  const polluted = bindRequest(GET_KINDS, { target: '/k?string_to_string[__proto__]=a', options })
  expect(Object.getOwnPropertyNames((polluted as unknown as { stringToString: object }).stringToString)).toEqual([
    '__proto__',
  ])
  for (const [query, fault] of [
    ['int64_to_string[x]=a', 'the key is not an int64'],
    ['string_to_int64[a]=x', '"x" is not an int64'],
    ['string_to_string=a', 'a map needs a key'],
    ['int32_value[a]=1', 'the field is not a map'],
    ['string_to_string[a]=1&string_to_string[a]=2', 'takes one value'],
    ['string_to_nested[a]=1', 'messages in lists and maps'],
  ] as const) {
    expect(faultOf(() => kindsOf(query, options))).toContain(fault)
  }
})

test('Q7: structs, values and lists as JSON are an option', () => {
  const options = { query: { jsonValues: true } }
  const query = (json: unknown) => encodeURIComponent(JSON.stringify(json))
  const anything = { a: [1, { b: null }], __proto__x: 1 }
  expect(kindsOf(`struct=${query(anything)}&value=${query(anything)}&list_value=${query([1, 'a'])}`, options)).toEqual({
    struct: anything,
    value: anything,
    list_value: [1, 'a'],
  })
  expect(kindsOf('value=null', options)).toEqual({ value: null })
  const polluted = bindRequest(GET_KINDS, {
    target: `/k?struct=${encodeURIComponent('{"__proto__":{"polluted":1}}')}`,
    options,
  })
  expect(Object.keys((polluted as unknown as { struct: object }).struct)).toEqual(['__proto__'])
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  for (const [name, texts] of [
    ['struct', ['', '1', 'null', '[]', '{', '{"a":}']],
    ['value', ['', '{', 'a']],
    ['list_value', ['', '{}', '1']],
  ] as const) {
    for (const text of texts)
      expect(faultOf(() => kindsOf(`${name}=${encodeURIComponent(text)}`, options))).toContain('JSON')
  }
  for (const name of ['struct.fields[a]', 'struct.fields.a', 'value.struct_value']) {
    const both = { query: { jsonValues: true, mapEntries: true } }
    expect(faultOf(() => kindsOf(`${name}=%7B%7D`, both))).toMatch(/is not a singular message|is a message/)
  }
  const deep = `value=${'['.repeat(10_000)}${']'.repeat(10_000)}`
  expect(faultOf(() => kindsOf(deep, options))).toMatch(/deep|nest/)
})

test('Q5: more forms of booleans and enums are options', () => {
  for (const text of ['1', 't', 'T', 'TRUE', 'True', 'true']) {
    expect(kindsOf(`bool_value=${text}`, { query: { looseBooleans: true } })).toEqual({ bool_value: true })
  }
  expect(kindsOf('enum_value=kind_Two', { query: { ignoresEnumCase: true } })).toEqual({ enum_value: 'KIND_TWO' })
})

test.each([
  ['300ms', '0.300s'],
  ['1h2m', '3720s'],
  ['1m30.5s', '90.500s'],
  ['-1.5h', '-5400s'],
  ['+2s', '2s'],
  ['5\u00b5s', '0.000005s'],
  ['1.0000000019s', '1.000000001s'],
  ['.5s', '0.500s'],
  ['0', '0s'],
  ['315576000000s', '315576000000s'],
])('Q7: the duration %s of Go is an option', (text, duration) => {
  const query = `duration=${encodeURIComponent(text)}`
  expect(kindsOf(query, { query: { looseDurations: true } })).toEqual({ duration })
  if (text !== duration) expect(faultOf(() => kindsOf(query))).toContain('a duration such as 1.5s')
})

test.each(['', '5', '1d', 's', '.s', '1h 2m', '--1s', '1e3s', '2562048h', `${'1h'.repeat(51)}`])(
  'Q7: %j is no duration of Go',
  (text) => {
    const query = `duration=${encodeURIComponent(text)}`
    expect(faultOf(() => kindsOf(query, { query: { looseDurations: true } }))).toContain('1m30s')
  },
)

test('Q6: bytes are base64 of either alphabet, padded or not', () => {
  for (const text of ['-_8', '-_8=', '+/8', '+/8=']) {
    expect(kindsOf(`bytes_value=${encodeURIComponent(text)}`)).toEqual({ bytes_value: '+/8=' })
  }
})

test('Q9: texts that ProtoJSON refuses are values, and the reverse', () => {
  expect(kindsOf('enum_value=1&bool_value=true&field_mask=display_name')).toEqual({
    enum_value: 'KIND_ONE',
    bool_value: true,
    field_mask: 'displayName',
  })
  for (const body of [{ enum_value: '1' }, { bool_value: 'true' }, { field_mask: 'display_name' }]) {
    faultOf(() => boundJson(POST_KINDS, { target: '/k', body, options: { unknownFields: 'reject' } }))
  }
  expect(boundJson(POST_KINDS, { target: '/k', body: { int32_value: '1e2' } })).toEqual({ int32_value: 100 })
  faultOf(() => kindsOf('int32_value=1e2'))
})

test('Q4: a 64-bit integer is a string where the proto says so', () => {
  const { file } = KindService
  const proto = clone(FileDescriptorProtoSchema, file.proto)
  for (const field of proto.messageType.find(({ name }) => name === 'Kinds')?.field ?? []) {
    if (field.name.includes('int64')) {
      field.options = create(FieldOptionsSchema, { jstype: FieldOptions_JSType.JS_STRING })
    }
  }
  const files = createFileRegistry(proto, (name) => file.dependencies.find((each) => each.proto.name === name))
  const method = files.getService('kinds.v1.KindService')?.method.get as DescMethod
  const target = '/k?int64_value=9007199254740993&uint64s=1&uint64s=2&int64_wrapper=5'
  expect(bindRequest(bindingFor(method, { get: '/k' }), { target })).toMatchObject({
    int64Value: '9007199254740993',
    uint64s: ['1', '2'],
    int64Wrapper: 5n,
  })
})

test('Q8: two members of a oneof are refused', () => {
  const queries = [
    'chosen_text=a&chosen_number=1',
    'chosen_nested.text=a&chosen_text=b',
    'chosen_text=a&chosen_nested.text=b',
    'nested.left=a&nested.right=b',
    'chosen_text=a&chosen_nested.counts[b]=1',
    'chosen_nested.counts[a]=1&chosen_text=b',
  ]
  for (const query of queries) {
    const fault = faultOf(() => kindsOf(query, { query: { mapEntries: true } }))
    expect([query, fault]).toEqual([query, expect.stringContaining('is set too, and only one of them may be')])
  }
  expect(kindsOf('chosen_nested.text=a&chosen_nested.number=2&other_text=c')).toEqual({
    chosen_nested: { text: 'a', number: 2 },
    other_text: 'c',
  })
})
