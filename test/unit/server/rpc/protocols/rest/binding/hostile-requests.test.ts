/** Requests that are malformed, or made to cost much: each is an error of the caller, or cheap. */
import { ScalarType } from '@bufbuild/protobuf'
import { expect, test, vi } from 'vitest'
import { RequestBinder } from '../../../../../../../server/rpc/protocols/rest/binding/request-binder.ts'
import { resolveRestOptions } from '../../../../../../../server/rpc/protocols/rest/resolve-rest-options.ts'
import {
  bindRequest,
  boundJson,
  faultOf,
  GET_KINDS,
  kindsOf,
  POST_KINDS,
} from '../../../../../../support/bind-request.ts'

test('the query has a maximum number of parameters', () => {
  const query = (count: number) => Array.from({ length: count }, (_, index) => `int32s=${index}`).join('&')
  expect((kindsOf(query(1_000)) as { int32s: unknown[] }).int32s).toHaveLength(1_000)
  expect(faultOf(() => kindsOf(query(10_000)))).toBe('the query has more than 1000 parameters')
})

test('a query is read in one pass', () => {
  const options = { query: { maxParameters: 10_000 } }
  const target = `/k?${Array.from({ length: 5_000 }, (_, index) => `int32s=${index}&nested.items=%20`).join('&')}`
  const slices = vi.spyOn(String.prototype, 'slice')
  const searches = vi.spyOn(String.prototype, 'indexOf')
  try {
    bindRequest(GET_KINDS, { target, options })
    const sliced = slices.mock.results.reduce((sum, { value }) => sum + value.length, 0)
    expect(sliced).toBeLessThan(3 * target.length)
    expect(searches.mock.calls.length).toBeLessThan(5 * 10_000)
  } finally {
    slices.mockRestore()
    searches.mockRestore()
  }
})

test('names that clients make up are not kept without bound', () => {
  const binder = new RequestBinder(GET_KINDS, resolveRestOptions({ query: { unknown: 'ignore' } }))
  const names = GET_KINDS.method.input.fields.filter(
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
  expect(kindsOf(query)).toMatchObject({ string_value: 'a', same: { string_value: 'a' } })
  const settings = { decodeBudgetBytes: 100_000 }
  expect(() => bindRequest(GET_KINDS, { target: `/k?${query}`, settings })).toThrow('decodeBudgetBytes, 100000')
  expect(boundJson(GET_KINDS, { target: `/k?${path(3)}`, settings })).toMatchObject({ same: {} })
})

test('JSON that is nested 10,000 deep is an error', () => {
  const depth = 10_000
  for (const body of [`${'{"same":'.repeat(depth)}{}${'}'.repeat(depth)}`, '['.repeat(depth) + ']'.repeat(depth)]) {
    const fault = faultOf(() => boundJson(POST_KINDS, { target: '/k', body: Buffer.from(body) }))
    expect(fault).toMatch(/deep|nest/)
  }
})

test('keys such as __proto__ in a body change nothing but the message', () => {
  const body =
    '{"__proto__":{"polluted":1},"string_to_string":{"__proto__":"a","constructor":"b"},"struct":{"__proto__":{"polluted":1}}}'
  const message = bindRequest(POST_KINDS, { target: '/k', body: Buffer.from(body) }) as unknown as Record<
    string,
    object
  >
  for (const [name, keys] of [
    ['stringToString', ['__proto__', 'constructor']],
    ['struct', ['__proto__']],
  ] as const) {
    expect(Object.keys(message[name] ?? {})).toEqual(keys)
    expect(Object.getPrototypeOf(message[name])).toBe(Object.prototype)
  }
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  const strict = { target: '/k', body: Buffer.from('{"__proto__":1}'), options: { unknownFields: 'reject' as const } }
  expect(faultOf(() => bindRequest(POST_KINDS, strict))).toContain('__proto__')
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
  for (const body of bodies) faultOf(() => bindRequest(POST_KINDS, { target: '/k', body: Buffer.from(body) }))
  expect(faultOf(() => bindRequest(POST_KINDS, { target: '/k', body: Uint8Array.of(0x22, 0xff, 0x22) }))).toContain(
    'parse JSON',
  )
})
