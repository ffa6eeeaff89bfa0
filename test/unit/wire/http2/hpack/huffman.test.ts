import { expect, test } from 'vitest'
import { Cursor } from '../../../../../wire/http2/hpack/cursor.ts'
import { HpackError } from '../../../../../wire/http2/hpack/hpack-error.ts'
import {
  decodeHuffman,
  encodeHuffman,
  huffmanLength,
  maxHuffmanDecodedLength,
} from '../../../../../wire/http2/hpack/huffman.ts'
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
  const target = Buffer.alloc(maxHuffmanDecodedLength(octets.length))
  const length = decodeHuffman(cursor, octets.length, target)
  expect(cursor.position).toBe(octets.length)
  return target.toString('latin1', 0, length)
}
