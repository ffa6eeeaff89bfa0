import { clone, create, createFileRegistry, type DescMethod, ScalarType } from '@bufbuild/protobuf'
import { FieldOptions_JSType, FieldOptionsSchema, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test, vi } from 'vitest'
import { RequestBinder } from '../../../../../../../server/rpc/protocols/rest/binding/request-binder.ts'
import { resolveRestOptions } from '../../../../../../../server/rpc/protocols/rest/resolve-rest-options.ts'
import { KindService } from '../../../../../../gen/kinds/v1/kinds_pb.js'
import { LibraryService } from '../../../../../../gen/library/v1/library_pb.js'
import { type BoundRequest, bindingFor, bindRequest, boundJson } from '../../../../../../support/bind-request.ts'

const { getBook, createBook, updateBook, moveBook, uploadBook, echoRaw, searchBooks } = LibraryService.method
const GET = bindingFor(KindService.method.get, { get: '/k' })
const POST = bindingFor(KindService.method.post, { post: '/k', body: '*' })

function kinds(query: string, options?: BoundRequest['options']) {
  return boundJson(GET, { target: `/k?${query}`, ...(options && { options }) })
}

function faultOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.InvalidArgument) return error.rawMessage
    throw error
  }
  throw new Error('the request was accepted')
}

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
    expect(kinds(query)).toEqual(json)
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
      const fault = faultOf(() => kinds(`${name}=${encodeURIComponent(text)}`))
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
    if (json === undefined) expect(faultOf(() => kinds(query))).toContain('Underlined.x')
    else expect(kinds(query)).toEqual(json)
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
    expect(faultOf(() => kinds(query))).toContain(fault)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })
})

test('Q2: a list has the elements in their order, under either name', () => {
  expect(kinds('int64s=3&strings=b&int64s=1&strings=a,c')).toEqual({ int64s: ['3', '1'], strings: ['b', 'a,c'] })
  expect(kinds('byteStrings=AA&byte_strings=AQ')).toEqual({ byte_strings: ['AA==', 'AQ=='] })
  expect(kinds('enums=1&enums=KIND_TWO')).toEqual({ enums: ['KIND_ONE', 'KIND_TWO'] })
  expect(kinds('int64_wrappers=1&int64_wrappers=2&durations=1s')).toEqual({
    int64_wrappers: ['1', '2'],
    durations: ['1s'],
  })
})

test('Q2: a field that takes one value refuses a second one, under either name', () => {
  for (const query of ['int32_value=1&int32_value=1', 'int32_value=1&int32Value=2', 'nested.text=a&nested.text=b']) {
    expect(faultOf(() => kinds(query))).toContain('the field takes one value, and has several')
  }
  expect(kinds('int32_value=1&int32Value=2', { query: { severalValues: 'last' } })).toEqual({ int32_value: 2 })
})

test('Q3: entries of maps are an option', () => {
  const options = { query: { mapEntries: true } }
  expect(kinds('string_to_string[a]=1&string_to_string[b.c]=2', options)).toEqual({
    string_to_string: { a: '1', 'b.c': '2' },
  })
  expect(kinds('int64_to_string[-5]=a&bool_to_string[true]=b', options)).toEqual({
    int64_to_string: { '-5': 'a' },
    bool_to_string: { true: 'b' },
  })
  expect(kinds('nested.counts[a]=1', options)).toEqual({ nested: { counts: { a: 1 } } })
  const polluted = bindRequest(GET, { target: '/k?string_to_string[__proto__]=a', options })
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
    expect(faultOf(() => kinds(query, options))).toContain(fault)
  }
})

test('Q7: structs, values and lists as JSON are an option', () => {
  const options = { query: { jsonValues: true } }
  const query = (json: unknown) => encodeURIComponent(JSON.stringify(json))
  const anything = { a: [1, { b: null }], __proto__x: 1 }
  expect(kinds(`struct=${query(anything)}&value=${query(anything)}&list_value=${query([1, 'a'])}`, options)).toEqual({
    struct: anything,
    value: anything,
    list_value: [1, 'a'],
  })
  expect(kinds('value=null', options)).toEqual({ value: null })
  const polluted = bindRequest(GET, {
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
      expect(faultOf(() => kinds(`${name}=${encodeURIComponent(text)}`, options))).toContain('JSON')
  }
  for (const name of ['struct.fields[a]', 'struct.fields.a', 'value.struct_value']) {
    const both = { query: { jsonValues: true, mapEntries: true } }
    expect(faultOf(() => kinds(`${name}=%7B%7D`, both))).toMatch(/is not a singular message|is a message/)
  }
  const deep = `value=${'['.repeat(10_000)}${']'.repeat(10_000)}`
  expect(faultOf(() => kinds(deep, options))).toMatch(/deep|nest/)
})

test('Q5: more forms of booleans and enums are options', () => {
  for (const text of ['1', 't', 'T', 'TRUE', 'True', 'true']) {
    expect(kinds(`bool_value=${text}`, { query: { looseBooleans: true } })).toEqual({ bool_value: true })
  }
  expect(kinds('enum_value=kind_Two', { query: { ignoresEnumCase: true } })).toEqual({ enum_value: 'KIND_TWO' })
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
  expect(kinds(query, { query: { looseDurations: true } })).toEqual({ duration })
  if (text !== duration) expect(faultOf(() => kinds(query))).toContain('a duration such as 1.5s')
})

test.each(['', '5', '1d', 's', '.s', '1h 2m', '--1s', '1e3s', '2562048h', `${'1h'.repeat(51)}`])(
  'Q7: %j is no duration of Go',
  (text) => {
    const query = `duration=${encodeURIComponent(text)}`
    expect(faultOf(() => kinds(query, { query: { looseDurations: true } }))).toContain('1m30s')
  },
)

test('Q6: bytes are base64 of either alphabet, padded or not', () => {
  for (const text of ['-_8', '-_8=', '+/8', '+/8=']) {
    expect(kinds(`bytes_value=${encodeURIComponent(text)}`)).toEqual({ bytes_value: '+/8=' })
  }
})

test('Q9: texts that ProtoJSON refuses are values, and the reverse', () => {
  expect(kinds('enum_value=1&bool_value=true&field_mask=display_name')).toEqual({
    enum_value: 'KIND_ONE',
    bool_value: true,
    field_mask: 'displayName',
  })
  for (const body of [{ enum_value: '1' }, { bool_value: 'true' }, { field_mask: 'display_name' }]) {
    faultOf(() => boundJson(POST, { target: '/k', body, options: { unknownFields: 'reject' } }))
  }
  expect(boundJson(POST, { target: '/k', body: { int32_value: '1e2' } })).toEqual({ int32_value: 100 })
  faultOf(() => kinds('int32_value=1e2'))
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
  ]
  for (const query of queries) expect(faultOf(() => kinds(query))).toContain('is set too, and only one of them may be')
  expect(kinds('chosen_nested.text=a&chosen_nested.number=2&other_text=c')).toEqual({
    chosen_nested: { text: 'a', number: 2 },
    other_text: 'c',
  })
})

describe('B1-B7: body, query and path', () => {
  test('B1: with the whole message as body the query is ignored, or an error', () => {
    const request = { target: '/k?int32_value=5&no_such=1', body: { string_value: 'a' } }
    expect(boundJson(POST, request)).toEqual({ string_value: 'a' })
    expect(faultOf(() => boundJson(POST, { ...request, options: { query: { besideBody: 'apply' } } }))).toContain(
      'no_such',
    )
    const plain = { ...request, target: '/k?int32_value=5' }
    expect(boundJson(POST, plain)).toEqual({ string_value: 'a' })
    expect(faultOf(() => boundJson(POST, { ...plain, options: { query: { besideBody: 'reject' } } }))).toContain(
      'int32_value',
    )
    expect(boundJson(POST, { ...plain, options: { query: { besideBody: 'apply' } } })).toEqual({
      string_value: 'a',
      int32_value: 5,
    })
  })

  test('B2: a field of the message is the body, and the query sets the others', () => {
    const binding = bindingFor(createBook, { post: '/v1/{parent=shelves/*}/books', body: 'book' })
    const request = { target: '/v1/shelves/1/books?book_id=x&validateOnly=true', body: { title: 'T' } }
    expect(boundJson(binding, request)).toEqual({
      parent: 'shelves/1',
      book: { title: 'T' },
      book_id: 'x',
      validate_only: true,
    })
    const beside = { ...request, target: '/v1/shelves/1/books?book.title=X' }
    expect(boundJson(binding, beside)).toEqual({ parent: 'shelves/1', book: { title: 'T' } })
    expect(faultOf(() => boundJson(binding, { ...beside, options: { query: { besideBody: 'reject' } } }))).toContain(
      'the body is book',
    )
  })

  test.each([
    ['strings', ['a', 'b'], ['a', 'b']],
    ['nested', { text: 'a' }, { text: 'a' }],
    ['string_to_nested', { a: { text: 'x' } }, { a: { text: 'x' } }],
    ['int64_value', '9007199254740993', '9007199254740993'],
    ['enum_value', 'KIND_ONE', 'KIND_ONE'],
    ['bool_value', true, true],
    ['bytes_value', 'AAE=', 'AAE='],
    ['string_wrapper', 'a', 'a'],
    ['timestamp', '2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z'],
    ['value', [1, { a: null }], [1, { a: null }]],
    ['struct', { a: { b: 1 } }, { a: { b: 1 } }],
    ['list_value', [1, 'a'], [1, 'a']],
    ['chosen_number', 5, 5],
    ['legacy', { number: 1 }, { number: 1 }],
    ['nesteds', [{ text: 'a' }, {}], [{ text: 'a' }, {}]],
  ])('B2: the body is %s', (field, body, value) => {
    const binding = bindingFor(KindService.method.post, { post: '/k', body: field })
    expect(boundJson(binding, { target: '/k', body })).toEqual({ [field]: value })
  })

  test('B2: a number in the body of a 64-bit field keeps its digits', () => {
    const binding = bindingFor(KindService.method.post, { post: '/k', body: 'int64_value' })
    const body = Buffer.from('9007199254740993')
    expect(boundJson(binding, { target: '/k', body })).toEqual({ int64_value: '9007199254740993' })
  })

  test('B2: the body of a field cannot set others', () => {
    const binding = bindingFor(KindService.method.post, { post: '/k', body: 'int32_value' })
    expect(faultOf(() => boundJson(binding, { target: '/k', body: Buffer.from('1,"string_value":"a"') }))).toContain(
      'parse JSON',
    )
  })

  test('B3: a body where the rule maps none is an error, and an empty one is not', () => {
    expect(faultOf(() => boundJson(GET, { target: '/k', body: {} }))).toContain('the method takes none')
    expect(boundJson(GET, { target: '/k', body: {}, options: { bodyWithoutMapping: 'ignore' } })).toEqual({})
    expect(boundJson(GET, { target: '/k' })).toEqual({})
  })

  test('B4: an empty body leaves the message or the field unset', () => {
    expect(boundJson(POST, { target: '/k' })).toEqual({})
    const binding = bindingFor(createBook, { post: '/v1/books', body: 'book' })
    expect(boundJson(binding, { target: '/v1/books' })).toEqual({})
  })

  test('B5: the path wins over the body', () => {
    const binding = bindingFor(moveBook, { post: '/v1/{name=shelves/*}:move', body: '*' })
    expect(boundJson(binding, { target: '/v1/shelves/1:move', body: { name: 'victim', other_shelf: 'b' } })).toEqual({
      name: 'shelves/1',
      other_shelf: 'b',
    })
    const nested = bindingFor(updateBook, { patch: '/v1/{book.name=shelves/*}', body: 'book' })
    expect(
      boundJson(nested, { target: '/v1/shelves/1', body: { name: 'victim' }, options: { patchMasks: false } }),
    ).toEqual({
      book: { name: 'shelves/1' },
    })
  })

  test('B5: the path replaces what the body has in its place', () => {
    const text = bindingFor(KindService.method.post, { post: '/v1/{chosen_text}', body: '*' })
    expect(boundJson(text, { target: '/v1/me', body: { chosen_number: 1, string_value: 'a' } })).toEqual({
      chosen_text: 'me',
      string_value: 'a',
    })
    const nested = bindingFor(KindService.method.post, { post: '/v1/{nested.left}', body: '*' })
    for (const body of [{ nested: null }, { nested: { right: 'x' } }, { nested: { left: 'victim' } }, {}]) {
      expect(boundJson(nested, { target: '/v1/me', body })).toEqual({ nested: { left: 'me' } })
    }
    const inner = bindingFor(KindService.method.post, { post: '/v1/{chosen_nested.text}', body: '*' })
    expect(boundJson(inner, { target: '/v1/me', body: { chosen_text: 'x' } })).toEqual({
      chosen_nested: { text: 'me' },
    })
  })

  test.each([
    ['/v1/{string_value}', '/v1/me', ['string_value=victim', 'stringValue=victim', 'string%5fvalue=victim']],
    ['/v1/{nested.text}', '/v1/me', ['nested.text=victim']],
    ['/v1/{timestamp}', '/v1/2024-01-01T00:00:00Z', ['timestamp.seconds=5']],
    ['/v1/{string_wrapper}', '/v1/me', ['string_wrapper.value=victim', 'stringWrapper=victim']],
  ])('B5: the path %s wins over the query', (get, path, queries) => {
    const binding = bindingFor(KindService.method.get, { get })
    const expected = boundJson(binding, { target: path })
    for (const query of queries) {
      const target = `${path}?${query}`
      expect(boundJson(binding, { target })).toEqual(expected)
      expect(faultOf(() => boundJson(binding, { target, options: { query: { collisions: 'reject' } } }))).toContain(
        'the path sets',
      )
    }
  })

  test('B5: a body with another value than the path is an error if collisions are', () => {
    const binding = bindingFor(updateBook, { put: '/v1/{book.name=shelves/*}', body: 'book' })
    const options = { query: { collisions: 'reject' as const } }
    const request = { target: '/v1/shelves/1', options }
    expect(faultOf(() => boundJson(binding, { ...request, body: { name: 'victim' } }))).toBe(
      'path parameter book.name: the body has another value',
    )
    for (const body of [{ name: 'shelves/1' }, {}, undefined]) {
      expect(boundJson(binding, { ...request, ...(body && { body }) })).toEqual({ book: { name: 'shelves/1' } })
    }
  })

  test('B5: the query wins if that is asked for', () => {
    const binding = bindingFor(KindService.method.get, { get: '/v1/{string_value}' })
    const options = { query: { collisions: 'query' as const } }
    expect(boundJson(binding, { target: '/v1/a?string_value=b', options })).toEqual({ string_value: 'b' })
  })

  test('Q8: members of a oneof of the path leave the query', () => {
    const binding = bindingFor(KindService.method.get, { get: '/v1/{chosen_text}' })
    const target = '/v1/a?chosen_number=1'
    expect(faultOf(() => boundJson(binding, { target }))).toContain('the path sets chosen_text, which excludes it')
    expect(boundJson(binding, { target, options: { query: { unknown: 'ignore' } } })).toEqual({ chosen_text: 'a' })
    expect(faultOf(() => boundJson(binding, { target, options: { query: { collisions: 'query' } } }))).toContain(
      'only one',
    )
  })

  test('B7: unknown fields of the body are ignored, or an error', () => {
    const request = { target: '/k', body: { no_such: 1, string_value: 'a' } }
    expect(boundJson(POST, request)).toEqual({ string_value: 'a' })
    expect(faultOf(() => boundJson(POST, { ...request, options: { unknownFields: 'reject' } }))).toContain('no_such')
  })

  test('B7: unknown parameters are refused or ignored, those of the system are always ignored', () => {
    const binding = bindingFor(getBook, { get: '/v1/{name=shelves/*}' })
    const system = '/v1/shelves/1?key=a&$alt=json&alt=json&$fields=x&prettyPrint=1&access_token=t&$.xgafv=2'
    expect(boundJson(binding, { target: system })).toEqual({ name: 'shelves/1' })
    const target = '/v1/shelves/1?no_such=1&read_mask=a'
    expect(faultOf(() => boundJson(binding, { target }))).toBe('query parameter no_such: the request has no such field')
    expect(boundJson(binding, { target, options: { query: { unknown: 'ignore' } } })).toEqual({
      name: 'shelves/1',
      read_mask: 'a',
    })
  })
})

test('D6: characters that a URL does not have are refused', () => {
  const binding = bindingFor(getBook, { get: '/v1/{name}' })
  for (const target of ['/v1/\u00c3\u00a9', '/v1/a?read_mask=\u00e9', '/v1/a b']) {
    expect(faultOf(() => boundJson(binding, { target }))).toContain('must be percent-encoded')
  }
  expect(boundJson(binding, { target: '/v1/%C3%A9' })).toEqual({ name: 'é' })
})

test('D4: a plus is a space in the query, and itself in the path', () => {
  const binding = bindingFor(searchBooks, { get: '/v1/{parent}' })
  expect(boundJson(binding, { target: '/v1/a+b?query=c+d%2B' })).toEqual({ parent: 'a+b', query: 'c d+' })
  expect(boundJson(binding, { target: '/v1/a+b?query=c+d', options: { query: { plusAsSpace: false } } })).toEqual({
    parent: 'a+b',
    query: 'c+d',
  })
})

test('Q4: a path parameter of the wrong type is an error that names it', () => {
  const binding = bindingFor(KindService.method.get, { get: '/v1/{int32_value}' })
  expect(faultOf(() => boundJson(binding, { target: '/v1/abc' }))).toBe(
    'path parameter int32_value: "abc" is not an int32 (-2147483648 to 2147483647)',
  )
})

test('R4: the body of google.api.HttpBody is raw, whatever its type', () => {
  const body = Uint8Array.of(1, 2, 255)
  const upload = bindingFor(uploadBook, { post: '/v1/{name=shelves/*}', body: 'content' })
  expect(bindRequest(upload, { target: '/v1/shelves/1?checksum=c', body, contentType: 'image/png' })).toMatchObject({
    name: 'shelves/1',
    checksum: 'c',
    content: { contentType: 'image/png', data: body },
  })
  const raw = bindingFor(echoRaw, { post: '/v1/raw', body: '*' })
  expect(bindRequest(raw, { target: '/v1/raw', body, contentType: 'text/plain' })).toMatchObject({
    contentType: 'text/plain',
    data: body,
  })
})

test('the query has a maximum number of parameters', () => {
  const query = (count: number) => Array.from({ length: count }, (_, index) => `int32s=${index}`).join('&')
  expect((kinds(query(1_000)) as { int32s: unknown[] }).int32s).toHaveLength(1_000)
  expect(faultOf(() => kinds(query(10_000)))).toBe('the query has more than 1000 parameters')
})

test('a query is read in one pass', () => {
  const options = { query: { maxParameters: 10_000 } }
  const target = `/k?${Array.from({ length: 5_000 }, (_, index) => `int32s=${index}&nested.items=%20`).join('&')}`
  const slices = vi.spyOn(String.prototype, 'slice')
  const searches = vi.spyOn(String.prototype, 'indexOf')
  try {
    bindRequest(GET, { target, options })
    const sliced = slices.mock.results.reduce((sum, { value }) => sum + value.length, 0)
    expect(sliced).toBeLessThan(3 * target.length)
    expect(searches.mock.calls.length).toBeLessThan(5 * 10_000)
  } finally {
    slices.mockRestore()
    searches.mockRestore()
  }
})

test('names that clients make up are not kept without bound', () => {
  const binder = new RequestBinder(GET, resolveRestOptions({ query: { unknown: 'ignore' } }))
  const names = GET.method.input.fields.filter(
    ({ fieldKind, scalar }) => fieldKind === 'scalar' && scalar === ScalarType.INT32,
  )
  const kept = vi.spyOn(Map.prototype, 'set')
  try {
    for (let depth = 1; depth < 90; depth++) {
      for (const { name, jsonName } of names) {
        for (const each of [name, jsonName, `made_up_${depth}`, `same.made_up_${depth}`]) {
          const message = binder.decode(new Uint8Array(0))
          binder.bind(message, `/k?${'same.'.repeat(depth)}${each}=1`)
        }
      }
    }
    expect(kept.mock.calls.length).toBeLessThan(1_000)
  } finally {
    kept.mockRestore()
  }
})

test('the messages that a query creates are within the decode budget', () => {
  const path = (index: number) => `${'same.'.repeat(index)}string_value=a`
  const query = Array.from({ length: 90 }, (_, index) => path(index)).join('&')
  expect(kinds(query)).toMatchObject({ string_value: 'a', same: { string_value: 'a' } })
  const settings = { decodeBudgetBytes: 100_000 }
  expect(() => bindRequest(GET, { target: `/k?${query}`, settings })).toThrow('decodeBudgetBytes, 100000')
  expect(boundJson(GET, { target: `/k?${path(3)}`, settings })).toMatchObject({ same: {} })
})

test('trailing slashes that are ignored are not part of a variable', () => {
  const binding = bindingFor(getBook, { get: '/v1/{name=**}' })
  const options = { path: { trailingSlash: 'ignore' as const } }
  expect(boundJson(binding, { target: '/v1/a/b/?read_mask=x', options })).toEqual({ name: 'a/b', read_mask: 'x' })
  expect(boundJson(binding, { target: '/v1/a/b/' })).toEqual({ name: 'a/b/' })
})

test('JSON that is nested 10,000 deep is an error', () => {
  const depth = 10_000
  for (const body of [`${'{"same":'.repeat(depth)}{}${'}'.repeat(depth)}`, '['.repeat(depth) + ']'.repeat(depth)]) {
    const fault = faultOf(() => boundJson(POST, { target: '/k', body: Buffer.from(body) }))
    expect(fault).toMatch(/deep|nest/)
  }
})

test('keys such as __proto__ in a body change nothing but the message', () => {
  const body =
    '{"__proto__":{"polluted":1},"string_to_string":{"__proto__":"a","constructor":"b"},"struct":{"__proto__":{"polluted":1}}}'
  const message = bindRequest(POST, { target: '/k', body: Buffer.from(body) }) as unknown as Record<string, object>
  for (const [name, keys] of [
    ['stringToString', ['__proto__', 'constructor']],
    ['struct', ['__proto__']],
  ] as const) {
    expect(Object.keys(message[name] ?? {})).toEqual(keys)
    expect(Object.getPrototypeOf(message[name])).toBe(Object.prototype)
  }
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  const strict = { target: '/k', body: Buffer.from('{"__proto__":1}'), options: { unknownFields: 'reject' as const } }
  expect(faultOf(() => bindRequest(POST, strict))).toContain('__proto__')
})

test('malformed bodies are errors of the caller', () => {
  const bodies = [
    '{',
    '[]',
    'null',
    '1',
    '"a"',
    '{"int32_value":1,"int32Value":2}',
    '{"a":1,"a":2}',
    '{"chosen_text":"a","chosen_number":1}',
  ]
  for (const body of bodies) faultOf(() => bindRequest(POST, { target: '/k', body: Buffer.from(body) }))
  expect(faultOf(() => bindRequest(POST, { target: '/k', body: Uint8Array.of(0x22, 0xff, 0x22) }))).toContain(
    'parse JSON',
  )
})
