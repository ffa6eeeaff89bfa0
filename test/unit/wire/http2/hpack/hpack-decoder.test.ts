import { describe, expect, test } from 'vitest'
import { FieldFault } from '../../../../../wire/http2/hpack/header-name.ts'
import { HpackError } from '../../../../../wire/http2/hpack/hpack-error.ts'
import { RouteMemo } from '../../../../../wire/http2/hpack/route-memo.ts'
import { decodeAll, hex, literal, newDecoder, pairsOf, plain } from './support.ts'

const INSERT = 0x40
const NEVER = 0x10
const PLAIN = 0x00

describe('errors', () => {
  test.each([
    ['index 0', '80'],
    ['index 0 behind a field', '8280'],
    ['an index past an empty table', 'be'],
    ['an index past the table, in five octets', 'ffffffff7f'],
    ['a name index past the table, inserting', '7f0001 61'],
    ['a name index past the table, not inserting', '0f2f 0161'],
    ['an index cut off', 'ff'],
    ['an index cut off in its continuation', 'ff80'],
    ['a literal without a name', '40'],
    ['a literal name cut off', '400561'],
    ['a literal name without its value', '400161'],
    ['a value cut off', '4001610561'],
    ['the length of a value cut off', '4001617f'],
    ['an indexed name without its value', '41'],
    ['a table size update after a field', '8220'],
    ['a table size update above what we announced', '3fe21f'],
    ['a table size update cut off', '3f'],
    ['five octets behind the prefix', 'ff8080808000'],
    ['an integer over 2^28-1', 'ffffffff7f'],
    ['an update over 2^28-1', '3fffffff7f'],
    ['a length over the block', '0001617fffffff7e'],
    ['EOS in a Huffman string', '00016184ffffffff'],
    ['EOS in the middle of a Huffman string', '00016186fffffffffc1f'],
    ['eight bits of padding', '00016182 1fff'],
    ['a whole octet of padding alone', '000161 81ff'],
    ['padding that is not all ones', '000161 8118'],
    ['a zero bit at the end of the padding', '000161 811e'],
  ])('%s', (_, block) => {
    expect(() => decodeAll(newDecoder(), hex(block))).toThrow(HpackError)
  })

  test('the same index is valid once the table is large enough', () => {
    const decoder = newDecoder()
    decodeAll(decoder, literal(INSERT, 'a', 'b'))
    expect(pairsOf(decodeAll(decoder, hex('be')))).toEqual([['a', 'b']])
    expect(() => decodeAll(decoder, hex('bf'))).toThrow(HpackError)
  })

  test('padding of up to seven ones is valid', () => {
    expect(pairsOf(decodeAll(newDecoder(), hex('000161 811f')))).toEqual([['a', 'a']])
    expect(pairsOf(decodeAll(newDecoder(), hex('000161 831c71ff')))).toEqual([['a', 'abb']])
  })
})

describe('the dynamic table', () => {
  test('an entry larger than the table empties it, and is not an error', () => {
    const decoder = newDecoder()
    decodeAll(decoder, literal(INSERT, 'a', 'b'))
    decodeAll(decoder, Buffer.concat([hex('3f0b'), literal(INSERT, 'large', '0123456789')]))
    expect(() => decodeAll(decoder, hex('be'))).toThrow(HpackError)
  })

  test('a name may refer to the entry that its own insertion evicts', () => {
    const decoder = newDecoder()
    decodeAll(decoder, Buffer.concat([hex('3f21'), literal(INSERT, 'keep', 'first')]))
    const block = Buffer.concat([hex('7e'), plain('second')])
    expect(pairsOf(decodeAll(decoder, block))).toEqual([['keep', 'second']])
    expect(pairsOf(decodeAll(decoder, hex('be')))).toEqual([['keep', 'second']])
  })

  test('size updates come first, are counted, and the last one applies', () => {
    const decoder = newDecoder()
    decodeAll(decoder, literal(INSERT, 'a', 'b'))
    const block = decodeAll(decoder, hex('20 3fe11f 3f11 82'))
    expect(block.tableSizeUpdates).toBe(3)
    expect(pairsOf(block)).toEqual([[':method', 'GET']])
    expect(() => decodeAll(decoder, hex('be'))).toThrow(HpackError)
  })

  test('a block of size updates alone is valid', () => {
    expect(decodeAll(newDecoder(), hex('20')).fields).toEqual([])
  })

  test('a reference returns the original object', () => {
    const decoder = newDecoder()
    const [inserted] = decodeAll(decoder, literal(INSERT, 'a', 'b')).fields
    expect(decodeAll(decoder, hex('be')).fields[0]).toBe(inserted)
  })
})

describe('limits', () => {
  test('fields above the list size are dropped, and still update the table', () => {
    const decoder = newDecoder({ maxHeaderListSize: 70 })
    const parts = ['a', 'b', 'c'].map((name) => literal(INSERT, name, 'x'))
    const block = decodeAll(decoder, Buffer.concat(parts))
    expect(block).toMatchObject({ exceeds: true, size: 102 })
    expect(pairsOf(block)).toEqual([
      ['a', 'x'],
      ['b', 'x'],
    ])
    expect(pairsOf(decodeAll(decoder, hex('be')))).toEqual([['c', 'x']])
  })

  test('a small field after the one above the limit is dropped too', () => {
    const decoder = newDecoder({ maxHeaderListSize: 80 })
    const block = decodeAll(decoder, Buffer.concat([literal(PLAIN, 'a', 'x'.repeat(60)), literal(PLAIN, 'b', '')]))
    expect(block).toMatchObject({ exceeds: true, fields: [] })
  })

  test('a list of exactly the limits is accepted', () => {
    const decoder = newDecoder({ maxHeaderListSize: 68, maxFields: 2 })
    const block = decodeAll(decoder, Buffer.concat([literal(PLAIN, 'a', 'x'), literal(PLAIN, 'b', 'y')]))
    expect(block).toMatchObject({ exceeds: false, size: 68 })
  })

  test('fields above the count are dropped', () => {
    const block = decodeAll(newDecoder({ maxFields: 3 }), hex('82828282'))
    expect(block.exceeds).toBe(true)
    expect(block.fields).toHaveLength(3)
  })

  test('references count at full size', () => {
    const decoder = newDecoder()
    decodeAll(decoder, literal(INSERT, 'bomb', 'x'.repeat(100)))
    const block = decodeAll(decoder, Buffer.alloc(60_000, 0xbe))
    expect(block).toMatchObject({ exceeds: true, size: 60_000 * 136 })
    expect(block.fields).toHaveLength(100)
  })
})

describe('fields', () => {
  test('a never-indexed literal is marked as such', () => {
    const decoder = newDecoder()
    const block = decodeAll(decoder, Buffer.concat([literal(NEVER, 'a', 'b'), literal(PLAIN, 'a', 'b')]))
    expect(block.fields.map((field) => field.neverIndexed)).toEqual([true, false])
  })

  test('the first error is the error of the block', () => {
    const parts = [literal(PLAIN, 'a', 'b'), literal(PLAIN, 'a', ' b'), literal(PLAIN, 'A', 'b')]
    expect(decodeAll(newDecoder(), Buffer.concat(parts)).fault).toBe(FieldFault.paddedValue)
    expect(decodeAll(newDecoder(), literal(PLAIN, 'a', 'b')).fault).toBe(FieldFault.none)
  })

  test('an error stays with the name when only the name is taken from the table', () => {
    const decoder = newDecoder()
    decodeAll(decoder, literal(INSERT, 'Bad', 'x'))
    expect(decodeAll(decoder, Buffer.concat([hex('0f2f'), plain('y')])).fault).toBe(FieldFault.upperCaseName)
    decodeAll(decoder, literal(INSERT, 'good', 'x '))
    expect(decodeAll(decoder, Buffer.concat([hex('0f2f'), plain('y')])).fault).toBe(FieldFault.none)
  })

  test('values are latin1, at any length', () => {
    const text = String.fromCharCode(...Array.from({ length: 100 }, (_, i) => 156 + i))
    for (const length of [0, 1, 8, 9, 10, 100]) {
      const value = text.slice(0, length)
      expect(pairsOf(decodeAll(newDecoder(), literal(PLAIN, 'a', value)))).toEqual([['a', value]])
    }
  })

  test('a Huffman string above the scratch space is decoded completely', () => {
    const coded = Buffer.concat([hex('000161 ffa23f'), Buffer.alloc(8225, hex('18c6318c63'))])
    const block = decodeAll(newDecoder({ maxHeaderListSize: 65_536 }), coded)
    expect(pairsOf(block)).toEqual([['a', 'a'.repeat(13_160)]])
  })

  test('a block is read in place within its chunk', () => {
    const chunk = Buffer.concat([hex('ffff'), literal(PLAIN, 'a', 'b'), hex('80')])
    expect(pairsOf(newDecoder().decode(chunk, 2, chunk.length - 1))).toEqual([['a', 'b']])
  })
})

describe('the paths of a server', () => {
  const path = '/greeter.v1.GreeterService/SayHello'
  const routes = new RouteMemo([path])

  test('registered paths are one object on every connection, inserted or not', () => {
    const [first] = decodeAll(newDecoder({ routes }), Buffer.concat([hex('04'), plain(path)])).fields
    const other = newDecoder({ routes })
    const [second] = decodeAll(other, Buffer.concat([hex('44'), plain(path)])).fields
    expect(first).toMatchObject({ name: ':path', value: path })
    expect(second).toBe(first)
    expect(decodeAll(other, hex('be')).fields[0]).toBe(first)
  })

  test('another path is a new string, and a never-indexed one keeps its mark', () => {
    const decoder = newDecoder({ routes })
    expect(pairsOf(decodeAll(decoder, Buffer.concat([hex('04'), plain(`${path}s`)])))).toEqual([[':path', `${path}s`]])
    expect(decodeAll(decoder, Buffer.concat([hex('14'), plain(path)])).fields[0]?.neverIndexed).toBe(true)
  })

  test('a truncated path is an error', () => {
    expect(() => decodeAll(newDecoder({ routes }), Buffer.concat([hex('04'), plain(path).subarray(0, -1)]))).toThrow(
      HpackError,
    )
    expect(() => decodeAll(newDecoder({ routes }), hex('04'))).toThrow(HpackError)
  })
})
