import type { JsonObject } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { LibraryService } from '../../../../../../gen/library/v1/library_pb.js'
import { bindingFor, bindRequest } from '../../../../../../support/bind-request.ts'

const { updateBook } = LibraryService.method
const PATCH = bindingFor(updateBook, { patch: '/v1/{book.name=shelves/*}', body: 'book' })

interface Update {
  readonly book?: { readonly name: string }
  readonly updateMask?: { readonly paths: readonly string[] }
}

function update(body: JsonObject, query = '', options: object = {}): Update {
  return bindRequest(PATCH, { target: `/v1/shelves/1${query}`, body, ...options }) as unknown as Update
}

function maskOf(body: JsonObject, query?: string): readonly string[] | undefined {
  return update(body, query).updateMask?.paths
}

describe('P2: the mask has the paths of the body', () => {
  test.each<[string, JsonObject, readonly string[]]>([
    ['nothing', {}, []],
    ['scalars, sorted', { title: 'a', pages: 3, genre: 'GENRE_FICTION' }, ['genre', 'pages', 'title']],
    ['JSON names', { copiesSold: '5', readingTime: '1s' }, ['copies_sold', 'reading_time']],
    ['proto names', { copies_sold: '5' }, ['copies_sold']],
    [
      'nested fields',
      { edition: { number: 1, editor: { familyName: 'x' } } },
      ['edition.editor.family_name', 'edition.number'],
    ],
    ['an empty message is a leaf', { edition: {} }, ['edition']],
    ['null is a leaf', { edition: null, title: null }, ['edition', 'title']],
    ['a list ends the path', { authors: [{ givenName: 'a' }], tags: ['x'] }, ['authors', 'tags']],
    ['an empty list too', { authors: [] }, ['authors']],
    ['a map ends the path', { labels: { a: 'b' } }, ['labels']],
    [
      'the keys of a struct are paths',
      { metadata: { a: { b: 1, camelCase: [1] }, c: null } },
      ['metadata.a.b', 'metadata.a.camelCase', 'metadata.c'],
    ],
    [
      'keys that are no names are quoted',
      { metadata: { 'a.b': 1, '': 2, __proto__x: 3 } },
      ['metadata.__proto__x', 'metadata.``', 'metadata.`a.b`'],
    ],
    [
      'types that are scalars in JSON are leaves',
      { published: '2024-01-01T00:00:00Z', subtitle: 's', readingTime: '1s' },
      ['published', 'reading_time', 'subtitle'],
    ],
    ['members of a oneof', { isbn: '1' }, ['isbn']],
  ])('%s', (_, body, paths) => {
    expect(maskOf(body)).toEqual(paths)
  })

  test.each<[string, JsonObject, string]>([
    ['an unknown field', { title: 'a', no_such: 1 }, 'update mask: library.v1.Book has no field no_such'],
    ['a nested unknown field', { edition: { noSuch: 1 } }, 'update mask: library.v1.Edition has no field noSuch'],
    ['an object in a scalar', { title: { a: 1 } }, 'library.v1.Book.title'],
    ['a scalar in a message', { edition: 5 }, 'library.v1.Edition'],
  ])('refused: %s', (_, body, fault) => {
    expect(() => update(body)).toThrow(
      expect.objectContaining({ code: Code.InvalidArgument, rawMessage: expect.stringContaining(fault) }),
    )
  })

  test('the memory of a mask is limited', () => {
    const body = {
      metadata: { ['k'.repeat(1_000)]: Object.fromEntries(Array.from({ length: 2_000 }, (_, key) => [`a${key}`, 1])) },
    }
    expect(() => update(body, '', { settings: { decodeBudgetBytes: 1_500_000 } })).toThrow(ConnectError)
    expect(maskOf(body)).toHaveLength(2_000)
  })
})

describe('P1: the mask is filled for PATCH only, if it is empty', () => {
  test('a mask in the query is kept, and fields that it leaves out may be unknown', () => {
    expect(maskOf({ title: 'a', no_such: 1 }, '?update_mask=pages')).toEqual(['pages'])
    expect(maskOf({ title: 'a' }, '?updateMask=')).toEqual(['title'])
  })

  test('not for other methods, a body that is the whole message, an empty body, or if it is switched off', () => {
    const bindings = [
      bindingFor(updateBook, { put: '/v1/{book.name=shelves/*}', body: 'book' }),
      bindingFor(updateBook, { post: '/v1/{book.name=shelves/*}', body: 'book' }),
    ]
    for (const binding of bindings) {
      const message = bindRequest(binding, { target: '/v1/shelves/1', body: { title: 'a' } }) as unknown as Update
      expect(message.updateMask).toBeUndefined()
    }
    const whole = bindingFor(updateBook, { patch: '/v1/{book.name=shelves/*}', body: '*' })
    const message = bindRequest(whole, { target: '/v1/shelves/1', body: { book: { title: 'a' } } }) as unknown as Update
    expect(message.updateMask).toBeUndefined()
    expect((bindRequest(PATCH, { target: '/v1/shelves/1' }) as unknown as Update).updateMask).toBeUndefined()
    expect(update({ title: 'a', no_such: 1 }, '', { options: { patchMasks: false } }).updateMask).toBeUndefined()
  })
})

test('P3: a field of the body that the path sets is not in the mask', () => {
  const { book, updateMask } = update({ title: 'a' })
  expect(book?.name).toBe('shelves/1')
  expect(updateMask?.paths).toEqual(['title'])
  expect(maskOf({ name: 'victim', title: 'a' })).toEqual(['title'])
})
