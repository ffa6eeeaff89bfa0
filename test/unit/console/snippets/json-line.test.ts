import { expect, test } from 'vitest'
import { jsonLine } from '../../../../console/app/snippets/json-line.ts'

test.each([
  ['{}', '{}'],
  [' {\n  "a": [1, 2 ],\r\n\t"b" : "x  y" }\n', '{"a":[1,2],"b":"x  y"}'],
  ['{"a": 18446744073709551615}', '{"a":18446744073709551615}'],
  ['{"a": 1.50e+10}', '{"a":1.50e+10}'],
  ['"\\" :  \\\\"', '"\\" :  \\\\"'],
  ['{"a":"\u202e\u0007\ud800"}', '{"a":"\\u202e\\u0007\\ud800"}'],
  ['"👩‍👧"', '"👩\\u200d👧"'],
  ['"שלום 漢字 é"', '"שלום 漢字 é"'],
  // Not JSON, and no other text that is.
  ['1  2', '1 2'],
  ['"a', '"a'],
  ['nul\0l', 'nul\0l'],
])('%j becomes %j', (text, line) => {
  expect(jsonLine(text)).toBe(line)
})

test('a long string is no trouble', () => {
  const text = `"${'\\n'.repeat(1_000_000)}"`
  expect(jsonLine(text)).toBe(text)
})

test('a long text of many lines is no trouble', () => {
  const list = Array.from({ length: 40_000 }, (_, number) => ({ number, text: 'x  y' }))
  expect(jsonLine(JSON.stringify(list, null, 2))).toBe(JSON.stringify(list))
})
