/** What the encoder takes: name and value, and the sizes that follow from them. */

import { FIELD_OVERHEAD } from './header-field.ts'

/** A field to encode; every `HeaderField` is one. The encoder trusts it: see `headerField` for who judges. */
export interface EncodableField {
  /** Lower case. */
  readonly name: string
  /** Characters up to U+00FF, an octet each. */
  readonly value: string
  /** True sends it as a literal that no hop may index: for credentials of a call. Default false. */
  readonly neverIndexed?: boolean
}

/** Octets that an integer takes at most beside its prefix octet; what we encode is far below 2^28. */
const INTEGER_OCTETS = 5
/** Two table size updates may stand in front of a block. */
const UPDATES_OCTETS = 2 * INTEGER_OCTETS
/** Kind and name index, and the lengths of name and value. */
const FIELD_OCTETS = 1 + 2 * INTEGER_OCTETS

/** Octets that `encode` needs at most for these fields, table size updates included. */
export function maxEncodedLength(fields: readonly EncodableField[]): number {
  let length = UPDATES_OCTETS
  for (const field of fields) length += FIELD_OCTETS + field.name.length + field.value.length
  return length
}

/** The size to compare with the peer's SETTINGS_MAX_HEADER_LIST_SIZE (RFC 9113 section 6.5.2). */
export function headerListSize(fields: readonly EncodableField[]): number {
  let size = 0
  for (const field of fields) size += FIELD_OVERHEAD + field.name.length + field.value.length
  return size
}
