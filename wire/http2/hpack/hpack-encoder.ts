/** Encodes header blocks of one connection (RFC 7541), with a table that fills up once and then never changes. */

import { Cursor } from './cursor.ts'
import { DEFAULT_TABLE_SIZE } from './dynamic-table.ts'
import { EncoderTable } from './encoder-table.ts'
import { type EncodingRule, encodingRule } from './encoding-rule.ts'
import type { EncodableField } from './header-field.ts'
import { PreparedBlock } from './prepared-block.ts'
import {
  INDEXED,
  INSERTED,
  NEVER_INDEXED,
  NOT_INDEXED,
  type Prefix,
  TABLE_SIZE_UPDATE,
  writeInteger,
} from './representation.ts'
import { writePlainString, writeShortestString } from './string-literal.ts'

/** Options of an encoder. */
export interface HpackEncoderOptions {
  /** Maximum size of our table in octets, even if the peer offers more. */
  readonly maxTableSize: number
}

/** Longer values are not inserted, as they would take the room of many short ones. */
const MAX_INSERTED_VALUE = 256

/**
 * The sending half of a connection's HPACK state. Blocks must reach the peer in the order in which they are encoded, and none may be
 * dropped, so encode when the octets enter the output.
 *
 * A field is inserted the second time it is sent, while there is room, and nothing is ever evicted. So the indexes of a connection soon
 * stop changing, and with them the octets of every block that is sent often.
 */
export class HpackEncoder {
  readonly #maxTableSize: number
  readonly #table: EncoderTable
  readonly #cursor = new Cursor()
  #generation = 0
  /** The size of the peer's table, after the updates at the start of the next block. */
  #tableSize = DEFAULT_TABLE_SIZE
  /** The lowest size since the last block; undefined if the size has not changed. */
  #lowestSize: number | undefined
  /** Whether encoding the current block again yields the same octets while the generation is unchanged. */
  #isRepeatable = true

  constructor(options: HpackEncoderOptions) {
    this.#maxTableSize = options.maxTableSize
    this.#table = new EncoderTable(DEFAULT_TABLE_SIZE)
    this.setPeerTableSize(DEFAULT_TABLE_SIZE)
  }

  /** Increases whenever the octets of blocks may change: with each insertion and each change of the table's size. */
  get generation(): number {
    return this.#generation
  }

  /**
   * Applies the peer's SETTINGS_HEADER_TABLE_SIZE: the next block starts with the required updates. That block must reach the peer after
   * the SETTINGS ACK, before which a larger size is an error (RFC 7541 section 4.2).
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
   * Writes the block of these fields at `offset`, and returns the offset after it. The caller has reserved `maxEncodedLength(fields)`
   * octets and validated the fields.
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

  /** Prepares a block that is sent many times, such as the head of a kind of reply. */
  prebuild(fields: readonly EncodableField[]): PreparedBlock {
    return new PreparedBlock(fields)
  }

  /**
   * As `encode`, for a block that this encoder prepared: one comparison and a copy while the generation is unchanged. The caller has
   * reserved `prepared.maxLength` octets.
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
