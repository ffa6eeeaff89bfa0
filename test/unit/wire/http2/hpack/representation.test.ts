import { expect, test } from 'vitest'
import { Cursor } from '../../../../../wire/http2/hpack/cursor.ts'
import { HpackError } from '../../../../../wire/http2/hpack/hpack-error.ts'
import { MAX_INTEGER, readInteger, writeInteger } from '../../../../../wire/http2/hpack/representation.ts'
import { hex } from './support.ts'

const MASKS = [0x0f, 0x1f, 0x3f, 0x7f]

test.each(MASKS)('integers around every boundary of prefix %i round-trip', (mask) => {
  const edges = [0, mask, mask + 0x80, mask + 2 ** 14, mask + 2 ** 21, MAX_INTEGER]
  const values = edges
    .flatMap((edge) => [edge - 1, edge, edge + 1])
    .filter((value) => value >= 0 && value <= MAX_INTEGER)
  for (const value of values) {
    const cursor = new Cursor()
    cursor.point(Buffer.alloc(5), 0, 5)
    writeInteger(cursor, { flag: 0x80, mask }, value)
    cursor.point(cursor.bytes, 0, cursor.position)
    expect(readInteger(cursor, mask)).toBe(value)
    expect(cursor.position).toBe(cursor.end)
  }
})

test('the bits above the prefix are the flag', () => {
  const cursor = new Cursor()
  cursor.point(Buffer.alloc(2), 0, 2)
  writeInteger(cursor, { flag: 0x40, mask: 0x3f }, 5)
  writeInteger(cursor, { flag: 0x80, mask: 0x7f }, 5)
  expect(cursor.bytes).toEqual(hex('4585'))
})

test('trailing zeros are accepted within four bytes', () => {
  expect(readInteger(cursorAt('7f80808000'), 0x7f)).toBe(127)
})

test.each([
  ['of more than four octets behind the prefix', '7f8080808000'],
  ['over 2^28-1', '7fffffff7f'],
  ['one over 2^28-1', '7f81ffff7f'],
  ['cut off', '7f80'],
])('rejects an integer %s', (_, octets) => {
  expect(() => readInteger(cursorAt(octets), 0x7f)).toThrow(HpackError)
})

test('2^28-1 is accepted', () => {
  expect(readInteger(cursorAt('7f80ffff7f'), 0x7f)).toBe(MAX_INTEGER)
})

function cursorAt(octets: string): Cursor {
  const cursor = new Cursor()
  const bytes = hex(octets)
  cursor.point(bytes, 0, bytes.length)
  return cursor
}
