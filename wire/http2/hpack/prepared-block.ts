/** A header block that one connection sends repeatedly. */

import { type EncodableField, headerListSize, maxEncodedLength } from './header-field.ts'

/** A generation that no encoder has. */
const NEVER = -1
/** Shorter blocks are copied by a loop, which costs less than a native call. */
const SHORT_BLOCK = 64
const NO_OCTETS = new Uint8Array(0)

/**
 * Fields, and their encoded form during one generation of one encoder. Created by `HpackEncoder.prebuild`, for the `encodePrepared` of the
 * same encoder only.
 */
export class PreparedBlock {
  readonly fields: readonly EncodableField[]
  /** Octets to reserve. */
  readonly maxLength: number
  /** The size of the list as SETTINGS_MAX_HEADER_LIST_SIZE counts it. */
  readonly size: number
  /** Whether there is a `date` among the fields. */
  readonly isDated: boolean
  #generation = NEVER
  #octets: Uint8Array = NO_OCTETS

  constructor(fields: readonly EncodableField[]) {
    this.fields = fields
    this.maxLength = maxEncodedLength(fields)
    this.size = headerListSize(fields)
    this.isDated = hasDate(fields)
  }

  /** The generation of the encoder in which the stored octets are valid; -1 before there are any. */
  get generation(): number {
    return this.#generation
  }

  /** For the encoder: stores a copy of the octets that encode the block in this generation. */
  keep(octets: Uint8Array, generation: number): void {
    this.#octets = new Uint8Array(octets)
    this.#generation = generation
  }

  /** For the encoder: writes the stored octets, and returns the offset after them. */
  copyTo(out: Uint8Array, offset: number): number {
    const octets = this.#octets
    if (octets.length > SHORT_BLOCK) out.set(octets, offset)
    else for (let i = 0; i < octets.length; i++) out[offset + i] = octets[i] as number
    return offset + octets.length
  }
}

/** Whether there is a `date` among the fields. */
export function hasDate(fields: readonly EncodableField[]): boolean {
  for (const { name } of fields) if (name === 'date') return true
  return false
}
