/** How calls find their connection: a load balancer publishes a picker, and a new one with every change. */
import type { ConnectError } from '@connectrpc/connect'
import type { HeaderField } from '../../../wire/http2/http2.ts'
import type { Subchannel } from './subchannel.ts'

/**
 * Immutable in what it knows of connections; a position in a rotation may move. The channel asks it once for every attempt of
 * a call, and asks the next picker again for calls that were queued. Must be fast, must not throw.
 */
export interface Picker {
  pick(call: PickInfo): PickResult
}

/** The call that looks for a connection. */
export interface PickInfo {
  /** `/package.Service/Method`. */
  readonly path: string
  /** What the caller sends, without the fields of the protocol. */
  readonly requestHeader: Headers
}

/** What a picker says. */
export type PickResult = PickedSubchannel | QueuedPick | FailedPick | DroppedPick

/** Take this one. If it has lost its connection meanwhile, the call waits for the next picker. */
export interface PickedSubchannel {
  readonly kind: 'complete'
  readonly subchannel: Subchannel
  /** Called once for an attempt that was sent over the subchannel. */
  readonly onStart?: () => void
  /** Called once after `onStart`, when the attempt has ended. */
  readonly onEnd?: (outcome: AttemptOutcome) => void
}

/** How an attempt ended. */
export interface AttemptOutcome {
  /** Null for OK. */
  readonly error: ConnectError | null
  /** The trailers, or the head of a Trailers-Only answer; null where none came. For load reports (gRFC A51). */
  readonly trailers: readonly HeaderField[] | null
  /**
   * Our side has given it up for reasons of its own: another attempt was faster, or the caller left. It says nothing of the server. A
   * deadline that passes does: the server was too slow.
   */
  readonly isAbandoned: boolean
}

/** Nothing yet: wait for the next picker. */
export interface QueuedPick {
  readonly kind: 'queue'
}

/** Nothing, and no hope for now: calls fail with UNAVAILABLE or the error's code, those that wait for ready stay queued. */
export interface FailedPick {
  readonly kind: 'fail'
  readonly error: ConnectError
}

/** Refused on purpose: the call fails even if it waits for ready, and is never tried again. */
export interface DroppedPick {
  readonly kind: 'drop'
  readonly error: ConnectError
}

/** Says to wait. */
export const QUEUE: QueuedPick = Object.freeze({ kind: 'queue' })

/** Queues every call: what a channel or policy that is connecting publishes. */
export const queuePicker: Picker = Object.freeze({ pick: () => QUEUE })

/** Fails every call, except those that wait for ready. */
export function failPicker(error: ConnectError): Picker {
  const result: FailedPick = Object.freeze({ kind: 'fail', error })
  return { pick: () => result }
}
