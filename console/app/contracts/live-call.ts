/** A call that runs, as the page shows it. */
import type { DescMethod, Message } from '@bufbuild/protobuf'
import type { ReadonlySignal } from '@preact/signals'
import type { ConsoleProtocol } from '../../../wire/console/console-facts.ts'

/** How far a call is. */
export type CallState = 'open' | 'half-closed' | 'ended'

/** What happened in a call, in order. Times are milliseconds since its start. */
export type TimelineEntry =
  | MessageEntry
  | { readonly kind: 'headers' | 'trailers'; readonly index: number; readonly atMs: number; readonly fields: Fields }
  | { readonly kind: 'half-close'; readonly index: number; readonly atMs: number }
  | { readonly kind: 'end'; readonly index: number; readonly atMs: number; readonly status: CallStatus }

/** A message of either side. */
export interface MessageEntry {
  readonly kind: 'message'
  /** The place on the time line, from 0. */
  readonly index: number
  readonly atMs: number
  readonly direction: 'sent' | 'received'
  /** From 1, for each direction. */
  readonly sequence: number
  /** As encoded in the protocol of the call, without its envelope. */
  readonly sizeBytes: number
  readonly message: Message
}

/** Names and values, in order. */
export type Fields = readonly (readonly [name: string, value: string])[]

/** How a call ended. */
export interface CallStatus {
  /** The name of the code, such as `OK` or `NOT_FOUND`. */
  readonly code: string
  readonly message: string
  /** Null where there is none, as in gRPC-Web over WebSocket. */
  readonly httpStatus: number | null
  readonly details: readonly StatusDetail[]
}

/** A detail of an error, decoded where the API knows its type. */
export interface StatusDetail {
  readonly typeName: string
  /** As protobuf's JSON; null for an unknown type. */
  readonly json: unknown
  readonly octets: Uint8Array
}

/** What a call is made of. */
export interface CallInit {
  readonly method: DescMethod
  readonly protocol: ConsoleProtocol
  readonly usesGet: boolean
  readonly headers: Fields
  readonly timeoutMs: number | undefined
}

/** A running call, or one that has ended. */
export interface LiveCall {
  readonly init: CallInit
  readonly state: ReadonlySignal<CallState>
  readonly timeline: ReadonlySignal<readonly TimelineEntry[]>
  /** Sends a message. Resolves when the transport has taken it, so that a sender on a timer does not outrun the server. */
  send(message: Message): Promise<void>
  halfClose(): void
  cancel(): void
}
