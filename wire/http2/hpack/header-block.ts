/** A decoded header block. */

import type { HeaderField } from './header-field.ts'
import { FieldFault, type FieldFaultCode } from './header-name.ts'

/**
 * A decoded header block, read-only but for `digest`. Equal blocks of one connection may share one object, so that the digest is
 * computed once. So the digest must contain nothing of a single message (a stream, a time), and only heads may have one, not
 * trailers, as the two may be equal.
 */
export class HeaderBlock {
  /** The fields in order, up to the limits. Those beyond were decoded and dropped. */
  readonly fields: readonly HeaderField[]
  /** The size of the whole list as sent: octets of names and values, plus 32 per field (RFC 9113 section 6.5.2). */
  readonly size: number
  /** Whether the list exceeds `maxHeaderListSize` or `maxFields`. The message is then refused; the connection goes on. */
  readonly exceeds: boolean
  /** Table size updates at the start. More than two are legal but pointless, and count against the flood budget. */
  readonly tableSizeUpdates: number
  /** The first fault among `fields`. The message is malformed unless it is 0. */
  readonly fault: FieldFaultCode
  /** What the caller computed from the fields; undefined until it is set. */
  digest: unknown

  constructor(fields: readonly HeaderField[], size: number, outcome: BlockOutcome) {
    this.fields = fields
    this.size = size
    this.exceeds = outcome.exceeds
    this.tableSizeUpdates = outcome.tableSizeUpdates
    this.fault = firstFault(fields)
    this.digest = undefined
  }
}

/** Facts about a decoded block besides its fields. */
export interface BlockOutcome {
  /** See {@link HeaderBlock.exceeds}. */
  readonly exceeds: boolean
  /** See {@link HeaderBlock.tableSizeUpdates}. */
  readonly tableSizeUpdates: number
}

function firstFault(fields: readonly HeaderField[]): FieldFaultCode {
  for (const field of fields) {
    if (field.fault !== FieldFault.none) return field.fault
  }
  return FieldFault.none
}
