/** What a header block was decoded to. */

import type { HeaderField } from './header-field.ts'
import { FieldFault, type FieldFaultCode } from './header-name.ts'

/**
 * One decoded header block, read-only but for `digest`. Octet-equal blocks of one connection may be answered with the same
 * object, which is how the digest is computed once. So nothing of a single message (a stream, a time) may go into it, and
 * either heads or trailers use it, as the two may be equal.
 */
export class HeaderBlock {
  /** In order, by reference. Up to the limits: what came beyond them was decoded and dropped. */
  readonly fields: readonly HeaderField[]
  /** The size of the whole list as sent: octets of names and values, plus 32 a field (RFC 9113 section 6.5.2). */
  readonly size: number
  /** The list was over `maxHeaderListSize` or `maxFields`: the message is to be refused, the connection lives on. */
  readonly exceeds: boolean
  /** Dynamic table size updates in front; more than two are legal and senseless, which the flood budget counts. */
  readonly tableSizeUpdates: number
  /** The first fault among `fields`, else 0: when it is not 0 the message is malformed. */
  readonly fault: FieldFaultCode
  /** For the caller: what it made of the fields, undefined until it fills it in. */
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

/** How the decoding of a block went. */
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
