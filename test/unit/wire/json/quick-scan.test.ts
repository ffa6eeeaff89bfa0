import { describe, expect, test } from 'vitest'
import { quickScan } from '../../../../wire/json/quick-scan.ts'

const BOUNDS = {
  maxDepth: 3,
  budgetBytes: 100_000,
  perContainer: 100,
  perIndex: 10_000,
  perChar: 0,
  hasLongDigits: false,
}

describe('a quick scan', () => {
  test.each([
    ['{"a":1,"b":{"c":[1]}}', 3],
    ['{"a\\":\\"":"b:c","d":-1.5e-3}', 2],
    ['[0.1234567890123456789, "007", 123456789012345]', 0],
    ['{"a":"no end', 1],
  ])('counts the members of %s', (text, members) => {
    expect(quickScan(text, BOUNDS)).toBe(members)
  })

  test.each([
    ['nesting that is too deep', '[[[[]]]]'],
    ['an integer that a double may round', '9007199254740993'],
    ['a fraction that a double may lose', '1.0000000000000000001'],
    ['a text that starts like an integer and is too long for one', `"${'1'.repeat(65)}"`],
    ['a text that may exceed the budget', `"${'x'.repeat(1_000)}"`],
    ['many keys that are indexes', JSON.stringify(Object.fromEntries(Array.from({ length: 20 }, (_, n) => [n, n])))],
  ])('leaves %s to the thorough scan', (_what, text) => {
    expect(quickScan(text, BOUNDS)).toBe(-1)
  })

  test('takes only keys for indexes, not values that start with a digit', () => {
    const times = Array.from({ length: 20 }, (_, day) => `20${day}`)
    expect(quickScan(JSON.stringify({ times }), BOUNDS)).toBe(1)
  })
})
