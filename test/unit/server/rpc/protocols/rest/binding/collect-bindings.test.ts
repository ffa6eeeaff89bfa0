import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type Message,
  setExtension,
  toBinary,
} from '@bufbuild/protobuf'
import type { GenExtension } from '@bufbuild/protobuf/codegenv2'
import { FileDescriptorProtoSchema, type MethodOptions } from '@bufbuild/protobuf/wkt'
import { describe, expect, test } from 'vitest'
import { file_google_api_annotations, http } from '../../../../../../../gen/google/api/annotations_pb.js'
import { HttpRuleSchema } from '../../../../../../../gen/google/api/http_pb.js'
import { collectBindings } from '../../../../../../../server/rpc/protocols/rest/binding/collect-bindings.ts'
import type { HttpBinding } from '../../../../../../../server/rpc/protocols/rest/binding/http-binding.ts'
import { readHttpRules } from '../../../../../../../server/rpc/protocols/rest/binding/http-rules.ts'
import { KindService } from '../../../../../../gen/kinds/v1/kinds_pb.js'
import { LibraryService } from '../../../../../../gen/library/v1/library_pb.js'
import { bindingsOf } from '../../../../../../support/bind-request.ts'

const { getBook, listBooks, updateBook, searchBooks, createBook, moveBook, importBooks, watchShelf, discuss, ping } =
  LibraryService.method
const GET_BOOK = 'library.v1.LibraryService.GetBook'

/** A binding, without descriptors. */
function summary({ verb, template, variables, body, responseBody, index }: HttpBinding) {
  return {
    rule: `${verb} ${template.text}`,
    variables: variables.map(({ fields }) => fields.map(({ name }) => name).join('.')),
    body: body === null || body === '*' ? body : body.name,
    responseBody: responseBody?.name ?? null,
    index,
  }
}

function summaries(bindings: readonly HttpBinding[] | undefined) {
  return bindings?.map(summary)
}

describe('G8: a rule becomes a binding', () => {
  test.each([
    [
      'a path',
      getBook,
      [{ rule: 'GET /v1/{name=shelves/*/books/*}', variables: ['name'], body: null, responseBody: null, index: 0 }],
    ],
    [
      'additional bindings, numbered in their order',
      listBooks,
      [
        { rule: 'GET /v1/{parent=shelves/*}/books', variables: ['parent'], body: null, responseBody: null, index: 0 },
        { rule: 'GET /v1/books', variables: [], body: null, responseBody: null, index: 1 },
      ],
    ],
    [
      'a field of a message in the body',
      updateBook,
      ['PATCH', 'PUT'].map((verb, index) => ({
        rule: `${verb} /v1/{book.name=shelves/*/books/*}`,
        variables: ['book.name'],
        body: 'book',
        responseBody: null,
        index,
      })),
    ],
  ])('%s', (_, method, expected) => {
    expect(summaries(bindingsOf(method, []))).toEqual(expected)
  })

  test('a custom kind is an HTTP method', () => {
    expect(summaries(bindingsOf(searchBooks, []))?.[2]).toMatchObject({ rule: 'SEARCH /v1/books', body: '*' })
  })

  test('the service of every kind has bindings only', () => {
    expect(collectBindings(KindService.methods).get(KindService.method.get)).toHaveLength(17)
  })
})

describe('G8: faults at start-up name the method, the rule and the field', () => {
  const cases: readonly [name: string, rule: object, fault: string][] = [
    [
      'an unknown field',
      { get: '/v1/{nme}' },
      'variable nme: library.v1.GetBookRequest has no field nme: did you mean name?',
    ],
    ['a field of a scalar', { get: '/v1/{name.x}' }, 'variable name.x: name is not a singular message'],
    ['a message', { get: '/v1/{read_mask.paths}' }, 'variable read_mask.paths: the field is repeated'],
    ['an unknown body', { post: '/v1/b', body: 'bok' }, 'body bok: library.v1.GetBookRequest has no such field'],
    ['a nested body', { post: '/v1/b', body: 'read_mask.paths' }, 'it must be a field of the message itself'],
    [
      'an unknown response body',
      { get: '/v1/b', response_body: 'titel' },
      'response_body titel: library.v1.Book has no such field: did you mean title?',
    ],
    ['a body of GET', { get: '/v1/b', body: '*' }, 'GET requests have no body: remove body'],
    ['a path and a body', { post: '/v1/{name}', body: 'name' }, 'name is both in the path and the body'],
    ['no path', {}, 'the rule has no HTTP method and path'],
    ['a malformed path', { get: 'v1/b' }, '"v1/b"'],
    ['a kind that is no method', { custom: { kind: 'A B', path: '/v1/b' } }, 'custom.kind is not an HTTP method'],
    ['a kind without paths', { custom: { kind: 'connect', path: '/v1/b' } }, 'CONNECT requests have no path'],
    [
      'bindings that are nested',
      { get: '/v1/a', additional_bindings: [{ get: '/v1/b', additional_bindings: [{ get: '/v1/c' }] }] },
      'additional binding 1: GET "/v1/b": an additional binding has additional ones',
    ],
  ]
  test.each(cases)('%s', (_, rule, fault) => {
    const rules = readHttpRules([{ selector: GET_BOOK, ...rule }])
    expect(() => bindingsOf(getBook, rules)).toThrow(RangeError)
    expect(() => bindingsOf(getBook, rules)).toThrow(`${GET_BOOK}: `)
    expect(() => bindingsOf(getBook, rules)).toThrow(fault)
  })

  test.each([
    ['a list', '/v1/{int32s}', 'the field is repeated'],
    ['a map', '/v1/{string_to_string}', 'the field is a map'],
    ['a message', '/v1/{nested}', 'the field is a kinds.v1.Nested'],
    ['a struct', '/v1/{struct}', 'the field is a google.protobuf.Struct'],
    [
      'two members of a oneof',
      '/v1/{chosen_text}/{chosen_number}',
      'chosen_text and chosen_number are members of one oneof',
    ],
    [
      'nested members of a oneof',
      '/v1/{nested.left}/{nested.right}',
      'nested.left and nested.right are members of one oneof',
    ],
  ])('a path cannot hold %s', (_, get, fault) => {
    const rules = readHttpRules([{ selector: 'kinds.v1.KindService.Get', get }])
    expect(() => bindingsOf(KindService.method.get, rules)).toThrow(fault)
  })

  test.each([['a stream of requests without a body', importBooks, { get: '/v1/import' }]])('%s', (_, method, rule) => {
    const rules = readHttpRules([{ selector: `library.v1.LibraryService.${method.name}`, ...rule }])
    expect(() => bindingsOf(method, rules)).toThrow('a method that receives a stream needs a body')
  })

  test.each([watchShelf, discuss])('HEAD cannot have a stream as its response: $name', (method) => {
    const custom = { kind: 'HEAD', path: '/v1/events' }
    const body = method === discuss ? '*' : ''
    const rules = readHttpRules([{ selector: `library.v1.LibraryService.${method.name}`, custom, body }])
    expect(() => bindingsOf(method, rules)).toThrow('HEAD "/v1/events": responses to HEAD have no body for the stream')
  })

  test('one error names all faults of all methods', () => {
    const rules = readHttpRules([
      { selector: GET_BOOK, get: '/v1/{a}/{b}' },
      { selector: 'library.v1.LibraryService.MoveBook', post: '/v1/move', body: 'nothing' },
      { selector: 'library.v1.LibraryService.MoveBok', post: '/v1/move' },
    ])
    const run = () => collectBindings([getBook, moveBook], { rules })
    for (const fault of [
      'variable a',
      'variable b',
      'body nothing',
      'the rule for library.v1.LibraryService.MoveBok selects no method',
    ]) {
      expect(run).toThrow(fault)
    }
  })
})

describe('G9: rules from outside the protos', () => {
  const rule = (selector: string, path: string) => ({ selector, get: path })

  test.each([
    ['replace the annotation', [rule(GET_BOOK, '/v2/a')], ['/v2/a']],
    ['the last one wins', [rule(GET_BOOK, '/v2/a'), rule(GET_BOOK, '/v2/b')], ['/v2/b']],
    ['a package', [rule('library.v1.*', '/v2/a')], ['/v2/a']],
    ['everything', [rule('*', '/v2/a')], ['/v2/a']],
    ['the last one wins, however general', [rule(GET_BOOK, '/v2/a'), rule('library.*', '/v2/b')], ['/v2/b']],
    ['have additional bindings', [{ ...rule(GET_BOOK, '/a'), additionalBindings: [{ put: '/b' }] }], ['/a', '/b']],
  ])('%s', (_, rules, paths) => {
    const source = { type: 'google.api.Service', http: { rules } }
    for (const given of [rules, source]) {
      expect(bindingsOf(getBook, readHttpRules(given)).map(({ template }) => template.text)).toEqual(paths)
    }
  })

  test('the wildcard of a selector is a whole component', () => {
    for (const selector of ['library.v1.LibraryService.Get*', 'library.*.Get', '', '.a', 'a b']) {
      expect(() => readHttpRules([rule(selector, '/v2/a')])).toThrow('rules[0]: selector')
    }
  })

  test.each([
    ['not a list', { rules: [] }, 'expected a list of rules, or an object with http.rules'],
    ['an unknown key', [{ selector: 'a.B', gett: '/v1' }], 'key "gett" is unknown'],
    ['a wrong type', [{ selector: 'a.B', get: 1 }], 'rules[0]'],
    ['a number', [1], 'rules[0]'],
  ])('a malformed source is an error: %s', (_, source, fault) => {
    expect(() => readHttpRules(source)).toThrow(RangeError)
    expect(() => readHttpRules(source)).toThrow(fault)
  })
})

test('G10: methods without a rule are bound by default only if that is asked for', () => {
  expect(bindingsOf(ping, [])).toEqual([])
  expect(summaries(bindingsOf(ping, [], { unboundMethods: true }))).toEqual([
    { rule: 'POST /library.v1.LibraryService/Ping', variables: [], body: '*', responseBody: null, index: 0 },
  ])
  expect(bindingsOf(createBook, [], { unboundMethods: true })).toHaveLength(1)
})

describe('the option is read however its descriptor came to be', () => {
  /** Describes the library again, as `protoc` writes it. */
  function redescribed(change?: (options: MethodOptions) => void) {
    const { file } = LibraryService
    const proto = fromBinary(FileDescriptorProtoSchema, toBinary(FileDescriptorProtoSchema, file.proto))
    for (const method of proto.service[0]?.method ?? []) if (method.options !== undefined) change?.(method.options)
    const found = createFileRegistry(proto, (name) => file.dependencies.find((each) => each.proto.name === name))
    return found.getService('library.v1.LibraryService')?.method.getBook as DescMethod
  }

  test('from bytes, in which it is an unknown field', () => {
    expect(summaries(bindingsOf(redescribed()))).toEqual(summaries(bindingsOf(getBook)))
  })

  test('set with an extension that was generated by the user', () => {
    const rules = createFileRegistry(HttpRuleSchema.file.proto, () => undefined)
    const files = [...rules.files, ...file_google_api_annotations.dependencies]
    const annotations = createFileRegistry(file_google_api_annotations.proto, (name) =>
      files.find((each) => each.proto.name === name),
    )
    const own = annotations.getExtension('google.api.http') as GenExtension<MethodOptions, Message>
    expect(own).not.toBe(http)
    const rule = create(own.message as DescMessage, { pattern: { case: 'get', value: '/v9/{name}' } })
    const method = redescribed((options) => setExtension(options, own, rule))
    expect(summaries(bindingsOf(method))).toMatchObject([{ rule: 'GET /v9/{name}' }])
  })

  test('a malformed option is a fault of the method', () => {
    const method = redescribed((options) => {
      options.$unknown = [{ no: http.number, wireType: 2, data: Uint8Array.of(3, 255, 255, 255) }]
    })
    expect(() => bindingsOf(method)).toThrow(`${GET_BOOK}: the option google.api.http is malformed`)
  })
})
