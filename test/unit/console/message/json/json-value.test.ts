import fc from 'fast-check'
import { expect, it } from 'vitest'
import { jsonValue } from '../../../../../console/app/message/json/json-value.ts'
import { parseJson } from '../../../../../console/app/message/json/parse-json.ts'

it('returns what JSON.stringify has written, whatever the keys', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: fc.constantFrom(...'ab1"\\\n{', '__proto__', 'constructor') }), (value) => {
      const text = JSON.stringify(value)
      expect(JSON.stringify(jsonValue(parseJson(text)))).toBe(text)
    }),
  )
})

it('has an own property for each key, and the last value of a key that is there twice', () => {
  const value = jsonValue(parseJson('{"__proto__": {"a": 1}, "b": 1, "b": [true, null, -0, 1e3, "x"]}'))
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  expect(Object.entries(value as object)).toEqual([
    ['__proto__', { a: 1 }],
    ['b', [true, null, -0, 1_000, 'x']],
  ])
})

it('takes the exact texts of numbers', () => {
  const root = parseJson('[9007199254740993, 1]')
  const [large] = root.kind === 'array' ? root.items : []
  expect(jsonValue(root, new Map(large && [[large, '9007199254740993']]))).toEqual(['9007199254740993', 1])
})
