/** Strings in a header block (RFC 7541 section 5.2). */

import type { Cursor } from './cursor.ts'
import { latin1Text } from './cursor.ts'
import { HpackError } from './hpack-error.ts'
import { decodeHuffman, encodeHuffman, huffmanLength, huffmanRoom } from './huffman.ts'
import { HUFFMAN_STRING, PLAIN_STRING, readInteger, writeInteger } from './representation.ts'

/** Where Huffman strings are decoded before they become text. Longer ones get a buffer of their own. */
const scratch = Buffer.allocUnsafeSlow(4096)

/** Shorter text is written by a loop, which costs less than a native call. */
const SHORT_TEXT = 24

/** Whether the string at the cursor is in Huffman code. */
export function isHuffman(cursor: Cursor): boolean {
  return ((cursor.bytes[cursor.position] ?? 0) & HUFFMAN_STRING.flag) !== 0
}

/**
 * Reads the length of a string.
 * @throws HpackError if the block ends before the string does
 */
export function readStringLength(cursor: Cursor): number {
  if (cursor.position >= cursor.end) throw new HpackError('string is cut off')
  const length = readInteger(cursor, PLAIN_STRING.mask)
  if (length > cursor.end - cursor.position) throw new HpackError('string is cut off')
  return length
}

/** Reads a string as latin1 text. Sets `isClean` of the cursor. */
export function readString(cursor: Cursor): string {
  const isCoded = isHuffman(cursor)
  return readStringOctets(cursor, readStringLength(cursor), isCoded)
}

/** Reads the text of a string whose length and encoding are known. Sets `isClean` of the cursor. */
export function readStringOctets(cursor: Cursor, length: number, isCoded: boolean): string {
  if (isCoded) return readHuffmanText(cursor, length)
  const start = cursor.position
  cursor.position = start + length
  cursor.isClean = false
  return latin1Text(cursor.bytes, start, cursor.position)
}

/** Writes a string in plain octets. */
export function writePlainString(cursor: Cursor, text: string): void {
  writeInteger(cursor, PLAIN_STRING, text.length)
  if (text.length > SHORT_TEXT) {
    cursor.position += cursor.bytes.write(text, cursor.position, 'latin1')
    return
  }
  for (let i = 0; i < text.length; i++) cursor.bytes[cursor.position++] = text.charCodeAt(i)
}

/** Writes a string in Huffman code if that is shorter, else in plain octets. */
export function writeShortestString(cursor: Cursor, text: string): void {
  const length = huffmanLength(text)
  if (length < text.length) {
    writeInteger(cursor, HUFFMAN_STRING, length)
    encodeHuffman(cursor, text)
  } else {
    writePlainString(cursor, text)
  }
}

function readHuffmanText(cursor: Cursor, length: number): string {
  const room = huffmanRoom(length)
  const target = room <= scratch.length ? scratch : Buffer.allocUnsafe(room)
  return latin1Text(target, 0, decodeHuffman(cursor, length, target))
}
