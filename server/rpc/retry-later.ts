/** Refusals that say when to try again, in the terms of each protocol. */
import { create, toBinary } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { DurationSchema } from '@bufbuild/protobuf/wkt'
import { type Code, ConnectError } from '@connectrpc/connect'

/** The field by which gRPC clients with a retry policy choose the time of their next attempt (gRFC A6). */
const RETRY_PUSHBACK = 'grpc-retry-pushback-ms'

/** A refusal that passes. */
export interface RetryLater {
  readonly code: Code
  readonly message: string
  /** When the next attempt has a chance, in milliseconds from now. */
  readonly retryAfterMs: number
}

/**
 * Returns an error that says when to try again: as `google.rpc.RetryInfo`, as `grpc-retry-pushback-ms` for gRPC clients, and as
 * `retry-after`, in whole seconds, for HTTP clients (RFC 9110 section 10.2.3).
 */
export function retryLater({ code, message, retryAfterMs }: RetryLater): ConnectError {
  const delayMs = Math.ceil(retryAfterMs)
  const error = new ConnectError(message, code)
  error.metadata.set(RETRY_PUSHBACK, String(delayMs))
  error.metadata.set('retry-after', String(Math.ceil(delayMs / 1_000)))
  error.details.push(retryInfo(delayMs))
  return error
}

/** Encodes google.rpc.RetryInfo, whose one field is the delay. No other generated code of that package is needed. */
export function retryInfo(delayMs: number): ConnectError['details'][number] {
  const seconds = BigInt(Math.trunc(delayMs / 1_000))
  const delay = create(DurationSchema, { seconds, nanos: (delayMs % 1_000) * 1_000_000 })
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(toBinary(DurationSchema, delay))
  return { type: 'google.rpc.RetryInfo', value: writer.finish() }
}
