/** A header block that is sent again and again over one connection. */

import { type EncodableField, headerListSize, maxEncodedLength } from './encodable-field.ts'

/** The generation of no encoder. */
const NEVER = -1
/** Shorter blocks are copied by a loop, which costs less than a native call. */
const SHORT_BLOCK = 64
const NO_OCTETS = new Uint8Array(0)

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
  #generation = NEVER
  #octets: Uint8Array = NO_OCTETS

  constructor(fields: readonly EncodableField[]) {
    this.fields = fields
    this.maxLength = maxEncodedLength(fields)
    this.size = headerListSize(fields)
  }

  /** The generation of the encoder in which the kept octets are the block; -1 before there are any. */
  get generation(): number {
    return this.#generation
  }

  /** For the encoder: `octets`, which it copies, are the block in this generation. */
  keep(octets: Uint8Array, generation: number): void {
    this.#octets = new Uint8Array(octets)
    this.#generation = generation
  }

  /** For the encoder: writes the kept octets and returns the offset behind them. */
  copyTo(out: Uint8Array, offset: number): number {
    const octets = this.#octets
    if (octets.length > SHORT_BLOCK) out.set(octets, offset)
    else for (let i = 0; i < octets.length; i++) out[offset + i] = octets[i] as number
    return offset + octets.length
  }
}
