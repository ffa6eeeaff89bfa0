/**
 * What a transport tells of its calls, for traces and metrics. Where nobody listens nothing is told, and nothing costs.
 *
 * The order: `onCall`; `onResolved`, if the call had to wait for the name; of each attempt `onAttempt`, `onPicked`, messages,
 * `onEnd`; between two attempts `onRetryDelay`; `onEnd` of the call. Attempts of a hedged call overlap. An attempt that never
 * found a connection has no `onPicked`. Bytes are those of messages, without envelopes and metadata, by every protocol alike;
 * for a message in the query of a GET request, those that its text stands for.
 */
import type { DescMethod } from '@bufbuild/protobuf'
import type { ConnectError } from '@connectrpc/connect'
import type { EncodableField } from '../../../wire/http2/http2.ts'

/** Listens to all calls of a transport. Nothing of it may throw; it is called from within the call, and must be fast. */
export interface CallObserver {
  /** A call begins, before anything of it was sent. Null: this one is of no interest. */
  onCall(call: ObservedCall): CallTrace | null
}

/** A call that begins. */
export interface ObservedCall {
  readonly method: DescMethod
  /** How it is written. */
  readonly protocol: 'grpc' | 'grpc-web' | 'connect'
  /** The target of the channel as it was given. */
  readonly target: string
  /** The caller's metadata, without credentials, which are made for each attempt; undefined: none. */
  readonly header: Headers | undefined
}

/** Follows one call. */
export interface CallTrace {
  /** The call had to wait for the first answer of the resolver, and the wait is over, after so long. */
  onResolved(delayMs: number): void
  /** An attempt begins: it looks for a connection. Null: it is of no interest. */
  onAttempt(attempt: ObservedAttempt): AttemptTrace | null
  /** There will be another attempt after so long. Not told of hedges and transparent retries, which wait for nothing. */
  onRetryDelay(delayMs: number): void
  /** The call is over; null: it went well. Called once, last. */
  onEnd(error: ConnectError | null): void
}

/** An attempt that begins. */
export interface ObservedAttempt {
  /** Attempts of the call that began before, those not counted that no server looked at. */
  readonly previousAttempts: number
  /** The attempt before was not looked at by any server (gRFC A6, transparent retries). */
  readonly isTransparentRetry: boolean
  /** Other attempts of the call may be under way. */
  readonly isHedge: boolean
}

/** The attempt that a call begins with. */
export const FIRST_ATTEMPT: ObservedAttempt = Object.freeze({
  previousAttempts: 0,
  isTransparentRetry: false,
  isHedge: false,
})

/** Follows one attempt. */
export interface AttemptTrace {
  /**
   * What its head bears beside the caller's metadata, and instead of what has the same name there: `traceparent`. Names are in
   * lower case. Read once, when it is sent.
   */
  readonly fields: readonly EncodableField[]
  /** There is a connection, after so long; the head goes out. */
  onPicked(peer: string, delayMs: number): void
  /** A message goes out, of so many bytes as it is on the wire, and as it was before compression. */
  onSent(compressedBytes: number, bytes: number): void
  /** A message came in, of so many bytes as it was on the wire, and as it is now that it is inflated. */
  onReceived(compressedBytes: number, bytes: number): void
  /** The attempt is over; null: it went well. Called once, last. */
  onEnd(error: ConnectError | null): void
}
