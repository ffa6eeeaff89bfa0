import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { checkJson, parseJson } from '../../../../wire/json/parse-json.ts'

const WIDE = { maxDepth: 200, budgetBytes: Number.POSITIVE_INFINITY }
const nested = (levels: number) => Buffer.from(`{"error":${'['.repeat(levels)}${']'.repeat(levels)}}`)

test.each([
  ['nested without end', Buffer.alloc(1_000_000, '[')],
  ['nested a level too deep', nested(200)],
  ['a number of a million digits', Buffer.from(`{"metadata":{"a":${'9'.repeat(1_000_000)}}}`)],
])('checkJson rejects JSON %s', (_, data) => {
  expect(() => checkJson(data)).toThrow(expect.objectContaining({ code: Code.InvalidArgument }))
})

test.each([
  ['an end of a stream', Buffer.from('{"metadata":{"a":["b"]},"error":{"code":"internal","details":[]}}')],
  ['as deep as a detail may be', nested(199)],
  ['what is no JSON, which Connect says itself', Buffer.from('{"error":')],
])('checkJson accepts, or leaves to Connect: %s', (_, data) => {
  expect(() => checkJson(data)).not.toThrow()
})

test('a string in the text is never taken for a long number', () => {
  const { value, mark } = parseJson('{"a":9007199254740993,"b":"9007199254740993"}', WIDE)
  expect(value).toEqual({ a: `${mark}9007199254740993`, b: '9007199254740993' })
  const again = parseJson(`{"a":9007199254740993,"b":"${mark}1"}`, WIDE)
  expect(again.mark).not.toBe(mark)
})

test('a text without long numbers parses as with JSON.parse', () => {
  const text = '{"a":[1,-0.5,123456789012345],"__proto__":{"b":"9007199254740993"},"c":1e300}'
  const { value, mark } = parseJson(text, WIDE)
  expect(mark).toBeNull()
  expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(text)))
})
