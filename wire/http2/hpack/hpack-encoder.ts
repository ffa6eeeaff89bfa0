/** Encodes header blocks of one connection (RFC 7541), by a table that fills up once and then stands still. */

import { Cursor } from './cursor.ts'
import { DEFAULT_TABLE_SIZE } from './dynamic-table.ts'
import type { EncodableField } from './encodable-field.ts'
import { EncoderTable } from './encoder-table.ts'
import { type EncodingRule, encodingRule } from './encoding-rule.ts'
import { writeInteger } from './integer.ts'
import { PreparedBlock } from './prepared-block.ts'
import { INDEXED, INSERTED, NEVER_INDEXED, NOT_INDEXED, type Prefix, TABLE_SIZE_UPDATE } from './representation.ts'
import { writePlainString, writeShortestString } from './string-literal.ts'

/** What an encoder is made with. */
export interface HpackEncoderOptions {
  /** Octets of table that we are willing to keep, whatever the peer offers: 4,096 in the product. */
  readonly maxTableSize: number
}

/** Longer values are not inserted: they would crowd out many short ones. */
const MAX_INSERTED_VALUE = 256

/**
 * The sending half of a connection's HPACK state. Blocks must reach the peer in the order in which they are encoded, and none
 * may be dropped: encode when the octets enter the output.
 *
 * A field is inserted at second sight while there is room, and nothing is ever evicted. So a connection's indexes soon stand,
 * and with them the octets of every block that is sent often.
 */
export class HpackEncoder {
  readonly #maxTableSize: number
  readonly #table: EncoderTable
  readonly #cursor = new Cursor()
  #generation = 0
  /** The size that the peer's table has, or will have by the updates that the next block begins with. */
  #tableSize = DEFAULT_TABLE_SIZE
  /** The lowest size since the last block, or undefined when there is nothing to tell. */
  #lowestSize: number | undefined
  /** The block at hand would be encoded in the same octets again, as long as the generation stands. */
  #isRepeatable = true

  constructor(options: HpackEncoderOptions) {
    this.#maxTableSize = options.maxTableSize
    this.#table = new EncoderTable(DEFAULT_TABLE_SIZE)
    this.setPeerTableSize(DEFAULT_TABLE_SIZE)
  }

  /** Rises whenever encoded blocks stop being repeatable: at each insertion and each change of the table's size. */
  get generation(): number {
    return this.#generation
  }

  /**
   * The peer's SETTINGS_HEADER_TABLE_SIZE, whenever it comes: the next block begins with the updates that it calls for. That
   * block must reach the peer behind the SETTINGS ACK, as a larger size is an error before it (RFC 7541 section 4.2).
   */
  setPeerTableSize(size: number): void {
    const tableSize = Math.min(size, this.#maxTableSize)
    if (tableSize === this.#tableSize) return
    this.#lowestSize = Math.min(this.#lowestSize ?? tableSize, tableSize)
    this.#tableSize = tableSize
    this.#table.reset(tableSize)
    this.#generation++
  }

  /**
   * Writes the block of these fields at `offset`, and returns the offset behind it. The caller has made room for
   * `maxEncodedLength(fields)` octets and has judged the fields.
   */
  encode(fields: readonly EncodableField[], out: Buffer, offset: number): number {
    const cursor = this.#cursor
    cursor.point(out, offset, out.length)
    this.#isRepeatable = true
    if (this.#lowestSize !== undefined) this.#writeTableSizeUpdates(this.#lowestSize)
    for (const field of fields) this.#writeField(field)
    const end = cursor.position
    cursor.release()
    return end
  }

  /** Makes a block to be sent many times, as the head of a kind of reply: keep one a session and a kind. */
  prebuild(fields: readonly EncodableField[]): PreparedBlock {
    return new PreparedBlock(fields)
  }

  /**
   * As `encode`, for a block that this encoder prebuilt: while the generation stands it is one compare and a copy.
   * The caller has made room for `prepared.maxLength` octets.
   */
  encodePrepared(prepared: PreparedBlock, out: Buffer, offset: number): number {
    const generation = this.#generation
    if (prepared.generation === generation) return prepared.copyTo(out, offset)
    const end = this.encode(prepared.fields, out, offset)
    if (this.#isRepeatable && this.#generation === generation) prepared.keep(out.subarray(offset, end), generation)
    return end
  }

  #writeTableSizeUpdates(lowest: number): void {
    if (lowest < this.#tableSize) writeInteger(this.#cursor, TABLE_SIZE_UPDATE, lowest)
    writeInteger(this.#cursor, TABLE_SIZE_UPDATE, this.#tableSize)
    this.#lowestSize = undefined
    this.#isRepeatable = false
  }

  #writeField(field: EncodableField): void {
    const rule = encodingRule(field.name)
    if (rule.isNeverIndexed || field.neverIndexed === true) {
      this.#writeLiteral(NEVER_INDEXED, field, rule)
      return
    }
    const index = rule.valueIndexes.get(field.value) ?? this.#table.indexOf(field.name, field.value)
    if (index > 0) writeInteger(this.#cursor, INDEXED, index)
    else if (this.#isToBeInserted(field, rule)) this.#insert(field, rule)
    else this.#writeLiteral(NOT_INDEXED, field, rule)
  }

  #isToBeInserted(field: EncodableField, rule: EncodingRule): boolean {
    if (!rule.isInserted || field.value.length > MAX_INSERTED_VALUE || !this.#table.hasRoomFor(field)) return false
    const isSecondSight = this.#table.isSecondSight(field)
    if (!isSecondSight) this.#isRepeatable = false
    return isSecondSight
  }

  #insert(field: EncodableField, rule: EncodingRule): void {
    this.#writeName(INSERTED, field, rule)
    writeShortestString(this.#cursor, field.value)
    this.#table.insert(field)
    this.#generation++
  }

  #writeLiteral(kind: Prefix, field: EncodableField, rule: EncodingRule): void {
    this.#writeName(kind, field, rule)
    writePlainString(this.#cursor, field.value)
  }

  #writeName(kind: Prefix, field: EncodableField, rule: EncodingRule): void {
    const index = rule.nameIndex > 0 ? rule.nameIndex : this.#table.indexOfName(field.name)
    writeInteger(this.#cursor, kind, index)
    if (index > 0) return
    if (kind === INSERTED) writeShortestString(this.#cursor, field.name)
    else writePlainString(this.#cursor, field.name)
  }
}
