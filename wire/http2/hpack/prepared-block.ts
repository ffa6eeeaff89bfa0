/** A header block that is sent again and again over one connection. */

import { type EncodableField, headerListSize, maxEncodedLength } from './encodable-field.ts'

/** The generation of no encoder. */
const NEVER = -1

/**
 * Fields and the octets that stand for them during one generation of one encoder. Made by `HpackEncoder.prebuild`, used with
 * the same encoder's `encodePrepared` only.
 */
export class PreparedBlock {
  readonly fields: readonly EncodableField[]
  /** Octets to make room for. */
  readonly maxLength: number
  /** The size to compare with the peer's SETTINGS_MAX_HEADER_LIST_SIZE. */
  readonly size: number
  /** For the encoder: the generation in which `octets` are the block. */
  generation: number
  /** For the encoder: the block. */
  octets: Uint8Array

  constructor(fields: readonly EncodableField[]) {
    this.fields = fields
    this.maxLength = maxEncodedLength(fields)
    this.size = headerListSize(fields)
    this.generation = NEVER
    this.octets = new Uint8Array(0)
  }
}
