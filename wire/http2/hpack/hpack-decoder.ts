/** Decodes header blocks of one connection (RFC 7541). */

import { ANY_GENERATION, BlockMemo } from './block-memo.ts'
import { Cursor } from './cursor.ts'
import { DynamicTable } from './dynamic-table.ts'
import { HeaderBlock } from './header-block.ts'
import { HeaderField } from './header-field.ts'
import { FieldFault, type HeaderName, headerName, Token } from './header-name.ts'
import { HpackError } from './hpack-error.ts'
import { INDEXED, INSERTED, NEVER_INDEXED, NOT_INDEXED, readInteger, TABLE_SIZE_UPDATE } from './representation.ts'
import type { RouteMemo } from './route-memo.ts'
import { STATIC_FIELDS, STATIC_LENGTH } from './static-table.ts'
import { isHuffman, readString, readStringLength, readStringOctets } from './string-literal.ts'

/** Options of a decoder. */
export interface HpackDecoderOptions {
  /** The SETTINGS_HEADER_TABLE_SIZE that we announced, in octets. A larger table size update is an error. */
  readonly maxTableSize: number
  /** Soft limit of a list's size in octets, plus 32 per field. Fields beyond are decoded and dropped, and the block `exceeds`. */
  readonly maxHeaderListSize: number
  /** Soft limit of the number of fields, with the same effect. */
  readonly maxFields: number
  /** The paths that a server has registered. Default: none. */
  readonly routes?: RouteMemo
}

/** The receiving half of a connection's HPACK state. */
export class HpackDecoder {
  readonly #options: HpackDecoderOptions
  readonly #routes: RouteMemo | undefined
  readonly #table = new DynamicTable()
  readonly #memo = new BlockMemo()
  readonly #cursor = new Cursor()
  /** Whether the current block refers to the dynamic table. */
  #usesDynamic = false

  constructor(options: HpackDecoderOptions) {
    this.#options = options
    this.#routes = options.routes
  }

  /**
   * Decodes the complete block `block[start, end)`: HEADERS joined with its CONTINUATIONs. Every block must be decoded in order of
   * arrival, even of refused and reset streams, as each may change the table. Keeps no reference to `block`.
   * @throws HpackError; the decoder must not be used afterwards
   */
  decode(block: Buffer, start: number, end: number): HeaderBlock {
    const cursor = this.#cursor
    cursor.point(block, start, end)
    const { generation } = this.#table
    let decoded = this.#memo.find(cursor, generation)
    if (decoded === undefined) {
      decoded = this.#decodeBlock()
      if (this.#table.generation === generation && isRepeatable(decoded)) {
        cursor.position = start
        this.#memo.store(cursor, decoded, this.#usesDynamic ? generation : ANY_GENERATION)
      }
    }
    cursor.release()
    return decoded
  }

  #decodeBlock(): HeaderBlock {
    const { maxHeaderListSize, maxFields } = this.#options
    const cursor = this.#cursor
    const tableSizeUpdates = this.#readTableSizeUpdates()
    const fields: HeaderField[] = []
    let size = 0
    let count = 0
    this.#usesDynamic = false
    while (cursor.position < cursor.end) {
      const field = this.#readField()
      size += field.size
      count++
      if (size <= maxHeaderListSize && count <= maxFields) fields.push(field)
    }
    return new HeaderBlock(fields, size, { exceeds: fields.length < count, tableSizeUpdates })
  }

  #readField(): HeaderField {
    const first = this.#cursor.bytes[this.#cursor.position] as number
    if (first >= INDEXED.flag) return this.#fieldAt(readInteger(this.#cursor, INDEXED.mask))
    if (first >= INSERTED.flag) {
      const field = this.#readLiteral(INSERTED.mask, false)
      this.#table.insert(field)
      return field
    }
    if (first >= TABLE_SIZE_UPDATE.flag) throw new HpackError('table size update after a field')
    return this.#readLiteral(NOT_INDEXED.mask, first >= NEVER_INDEXED.flag)
  }

  #fieldAt(index: number): HeaderField {
    if (index > STATIC_LENGTH) {
      const field = this.#table.at(index - STATIC_LENGTH - 1)
      if (field === undefined) throw new HpackError('index past the end of the table')
      this.#usesDynamic = true
      return field
    }
    if (index === 0) throw new HpackError('index 0')
    return STATIC_FIELDS[index - 1] as HeaderField
  }

  #readLiteral(indexMask: number, neverIndexed: boolean): HeaderField {
    const index = readInteger(this.#cursor, indexMask)
    const name = index === 0 ? headerName(readString(this.#cursor)) : this.#fieldAt(index).header
    if (name.token === Token.path && this.#routes !== undefined && !neverIndexed)
      return this.#readPath(name, this.#routes)
    const value = readString(this.#cursor)
    return new HeaderField(name, value, neverIndexed, this.#cursor.isClean)
  }

  #readPath(name: HeaderName, routes: RouteMemo): HeaderField {
    const cursor = this.#cursor
    const isCoded = isHuffman(cursor)
    const length = readStringLength(cursor)
    const known = routes.find(cursor, length, isCoded)
    if (known === undefined) return new HeaderField(name, readStringOctets(cursor, length, isCoded), false)
    cursor.position += length
    return known
  }

  #readTableSizeUpdates(): number {
    const cursor = this.#cursor
    let count = 0
    while (cursor.position < cursor.end && isTableSizeUpdate(cursor.bytes[cursor.position] as number)) {
      const size = readInteger(cursor, TABLE_SIZE_UPDATE.mask)
      if (size > this.#options.maxTableSize) throw new HpackError('table size update above SETTINGS_HEADER_TABLE_SIZE')
      this.#table.resize(size)
      count++
    }
    return count
  }
}

function isTableSizeUpdate(first: number): boolean {
  return first >= TABLE_SIZE_UPDATE.flag && first < INSERTED.flag
}

/** Whether the fields allow that the same octets are taken for the same block again. */
function isRepeatable(block: HeaderBlock): boolean {
  if (block.exceeds || block.fault !== FieldFault.none) return false
  for (const field of block.fields) {
    if (field.neverIndexed) return false
  }
  return true
}
