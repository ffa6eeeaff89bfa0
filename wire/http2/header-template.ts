/** Header lists that owners pass for sending. */
import type { EncodableField } from './hpack/header-field.ts'

/**
 * A list that is sent repeatedly, such as the head of a kind of reply or of a method. Sessions keep its encoded form, so create templates
 * at start-up, never per call.
 */
export class HeaderTemplate {
  readonly fields: readonly EncodableField[]

  constructor(fields: readonly EncodableField[]) {
    this.fields = Object.freeze([...fields])
  }
}

/** Fields in the order of sending, pseudo-headers first. The caller has validated them; names are in lower case. */
export type HeaderSource = HeaderTemplate | readonly EncodableField[]

/** Thrown for a header list that exceeds the limit of the peer or our own. Nothing was sent. */
export class HeaderListTooLargeError extends Error {
  override readonly name = 'HeaderListTooLargeError'
  /** The size of the list: octets of names and values plus 32 per field. */
  readonly bytes: number
  /** The limit that it exceeds. */
  readonly maxBytes: number

  constructor(bytes: number, maxBytes: number) {
    super(`header list of ${bytes} octets exceeds the limit of ${maxBytes}`)
    this.bytes = bytes
    this.maxBytes = maxBytes
  }
}
