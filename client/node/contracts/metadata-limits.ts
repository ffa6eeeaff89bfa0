/** The limits of metadata from a server: in a head, in trailers, and in the end of a body that replaces trailers. */
import { Code, ConnectError } from '@connectrpc/connect'
import { headerListSize } from '../../../wire/http2/http2.ts'
import type { HttpField } from './http-exchange.ts'

/** The limits of one channel, the same in every protocol and over every version of HTTP. */
export interface MetadataLimits {
  /** Maximum octets of names and values, plus 32 per field (RFC 9113, section 6.5.2). */
  readonly maxHeaderListBytes: number
  /** Maximum number of fields, without the status. */
  readonly maxHeaderFields: number
}

/** The default limits. */
export const DEFAULT_METADATA_LIMITS: MetadataLimits = Object.freeze({
  maxHeaderListBytes: 65_536,
  maxHeaderFields: 128,
})

/** The field of the HTTP or gRPC status. */
const STATUS_FIELDS = 1

/** Returns the maximum number of fields in a list, including the status. */
export function maxFieldsOf({ maxHeaderFields }: MetadataLimits): number {
  return maxHeaderFields + STATUS_FIELDS
}

/** Whether fields exceed the limits. */
export function isOverLimits(fields: readonly HttpField[], limits: MetadataLimits): boolean {
  return fields.length > maxFieldsOf(limits) || headerListSize(fields) > limits.maxHeaderListBytes
}

const TEXTS = Object.freeze({
  headers: 'the headers of the response are too large',
  trailers: 'the trailers of the response are too large',
  error: 'the error in the response is too large',
})

/** Creates the error RESOURCE_EXHAUSTED for a part of a response that exceeds the limits. */
export function overLimits(part: keyof typeof TEXTS): ConnectError {
  return new ConnectError(TEXTS[part], Code.ResourceExhausted)
}
