/** Encodes header blocks of one connection (RFC 7541), by a table that fills up once and then stands still. */

import type { EncodableField } from './encodable-field.ts'
import { HpackError } from './hpack-error.ts'
import { PreparedBlock } from './prepared-block.ts'

/** What an encoder is made with. */
export interface HpackEncoderOptions {
  /** Octets of table that we are willing to keep, whatever the peer offers: 4,096 in the product. */
  readonly maxTableSize: number
}

/**
 * The sending half of a connection's HPACK state. Blocks must reach the peer in the order in which they are encoded, and none
 * may be dropped: encode when the octets enter the output.
 */
export class HpackEncoder {
  constructor(options: HpackEncoderOptions) {
    void options
  }

  /** Rises whenever encoded blocks stop being repeatable: at each insertion and each change of the table's size. */
  get generation(): number {
    return 0
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE, whenever it comes: the next block begins with the updates that it calls for. */
  setPeerTableSize(size: number): void {
    void size
  }

  /**
   * Writes the block of these fields at `offset`, and returns the offset behind it. The caller has made room for
   * `maxEncodedLength(fields)` octets and has judged the fields.
   */
  encode(fields: readonly EncodableField[], out: Buffer, offset: number): number {
    throw new HpackError(`not yet: ${fields.length} ${out.length} ${offset}`)
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
    return this.encode(prepared.fields, out, offset)
  }
}
