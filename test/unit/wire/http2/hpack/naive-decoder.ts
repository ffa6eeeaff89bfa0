/** A plain HPACK decoder after RFC 7541, to compare the real decoder with. */

import { Cursor } from '../../../../../wire/http2/hpack/cursor.ts'
import { HpackError } from '../../../../../wire/http2/hpack/hpack-error.ts'
import { decodeHuffman, huffmanRoom } from '../../../../../wire/http2/hpack/huffman.ts'
import { STATIC_FIELDS } from '../../../../../wire/http2/hpack/static-table.ts'

/** One field, as the tests compare it. */
export interface NaiveField {
  readonly name: string
  readonly value: string
  readonly neverIndexed: boolean
}

/** Keeps the table in an array, without cache or limits. `clone()` tries a block without changing the decoder. */
export class NaiveDecoder {
  /** The newest first. */
  table: NaiveField[] = []
  maxSize = 4096
  readonly #limit: number
  #rest: Buffer = Buffer.alloc(0)

  constructor(limit: number) {
    this.#limit = limit
  }

  clone(): NaiveDecoder {
    const copy = new NaiveDecoder(this.#limit)
    copy.table = [...this.table]
    copy.maxSize = this.maxSize
    return copy
  }

  decode(block: Buffer): NaiveField[] {
    this.#rest = block
    const fields: NaiveField[] = []
    while (this.#rest.length > 0) {
      const first = this.#octet()
      if (first >= 0x80) fields.push(this.#at(this.#integer(first, 7)))
      else if (first >= 0x40) fields.push(this.#insert(this.#literal(first, 6, false)))
      else if (first >= 0x20) this.#resize(first, fields.length)
      else fields.push(this.#literal(first, 4, first >= 0x10))
    }
    return fields
  }

  #literal(first: number, prefixBits: number, neverIndexed: boolean): NaiveField {
    const index = this.#integer(first, prefixBits)
    const name = index === 0 ? this.#string() : this.#at(index).name
    return { name, value: this.#string(), neverIndexed }
  }

  #insert(field: NaiveField): NaiveField {
    this.table.unshift(field)
    this.#evict()
    return field
  }

  #resize(first: number, fieldsBefore: number): void {
    const size = this.#integer(first, 5)
    if (fieldsBefore > 0 || size > this.#limit) throw new HpackError('table size update')
    this.maxSize = size
    this.#evict()
  }

  #evict(): void {
    const size = () => this.table.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 0)
    while (size() > this.maxSize) this.table.pop()
  }

  #at(index: number): NaiveField {
    const field = index <= 61 ? STATIC_FIELDS[index - 1] : this.table[index - 62]
    if (field === undefined) throw new HpackError('index')
    return { name: field.name, value: field.value, neverIndexed: false }
  }

  #string(): string {
    const first = this.#octet()
    const length = this.#integer(first, 7)
    if (length > this.#rest.length) throw new HpackError('string')
    const octets = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return first >= 0x80 ? huffmanText(octets) : octets.toString('latin1')
  }

  #integer(first: number, prefixBits: number): number {
    const mask = 2 ** prefixBits - 1
    let value = first & mask
    if (value < mask) return value
    for (let weight = 1; weight <= 128 ** 3; weight *= 128) {
      const octet = this.#octet()
      value += (octet & 0x7f) * weight
      if (octet < 0x80 && value < 2 ** 28) return value
      if (octet < 0x80) break
    }
    throw new HpackError('integer')
  }

  #octet(): number {
    const octet = this.#rest[0]
    if (octet === undefined) throw new HpackError('cut off')
    this.#rest = this.#rest.subarray(1)
    return octet
  }
}

function huffmanText(octets: Buffer): string {
  const cursor = new Cursor()
  cursor.point(octets, 0, octets.length)
  const target = Buffer.alloc(huffmanRoom(octets.length))
  return target.toString('latin1', 0, decodeHuffman(cursor, octets.length, target))
}
