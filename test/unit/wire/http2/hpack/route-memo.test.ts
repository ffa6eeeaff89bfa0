import { expect, test } from 'vitest'
import { Cursor } from '../../../../../wire/http2/hpack/cursor.ts'
import { encodeHuffman } from '../../../../../wire/http2/hpack/huffman.ts'
import { RouteMemo } from '../../../../../wire/http2/hpack/route-memo.ts'

const PATHS = Array.from({ length: 200 }, (_, i) => `/package.v${i % 7}.Service${i % 13}/Method${i}`)
const memo = new RouteMemo(PATHS)

test('finds every path by its plain and its Huffman bytes, as one object', () => {
  for (const path of PATHS) {
    const found = find(Buffer.from(path), false)
    expect(found?.value).toBe(path)
    expect(find(huffman(path), true)).toBe(found)
  }
})

test('does not confuse the bytes of one form with the other', () => {
  const path = PATHS[0] ?? ''
  expect(find(Buffer.from(path), true)).toBeUndefined()
  expect(find(huffman(path), false)).toBeUndefined()
})

test.each(['', '/', '/package.v0.Service0/Method', '/package.v0.Service0/Method00'])('%j is not found', (path) => {
  expect(find(Buffer.from(path), false)).toBeUndefined()
})

test('without paths nothing is found', () => {
  const cursor = new Cursor()
  cursor.point(Buffer.from('/a/b'), 0, 4)
  expect(new RouteMemo([]).find(cursor, 4, false)).toBeUndefined()
})

function find(octets: Buffer, isHuffman: boolean) {
  const cursor = new Cursor()
  cursor.point(Buffer.concat([Buffer.from('x'), octets, Buffer.from('y')]), 1, octets.length + 2)
  return memo.find(cursor, octets.length, isHuffman)
}

function huffman(text: string): Buffer {
  const cursor = new Cursor()
  cursor.point(Buffer.alloc(4 * text.length), 0, 4 * text.length)
  encodeHuffman(cursor, text)
  return cursor.bytes.subarray(0, cursor.position)
}
