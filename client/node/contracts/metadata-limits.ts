/** How much metadata a server may send: in a head, in trailers, and in what a body ends with in place of trailers. */
import { Code, ConnectError } from '@connectrpc/connect'
import { headerListSize } from '../../../wire/http2/http2.ts'
import type { HttpField } from './http-exchange.ts'

/** The limits of one channel, the same in every protocol and over every version of HTTP. */
export interface MetadataLimits {
  /** Octets of names and values, plus 32 for each field (RFC 9113, section 6.5.2). */
  readonly maxHeaderListBytes: number
  /** Fields, the status apart. */
  readonly maxHeaderFields: number
}

/** What holds unless the options say otherwise. */
export const DEFAULT_METADATA_LIMITS: MetadataLimits = Object.freeze({
  maxHeaderListBytes: 65_536,
  maxHeaderFields: 128,
})

/** The status of HTTP or of gRPC. */
const STATUS_FIELDS = 1

/** The most fields that a list may have, its status included. */
export function maxFieldsOf({ maxHeaderFields }: MetadataLimits): number {
  return maxHeaderFields + STATUS_FIELDS
}

/** Whether fields are more than is allowed, or larger. */
export function isOverLimits(fields: readonly HttpField[], limits: MetadataLimits): boolean {
  return fields.length > maxFieldsOf(limits) || headerListSize(fields) > limits.maxHeaderListBytes
}

const TEXTS = Object.freeze({
  headers: 'the headers of the answer are too large',
  trailers: 'the trailers of the answer are too large',
  error: 'the error of the answer is too large',
})

/** RESOURCE_EXHAUSTED for a part of an answer that is over the limits. */
export function overLimits(part: keyof typeof TEXTS): ConnectError {
  return new ConnectError(TEXTS[part], Code.ResourceExhausted)
}
