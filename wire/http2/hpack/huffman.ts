/** The Huffman code of strings (RFC 7541 section 5.2 and appendix B). */

import type { Cursor } from './cursor.ts'
import { HpackError } from './hpack-error.ts'

/**
 * The length in bits of the code of each octet, with EOS at the end. The code is canonical, so the lengths determine it: codes count up
 * by length, then by octet.
 */
const CODE_LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
]

const EOS = 256
/** The inner nodes of the code tree, one fewer than its leaves, are the states of the decoder. The root is 0. */
const STATES = CODE_LENGTHS.length - 1
/** A string may be padded with up to seven bits of EOS. */
const MAX_PADDING_BITS = 7
/** Longer codes are written in two pieces, as up to seven bits may be pending in the accumulator of 32. */
const WHOLE_PIECE_BITS = 24
const SECOND_PIECE_BITS = 16

const CODES = canonicalCodes()
/**
 * The tables from which wide steps are made: four bits per step. `NARROW[state << 4 | bits]` is the next state and, above it, the octet
 * that the step completed, with `EMITS` set. No code is short enough for a step to complete two. Negative for EOS.
 */
const NARROW = new Int32Array(STATES << 4)
const OCTET_SHIFT = 8
const EMITS = 1 << 16
const NARROW_REFUSED = -1

/**
 * Decoding takes an octet per step. `WIDE[state << 8 | octet]` is, from the low bits: the next state, the two octets that the step may
 * complete, their number, and the flags below. Entries are made on first use, as few of the 65,536 are ever used; 0 means not made yet.
 */
const WIDE = new Int32Array(STATES << 8)
const SECOND_OCTET_SHIFT = 16
const COUNT_SHIFT = 24
const IS_MADE = 1 << 26
/** The step completes NUL, CR or LF, which no field value may contain. */
const IS_FORBIDDEN = 1 << 27
/** The step runs into EOS. */
const IS_REFUSED = 1 << 28
/** 1 for the states in which a string may end: after a code, or up to seven bits into EOS. */
const MAY_END = new Uint8Array(STATES)
buildDecoder()

/** Returns the room that decoding `length` octets of Huffman code takes: the most octets that they can stand for, and one more. */
export function huffmanRoom(length: number): number {
  return Math.ceil((length * 8) / 5) + 1
}

/**
 * Decodes the next `length` octets into the start of `target`, which has the room of `huffmanRoom(length)`, and returns the decoded length.
 * Sets `isClean` of the cursor.
 * @throws HpackError for EOS, and for padding of more than seven bits or other bits than those of EOS
 */
export function decodeHuffman(cursor: Cursor, length: number, target: Uint8Array): number {
  const { bytes } = cursor
  const end = cursor.position + length
  let state = 0
  let written = 0
  let flags = 0
  for (let i = cursor.position; i < end; i++) {
    const at = (state << 8) | (bytes[i] as number)
    const step = WIDE[at] || makeStep(at)
    // Both octets are stored, however many there are: those that do not count are overwritten.
    target[written] = step >> OCTET_SHIFT
    target[written + 1] = step >> SECOND_OCTET_SHIFT
    written += (step >> COUNT_SHIFT) & 3
    flags |= step
    state = step & 0xff
  }
  if ((flags & IS_REFUSED) !== 0) throw new HpackError('EOS in a Huffman string')
  if (MAY_END[state] !== 1) throw new HpackError('padding of a Huffman string')
  cursor.position = end
  cursor.isClean = (flags & IS_FORBIDDEN) === 0
  return written
}

/** Returns the length of `text` in Huffman code, in octets. */
export function huffmanLength(text: string): number {
  let bits = 0
  for (let i = 0; i < text.length; i++) bits += CODE_LENGTHS[text.charCodeAt(i) & 0xff] as number
  return (bits + 7) >> 3
}

/** Writes `text`, whose characters are octets, in Huffman code with padding. */
export function encodeHuffman(cursor: Cursor, text: string): void {
  const writer = new BitWriter(cursor)
  for (let i = 0; i < text.length; i++) {
    const octet = text.charCodeAt(i) & 0xff
    writer.write(CODES[octet] as number, CODE_LENGTHS[octet] as number)
  }
  writer.pad()
}

/** Packs codes into octets. */
class BitWriter {
  readonly #cursor: Cursor
  #waiting = 0
  #waitingBits = 0

  constructor(cursor: Cursor) {
    this.#cursor = cursor
  }

  write(code: number, length: number): void {
    if (length <= WHOLE_PIECE_BITS) {
      this.#writePiece(code, length)
    } else {
      this.#writePiece(code >>> SECOND_PIECE_BITS, length - SECOND_PIECE_BITS)
      this.#writePiece(code & 0xffff, SECOND_PIECE_BITS)
    }
  }

  /** Fills the last octet with ones, the first bits of EOS. */
  pad(): void {
    if (this.#waitingBits > 0) this.#writePiece(0xff >> this.#waitingBits, 8 - this.#waitingBits)
  }

  #writePiece(piece: number, length: number): void {
    const cursor = this.#cursor
    let bits = this.#waitingBits + length
    const waiting = (this.#waiting << length) | piece
    while (bits >= 8) {
      bits -= 8
      cursor.bytes[cursor.position++] = waiting >>> bits
    }
    this.#waitingBits = bits
    this.#waiting = waiting & ((1 << bits) - 1)
  }
}

/** Returns the code of each octet and of EOS, in the low bits. */
function canonicalCodes(): Uint32Array {
  const codes = new Uint32Array(CODE_LENGTHS.length)
  const longest = Math.max(...CODE_LENGTHS)
  let next = 0
  for (let length = 1; length <= longest; length++) {
    next *= 2
    for (let symbol = 0; symbol < codes.length; symbol++) {
      if (CODE_LENGTHS[symbol] === length) codes[symbol] = next++
    }
  }
  return codes
}

function buildDecoder(): void {
  const tree = buildTree()
  for (let state = 0; state < STATES; state++) {
    for (let bits = 0; bits < 16; bits++) NARROW[(state << 4) | bits] = narrowStep(tree, state, bits)
  }
  let state = 0
  for (let depth = 0; depth <= MAX_PADDING_BITS; depth++) {
    MAY_END[state] = 1
    state = tree[2 * state + 1] as number
  }
}

/** Returns the two children of each inner node: the number of an inner node, or the complement of a symbol. */
function buildTree(): Int16Array {
  const tree = new Int16Array(2 * STATES)
  let nodes = 1
  for (const [symbol, length] of CODE_LENGTHS.entries()) {
    const code = CODES[symbol] as number
    let node = 0
    for (let bit = length - 1; bit > 0; bit--) {
      const edge = 2 * node + ((code >>> bit) & 1)
      if (tree[edge] === 0) tree[edge] = nodes++
      node = tree[edge] as number
    }
    tree[2 * node + (code & 1)] = ~symbol
  }
  return tree
}

function narrowStep(tree: Int16Array, from: number, bits: number): number {
  let state = from
  let emitted = 0
  for (let bit = 3; bit >= 0; bit--) {
    const child = tree[2 * state + ((bits >> bit) & 1)] as number
    if (child === ~EOS) return NARROW_REFUSED
    if (child < 0) emitted = EMITS | (~child << OCTET_SHIFT)
    state = Math.max(child, 0)
  }
  return emitted | state
}

/** Makes the entry of `WIDE` for `state << 8 | octet` from two narrow steps. */
function makeStep(at: number): number {
  const high = NARROW[at >> 4] as number
  const low = high < 0 ? high : (NARROW[((high & 0xff) << 4) | (at & 0x0f)] as number)
  // After EOS the state does not matter, as the string is refused.
  let made = low < 0 ? IS_MADE | IS_REFUSED : IS_MADE | (low & 0xff)
  let count = 0
  for (const step of [high, low]) {
    if (step < EMITS) continue
    const octet = (step >> OCTET_SHIFT) & 0xff
    made |= octet << (count === 0 ? OCTET_SHIFT : SECOND_OCTET_SHIFT)
    if (isForbidden(octet)) made |= IS_FORBIDDEN
    count++
  }
  made |= count << COUNT_SHIFT
  WIDE[at] = made
  return made
}

function isForbidden(octet: number): boolean {
  return octet === 0 || octet === 0x0a || octet === 0x0d
}
