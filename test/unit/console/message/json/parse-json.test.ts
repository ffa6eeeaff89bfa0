import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memberOf } from '../../../../../console/app/message/json/json-node.ts'
import { jsonValue } from '../../../../../console/app/message/json/json-value.ts'
import { JsonSyntaxError, MAX_LEVELS, parseJson } from '../../../../../console/app/message/json/parse-json.ts'

function fault(text: string): JsonSyntaxError {
  try {
    parseJson(text)
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error
    throw error
  }
  throw new Error('the text is JSON')
}

/** Without what needs an escape: V8 14.6 can take one key with escapes for another (https://github.com/nodejs/node/issues/63785). */
const unit = fc.constantFrom(...'abz09 {}[]:,\u007f\u2028é🙂', '__proto__')
const json = fc.json({ stringUnit: unit }).map((text) => ({ text, pretty: JSON.stringify(JSON.parse(text), null, 2) }))

describe('parseJson', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(json, ({ text, pretty }) => {
        expect(jsonValue(parseJson(text))).toEqual(JSON.parse(text))
        expect(jsonValue(parseJson(pretty))).toEqual(JSON.parse(pretty))
      }),
    )
  })

  it('refuses what JSON.parse refuses, and nothing else', () => {
    const broken = fc.tuple(
      json,
      fc.nat(),
      fc.nat(2),
      fc.constantFrom('', ',', '{', '}', ']', '"', '\\', '0', '-', '.', 'e', 't', '\u0001', ' '),
    )
    fc.assert(
      fc.property(broken, ([{ text }, at, cut, more]) => {
        const place = at % (text.length + 1)
        const changed = text.slice(0, place) + more + text.slice(place + cut)
        let isJson = true
        try {
          JSON.parse(changed)
        } catch {
          isJson = false
        }
        if (!isJson) {
          expect(() => parseJson(changed)).toThrow(JsonSyntaxError)
          return
        }
        const value = jsonValue(parseJson(changed))
        if (!changed.includes('\\')) expect(value).toEqual(JSON.parse(changed))
      }),
      { numRuns: 2_000 },
    )
  })

  it('knows where values are', () => {
    const text = '{ "a": [1, "zwei", null] }'
    const root = parseJson(text)
    const list = root.kind === 'object' ? memberOf(root, 'a')?.value : undefined
    const items = list?.kind === 'array' ? list.items : []
    expect(items.map(({ start, end }) => text.slice(start, end))).toEqual(['1', '"zwei"', 'null'])
  })

  it.each([
    ['', 0, 'A value is missing.'],
    ['{"a" 1}', 5, 'A colon is expected between a key and its value.'],
    ['{"a": 1 "b": 2}', 8, 'A comma or } is expected here.'],
    ['[1 2]', 3, 'A comma or ] is expected here.'],
    ['{"a": 1,}', 8, 'No comma may follow the last element.'],
    ['{a: 1}', 1, 'A key in double quotes is expected here.'],
    ['{"a": [1, 2', 6, 'The array that begins here lacks its ].'],
    ['{"a": "b}', 6, 'The string that begins here lacks its closing quote.'],
    ['["\\x"]', 2, 'This is not an escape of JSON, such as \\n or \\u00e9.'],
    ['{"a": hello}', 6, 'hello is not a value of JSON; text needs double quotes.'],
    ['[01]', 1, '01 is not a value of JSON; text needs double quotes.'],
    ['{} {}', 3, 'Nothing may follow the end of the JSON value.'],
    ["{'a': 1}", 1, 'A key in double quotes is expected here.'],
  ])('says what is wrong, and where: %s', (text, start, message) => {
    expect(fault(text)).toMatchObject({ message, span: { start } })
  })

  it('stops at a depth instead of overflowing the stack', () => {
    for (const open of ['[', '{"a":']) {
      const text = open.repeat(10_000)
      expect(fault(text)).toMatchObject({
        message: `Values are nested more than ${MAX_LEVELS} levels deep.`,
        span: { start: open.length * MAX_LEVELS },
      })
    }
  })

  it('keeps keys that objects of JavaScript treat specially', () => {
    const root = parseJson('{"__proto__": 1, "constructor": 2, "__proto__": 3}')
    expect(root.kind === 'object' && root.members.map(({ key }) => key.value)).toEqual([
      '__proto__',
      'constructor',
      '__proto__',
    ])
    expect(root.kind === 'object' && memberOf(root, '__proto__')?.value).toMatchObject({ raw: '3' })
    expect(root.kind === 'object' && memberOf(root, 'toString')).toBe(undefined)
  })
})
