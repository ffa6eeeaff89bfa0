import { expect, test } from 'vitest'
import { Cursor } from '../../../../../wire/http2/hpack/cursor.ts'
import { HpackError } from '../../../../../wire/http2/hpack/hpack-error.ts'
import { decodeHuffman, encodeHuffman, huffmanLength, huffmanRoom } from '../../../../../wire/http2/hpack/huffman.ts'
import { hex } from './support.ts'

test('every pair of bytes round-trips, with the predicted length', () => {
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      const text = String.fromCharCode(first, second)
      const octets = encode(text)
      expect(octets.length).toBe(huffmanLength(text))
      expect(decode(octets)).toBe(text)
    }
  }
})

test('all bytes in one string round-trip', () => {
  const text = String.fromCharCode(...Array.from({ length: 256 }, (_, octet) => octet))
  expect(decode(encode(text + text))).toBe(text + text)
})

test('the empty string is empty', () => {
  expect(encode('')).toHaveLength(0)
  expect(decode(hex(''))).toBe('')
})

test.each([
  ['EOS', 'fffffffc'],
  ['EOS behind an octet', '1fffffffff'],
  ['eight bits of padding', '1fff'],
  ['padding of zeros', '18'],
  ['a code cut off', 'ffffff'],
])('rejects %s', (_, octets) => {
  expect(() => decode(hex(octets))).toThrow(HpackError)
})

test.each(['\0', '\n', '\r'])('a string with %j is not clean, wherever it is', (bad) => {
  for (const text of [bad, `${bad}a`, `a${bad}`, `ab${bad}cd`, `${'x'.repeat(100)}${bad}`]) {
    expect(isClean(encode(text)), JSON.stringify(text)).toBe(false)
  }
})

test('a string of any other octets is clean', () => {
  for (let octet = 0; octet < 256; octet++) {
    if (![0, 10, 13].includes(octet)) expect(isClean(encode(`a${String.fromCharCode(octet)}b`)), `${octet}`).toBe(true)
  }
})

function encode(text: string): Buffer {
  const cursor = new Cursor()
  const octets = Buffer.alloc(4 * text.length + 4)
  cursor.point(octets, 0, octets.length)
  encodeHuffman(cursor, text)
  return octets.subarray(0, cursor.position)
}

function decode(octets: Buffer): string {
  const cursor = new Cursor()
  cursor.point(octets, 0, octets.length)
  const target = Buffer.alloc(huffmanRoom(octets.length))
  const length = decodeHuffman(cursor, octets.length, target)
  expect(cursor.position).toBe(octets.length)
  return target.toString('latin1', 0, length)
}

function isClean(octets: Buffer): boolean {
  const cursor = new Cursor()
  cursor.point(octets, 0, octets.length)
  decodeHuffman(cursor, octets.length, Buffer.alloc(huffmanRoom(octets.length)))
  return cursor.isClean
}
