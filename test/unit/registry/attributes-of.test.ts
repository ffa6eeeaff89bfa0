import { expect, test } from 'vitest'
import { attributesOf } from '../../../registry/resolver/attributes-of.ts'

test.each<[unknown, object]>([
  [
    { weight: 2, zone: 'a', version: '1', rack: [1] },
    { weight: 2, zone: 'a', version: '1', rack: [1] },
  ],
  [{ weight: '10' }, { weight: 10 }],
  [{ weight: 0.5 }, { weight: 0.5 }],
  [{ weight: 0 }, {}],
  [{ weight: -1 }, {}],
  [{ weight: 4_294_967_296 }, {}],
  [{ weight: 'many' }, {}],
  [{ weight: null, zone: 'a' }, { zone: 'a' }],
  [{ hostname: 'evil.example', zone: 'a' }, { zone: 'a' }],
  [JSON.parse('{"__proto__":{"weight":2},"a":1}'), { a: 1 }],
  [null, {}],
  ['text', {}],
  [['a'], {}],
  [undefined, {}],
])('turns %j into %j', (metadata, attributes) => {
  const found = attributesOf(metadata)
  expect(found).toEqual(attributes)
  expect(Object.getPrototypeOf(found)).toBe(Object.prototype)
})
