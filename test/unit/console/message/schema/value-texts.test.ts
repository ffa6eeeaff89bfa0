import { ScalarType } from '@bufbuild/protobuf'
import { describe, expect, it, test } from 'vitest'
import { exactInteger } from '../../../../../console/app/message/check/exact-integer.ts'
import { formatJson } from '../../../../../console/app/message/json/format-json.ts'
import { parseJson } from '../../../../../console/app/message/json/parse-json.ts'
import { readOctets, writeOctets } from '../../../../../console/app/message/schema/bytes-text.ts'
import { numberText } from '../../../../../console/app/message/schema/number-text.ts'
import { inLargerUnits, pickedTime, pickerValue } from '../../../../../console/app/message/schema/time-text.ts'

test.each([
  ['0', 0n],
  ['-0', 0n],
  ['12', 12n],
  ['1.20e1', 12n],
  ['120e-1', 12n],
  ['-9223372036854775808', -9223372036854775808n],
  ['1e18', 10n ** 18n],
  ['1.5', null],
  ['1e-1', null],
  ['1e999999999', null],
  ['', null],
  ['0x10', null],
  [' 1', null],
  ['9'.repeat(10_000), null],
])('%s is the whole number %s', (text, value) => {
  expect(exactInteger(text)).toBe(value)
})

test.each([
  [ScalarType.INT32, '12', '12'],
  [ScalarType.INT32, '012', '"012"'],
  [ScalarType.INT32, 'x"', '"x\\""'],
  [ScalarType.UINT64, '12', '"12"'],
  [ScalarType.DOUBLE, '1.50', '1.50'],
  [ScalarType.DOUBLE, '1.', '"1."'],
  [ScalarType.FLOAT, 'NaN', '"NaN"'],
  [ScalarType.INT32, '1234567890123456789', '"1234567890123456789"'],
] as const)('a number of kind %d that is typed as %s is written as %s', (scalar, typed, text) => {
  expect(numberText(scalar, typed)).toBe(text)
})

describe('octets', () => {
  it.each([
    ['text', 'é', [0xc3, 0xa9]],
    ['hex', 'DE ad, 0xbe:ef', [0xde, 0xad, 0xbe, 0xef]],
    ['base64', '3q2-7w', [0xde, 0xad, 0xbe, 0xef]],
    ['base64', '3q2+\n7w==\r\n', [0xde, 0xad, 0xbe, 0xef]],
    ['hex', 'dea', 'Each octet needs two digits.'],
    ['hex', 'xy', 'Hexadecimal digits are 0 to 9 and a to f.'],
    ['base64', 'a!', 'This is not base64.'],
  ] as const)('are read from %s', (format, text, octets) => {
    const read = readOctets(text, format)
    expect(typeof read === 'string' ? read : [...read]).toEqual(octets)
  })

  it('are written in each format, and as text if they are UTF-8', () => {
    const octets = Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)
    expect(['text', 'hex', 'base64'].map((format) => writeOctets(octets, format as never))).toEqual([
      '\ufeffA',
      'ef bb bf 41',
      '77u/QQ==',
    ])
    expect(writeOctets(Uint8Array.of(0xff), 'text')).toBe(null)
  })
})

describe('times', () => {
  it('go into the picker and back, with their fraction', () => {
    expect(pickerValue('2026-01-31T09:30:00.123456789+02:00', 'utc')).toBe('2026-01-31T07:30:00')
    expect(pickedTime('2026-01-31T07:30', '2025-01-01T00:00:00.5Z', 'utc')).toBe('2026-01-31T07:30:00.5Z')
    expect(pickedTime('', '2025-01-01T00:00:00Z', 'utc')).toBe(undefined)
  })

  it('are in larger units what their seconds are', () => {
    expect([59, 60, 3_661, -90_061.5, Number.NaN].map(inLargerUnits)).toEqual([
      '',
      '1 min',
      '1 h 1 min 1 s',
      '−1 d 1 h 1 min 1.5 s',
      '',
    ])
  })
})

test('a layout keeps the characters of values', () => {
  const text = '{"a":[1.50,9007199254740993,{}],"\\u0062":{"c":[]},"a":"\\/"}'
  expect(formatJson({ text, root: parseJson(text) })).toBe(
    '{\n  "a": [\n    1.50,\n    9007199254740993,\n    {}\n  ],\n  "\\u0062": {\n    "c": []\n  },\n  "a": "\\/"\n}',
  )
})
