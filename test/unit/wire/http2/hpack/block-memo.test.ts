import { describe, expect, test } from 'vitest'
import type { HpackDecoder } from '../../../../../wire/http2/hpack/hpack-decoder.ts'
import { decodeAll, hex, literal, newDecoder, pairsOf } from './support.ts'

const INSERT = 0x40
const NEVER = 0x10
const PLAIN = 0x00

describe('a block of the same bytes', () => {
  test('is the same object with its digest, while the table is unchanged', () => {
    const decoder = newDecoder()
    decodeAll(decoder, literal(INSERT, 'a', 'b'))
    const first = decodeAll(decoder, hex('82be'))
    first.digest = 'digest'
    const again = decodeAll(decoder, hex('82be'))
    expect(again).toBe(first)
    expect(again.digest).toBe('digest')
  })

  test('is decoded again when it refers to a changed table', () => {
    const decoder = newDecoder()
    decodeAll(decoder, literal(INSERT, 'a', 'old'))
    decodeAll(decoder, hex('be'))
    decodeAll(decoder, literal(INSERT, 'a', 'new'))
    expect(pairsOf(decodeAll(decoder, hex('be')))).toEqual([['a', 'new']])
  })

  test('is decoded again when only the name is from the table', () => {
    const decoder = newDecoder()
    decodeAll(decoder, literal(INSERT, 'old', 'x'))
    decodeAll(decoder, hex('0f2f 0179'))
    decodeAll(decoder, literal(INSERT, 'new', 'x'))
    expect(pairsOf(decodeAll(decoder, hex('0f2f 0179')))).toEqual([['new', 'y']])
  })

  test('is an error when what it refers to was evicted', () => {
    const decoder = newDecoder()
    decodeAll(decoder, literal(INSERT, 'a', 'b'))
    decodeAll(decoder, hex('be'))
    decodeAll(decoder, hex('20'))
    expect(() => decodeAll(decoder, hex('be'))).toThrow()
  })

  test('of static and literal fields alone survives changes of the table', () => {
    const decoder = newDecoder()
    const block = Buffer.concat([hex('83'), literal(PLAIN, 'x', 'y')])
    const first = decodeAll(decoder, block)
    decodeAll(decoder, literal(INSERT, 'a', 'b'))
    expect(decodeAll(decoder, block)).toBe(first)
  })

  test('is not the same object on another connection', () => {
    expect(decodeAll(newDecoder(), hex('82'))).not.toBe(decodeAll(newDecoder(), hex('82')))
  })
})

test.each([
  ['inserts', literal(INSERT, 'a', 'b')],
  ['inserts in vain', literal(INSERT, 'a', 'x'.repeat(100))],
  ['resizes', hex('3fe11f82')],
  ['has a never-indexed field', literal(NEVER, 'a', 'b')],
  ['has a field with a fault', literal(PLAIN, 'A', 'b')],
  ['exceeds the list size', literal(PLAIN, 'a', 'x'.repeat(120))],
  ['exceeds the count', Buffer.alloc(5, 0x82)],
])('a block that %s is not cached', (_, block) => {
  const decoder = newDecoder({ maxHeaderListSize: 150, maxFields: 4 })
  decodeAll(decoder, hex('3f21'))
  expect(decodeAll(decoder, block)).not.toBe(decodeAll(decoder, block))
})

test('a block of 256 bytes is cached, a longer one is not', () => {
  const decoder = newDecoder({ maxFields: 1000 })
  const fits = Buffer.alloc(256, 0x82)
  const longer = Buffer.alloc(257, 0x82)
  expect(decodeAll(decoder, fits)).toBe(decodeAll(decoder, fits))
  expect(decodeAll(decoder, longer)).not.toBe(decodeAll(decoder, longer))
})

describe('a memo with few hits', () => {
  test('is disabled for 1,024 blocks after 256, and enabled again', () => {
    const decoder = newDecoder()
    missBlocks(decoder, 256)
    const kept = hex('8286')
    const during = decodeAll(decoder, kept)
    for (let i = 1; i < 1024; i++) expect(decodeAll(decoder, kept)).not.toBe(during)
    const after = decodeAll(decoder, kept)
    expect(decodeAll(decoder, kept)).toBe(after)
  })

  test('stays enabled with one hit in eight', () => {
    const decoder = newDecoder()
    const kept = hex('8286')
    const first = decodeAll(decoder, kept)
    for (let i = 0; i < 32; i++) expect(decodeAll(decoder, kept)).toBe(first)
    missBlocks(decoder, 223)
    const again = decodeAll(decoder, kept)
    expect(decodeAll(decoder, kept)).toBe(again)
  })
})

/** Decodes as many blocks that are all different. */
function missBlocks(decoder: HpackDecoder, count: number): void {
  for (let i = 0; i < count; i++) decodeAll(decoder, literal(PLAIN, 'miss', `${i}`))
}
