/** Decodes header blocks of one connection (RFC 7541). */

import type { HeaderBlock } from './header-block.ts'
import { HpackError } from './hpack-error.ts'
import type { RouteMemo } from './route-memo.ts'

/** What a decoder is made with. */
export interface HpackDecoderOptions {
  /** SETTINGS_HEADER_TABLE_SIZE as we announced it, in octets. A table size update above it is an error. */
  readonly maxTableSize: number
  /** Soft limit of a list's size in octets, with 32 a field: beyond it fields are decoded and dropped, and the block `exceeds`. */
  readonly maxHeaderListSize: number
  /** Soft limit of the number of fields, with the same effect. */
  readonly maxFields: number
  /** The registered paths of a server. Default: none. */
  readonly routes?: RouteMemo
}

/** The receiving half of a connection's HPACK state. */
export class HpackDecoder {
  constructor(options: HpackDecoderOptions) {
    void options
  }

  /**
   * Decodes the block `block[start, end)`, whole: HEADERS and its CONTINUATIONs joined, in the order of arrival, for refused
   * and reset streams too, as each may change the table. Keeps no reference to `block`.
   * @throws HpackError after which this decoder must not be used again.
   */
  decode(block: Buffer, start: number, end: number): HeaderBlock {
    throw new HpackError(`not yet: ${block.length} ${start} ${end}`)
  }
}
