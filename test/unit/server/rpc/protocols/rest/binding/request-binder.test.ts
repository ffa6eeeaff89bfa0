/** What the body, the query and the path set, and which of them wins. */
import { describe, expect, test } from 'vitest'
import { KindService } from '../../../../../../gen/kinds/v1/kinds_pb.js'
import { LibraryService } from '../../../../../../gen/library/v1/library_pb.js'
import {
  bindingFor,
  bindRequest,
  boundJson,
  faultOf,
  GET_KINDS,
  POST_KINDS,
} from '../../../../../../support/bind-request.ts'

const { getBook, createBook, updateBook, moveBook, uploadBook, echoRaw, searchBooks } = LibraryService.method

describe('B1-B7: body, query and path', () => {
  test('B1: with the whole message as body the query is ignored, or an error', () => {
    const request = { target: '/k?int32_value=5&no_such=1', body: { string_value: 'a' } }
    expect(boundJson(POST_KINDS, request)).toEqual({ string_value: 'a' })
    expect(faultOf(() => boundJson(POST_KINDS, { ...request, options: { query: { besideBody: 'apply' } } }))).toContain(
      'no_such',
    )
    const plain = { ...request, target: '/k?int32_value=5' }
    expect(boundJson(POST_KINDS, plain)).toEqual({ string_value: 'a' })
    expect(faultOf(() => boundJson(POST_KINDS, { ...plain, options: { query: { besideBody: 'reject' } } }))).toContain(
      'int32_value',
    )
    expect(boundJson(POST_KINDS, { ...plain, options: { query: { besideBody: 'apply' } } })).toEqual({
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
    expect(faultOf(() => boundJson(GET_KINDS, { target: '/k', body: {} }))).toContain('the method takes none')
    expect(boundJson(GET_KINDS, { target: '/k', body: {}, options: { bodyWithoutMapping: 'ignore' } })).toEqual({})
    expect(boundJson(GET_KINDS, { target: '/k' })).toEqual({})
  })

  test('B4: an empty body leaves the message or the field unset', () => {
    expect(boundJson(POST_KINDS, { target: '/k' })).toEqual({})
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

  test.each([
    ['bytes_value', 'YWI=', 'YWM='],
    ['double_value', 'NaN', 0.5],
    ['timestamp', '2030-01-02T03:04:05Z', '2030-01-02T03:04:06Z'],
    ['duration', '1.500s', '2s'],
    ['string_wrapper', 'a', 'b'],
    ['chosen_timestamp', '2030-01-02T03:04:05Z', '2030-01-02T03:04:06Z'],
  ])('B5: a body with the same %s as the path is no collision', (name, value, other) => {
    const binding = bindingFor(KindService.method.post, { post: `/v1/{${name}}`, body: '*' })
    const request = { target: `/v1/${value}`, options: { query: { collisions: 'reject' as const } } }
    expect(boundJson(binding, { ...request, body: { [name]: value } })).toEqual({ [name]: value })
    expect(faultOf(() => boundJson(binding, { ...request, body: { [name]: other } }))).toBe(
      `path parameter ${name}: the body has another value`,
    )
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
    expect(boundJson(POST_KINDS, request)).toEqual({ string_value: 'a' })
    expect(faultOf(() => boundJson(POST_KINDS, { ...request, options: { unknownFields: 'reject' } }))).toContain(
      'no_such',
    )
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
  expect(bindRequest(upload, { target: '/v1/shelves/1?checksum=c', body })).toMatchObject({
    name: 'shelves/1',
    checksum: 'c',
    content: { data: body },
  })
  const raw = bindingFor(echoRaw, { post: '/v1/raw', body: '*' })
  expect(bindRequest(raw, { target: '/v1/raw', body })).toMatchObject({ data: body })
})

test('trailing slashes that are ignored are not part of a variable', () => {
  const binding = bindingFor(getBook, { get: '/v1/{name=**}' })
  const options = { path: { trailingSlash: 'ignore' as const } }
  expect(boundJson(binding, { target: '/v1/a/b/?read_mask=x', options })).toEqual({ name: 'a/b', read_mask: 'x' })
  expect(boundJson(binding, { target: '/v1/a/b/' })).toEqual({ name: 'a/b/' })
})
