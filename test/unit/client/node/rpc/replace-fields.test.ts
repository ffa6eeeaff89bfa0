import { expect, test } from 'vitest'
import { replaceFields } from '../../../../../client/node/rpc/replace-fields.ts'

const FIELDS = [
  { name: 'traceparent', value: 'handler' },
  { name: 'tenant', value: 'x' },
]

test('what is added comes last, and instead of what has the same name', () => {
  const added = [{ name: 'traceparent', value: 'attempt' }]
  expect(replaceFields(FIELDS, added)).toEqual([{ name: 'tenant', value: 'x' }, ...added])
})

test('nothing added changes nothing', () => {
  expect(replaceFields(FIELDS, [])).toBe(FIELDS)
})
