import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  appendItem,
  type ParsedJson,
  removeValue,
  renameKey,
  setValue,
  swapItems,
  valueText,
} from '../../../../../console/app/message/json/edit-json.ts'
import { nodeAt } from '../../../../../console/app/message/json/json-node.ts'
import { jsonValue } from '../../../../../console/app/message/json/json-value.ts'
import { parseJson } from '../../../../../console/app/message/json/parse-json.ts'

function parsed(text: string): ParsedJson {
  return { text, root: parseJson(text) }
}

describe('setValue', () => {
  it.each([
    ['a value is replaced', '{"a": 1, "b": 2}', ['a'], '3', '{"a": 3, "b": 2}'],
    ['the root is replaced', ' "x" ', [], '"y"', ' "y" '],
    ['a member of an empty object', '{}', ['a'], '1', '{\n  "a": 1\n}'],
    ['a member on a line of its own', '{\n    "a": 1\n}', ['b'], '2', '{\n    "a": 1,\n    "b": 2\n}'],
    ['a member in the same line', '{"a": 1}', ['b'], '2', '{"a": 1, "b": 2}'],
    [
      'objects on the way',
      '{\n  "a": {}\n}',
      ['a', 'b', 'c'],
      '1',
      '{\n  "a": {\n    "b": {\n      "c": 1\n    }\n  }\n}',
    ],
    ['null on the way', '{"a": null}', ['a', 'b'], '1', '{"a": {\n  "b": 1\n}}'],
    ['an item of a list', '[1, [2, 3]]', [1, 0], '"x"', '[1, ["x", 3]]'],
    ['the last of duplicate keys', '{"a": 1, "a": 2}', ['a'], '3', '{"a": 1, "a": 3}'],
    ['a key like a property of objects', '{}', ['__proto__'], '1', '{\n  "__proto__": 1\n}'],
    ['nothing beyond the end of a list', '[1]', [4], '2', '[1]'],
  ] as const)('%s', (_, text, path, value, changed) => {
    expect(setValue(parsed(text), path, value)).toBe(changed)
  })
})

describe('removeValue', () => {
  it.each([
    ['the first member', '{"a": 1, "b": 2}', ['a'], '{"b": 2}'],
    ['the last member', '{\n  "a": 1,\n  "b": 2\n}', ['b'], '{\n  "a": 1\n}'],
    ['the only member', '{\n  "a": 1\n}', ['a'], '{}'],
    ['all members of a key', '{"a": 1, "a": 2, "b": 3, "a": 4}', ['a'], '{"b": 3}'],
    ['an item', '[1, 2, 3]', [1], '[1, 3]'],
    ['the only item', '[ {"x": "]"} ]', [0], '[]'],
    ['nothing', '{"a": 1}', ['b'], '{"a": 1}'],
    ['nothing in a list', '[1]', [3], '[1]'],
  ] as const)('removes %s', (_, text, path, changed) => {
    expect(removeValue(parsed(text), path)).toBe(changed)
  })
})

it('appends items, and creates the list', () => {
  expect(appendItem(parsed('{}'), ['a'], '1')).toBe('{\n  "a": [\n    1\n  ]\n}')
  expect(appendItem(parsed('{"a": [1]}'), ['a'], '2')).toBe('{"a": [1, 2]}')
  expect(appendItem(parsed('{\n  "a": [\n    1\n  ]\n}'), ['a'], '{\n  "b": 2\n}')).toBe(
    '{\n  "a": [\n    1,\n    {\n      "b": 2\n    }\n  ]\n}',
  )
})

it('swaps items, and leaves the space between them', () => {
  expect(swapItems(parsed('[1,  "two", 3]'), [], 2, 0)).toBe('[3,  "two", 1]')
  expect(swapItems(parsed('[1]'), [], 0, 1)).toBe('[1]')
})

it('renames keys', () => {
  expect(renameKey(parsed('{"a": {"b": 1}}'), ['a', 'b'], 'c"\n')).toBe('{"a": {"c\\"\\n": 1}}')
  expect(renameKey(parsed('{"a": 1}'), ['x'], 'y')).toBe('{"a": 1}')
})

it('changes what it is asked to and nothing else, whatever the text looks like', () => {
  const spaces = fc.constantFrom(undefined, 1, 2, '\t')
  // Not by JSON.parse, as V8 14.6 can take one key with escapes for another; JSON writes -0 as 0.
  const read = (text: string) => jsonValue(parseJson(text))
  const key = fc.string({ minLength: 1, unit: fc.constantFrom(...'ab1{}[],:"\\ \n', '__proto__') })
  const value = fc.dictionary(key, fc.jsonValue(), { minKeys: 1 }).map((each) => read(JSON.stringify(each)) as object)
  fc.assert(
    fc.property(value, spaces, fc.jsonValue(), fc.nat(), (before, space, next, pick) => {
      const json = parsed(JSON.stringify(before, null, space))
      const keys = Object.keys(before)
      const key = keys[pick % keys.length] ?? ''
      const nextText = JSON.stringify(next, null, 2)
      const rest = Object.entries(before).filter(([each]) => each !== key)
      expect(read(setValue(json, [key], nextText))).toEqual(Object.fromEntries([...rest, [key, read(nextText)]]))
      expect(read(removeValue(json, [key]))).toEqual(Object.fromEntries(rest))
    }),
  )
})

it('returns a value as it was put there, line breaks and all', () => {
  const step = fc.constantFrom('a', 'b', 'list')
  const base = fc.constantFrom(
    '{}',
    '{"a": {}}',
    '{\n    "a": {"b": 1}\n}',
    '{"list": [1], "b": {"a": 2}}',
    '{"a": [\n1\n], "b": {}}',
  )
  const value = fc.constantFrom('1', '[1,\n2]', '{"a":\n [\n\t1 ]}', '[\n1,\n\n    2\n  ]', '{\n  "b": {}\n}')
  fc.assert(
    fc.property(base, fc.array(step, { minLength: 1, maxLength: 3 }), value, (text, path, put) => {
      const changed = parsed(setValue(parsed(text), path, put))
      const node = nodeAt(changed.root, path)
      // Nothing is put into a list by a name.
      if (node !== undefined) expect(valueText(changed, node)).toBe(put)
      else expect(changed.text).toBe(text)
    }),
  )
})
