/** Header lists as owners hand them over for sending. */
import type { EncodableField } from './hpack/encodable-field.ts'

/**
 * A list that is sent again and again, as the head of a kind of reply or a method: sessions keep its encoded form. Made at
 * start-up and kept; never one a call.
 */
export class HeaderTemplate {
  readonly fields: readonly EncodableField[]

  constructor(fields: readonly EncodableField[]) {
    this.fields = Object.freeze([...fields])
  }
}

/** A list of fields in the order of sending, pseudo-headers first; names in lower case, and judged by the caller. */
export type HeaderSource = HeaderTemplate | readonly EncodableField[]

/** Thrown where a header list is larger than the peer or our own limit allows. Nothing was sent. */
export class HeaderListTooLargeError extends Error {
  override readonly name = 'HeaderListTooLargeError'
  /** The size of the list, octets of names and values plus 32 a field. */
  readonly bytes: number
  /** The limit that it breaks. */
  readonly maxBytes: number

  constructor(bytes: number, maxBytes: number) {
    super(`header list of ${bytes} octets exceeds the limit of ${maxBytes}`)
    this.bytes = bytes
    this.maxBytes = maxBytes
  }
}
