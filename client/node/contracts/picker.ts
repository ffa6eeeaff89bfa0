/** The contract of pickers, by which calls find their connection. A load balancer publishes a new picker after every change. */
import type { ConnectError } from '@connectrpc/connect'
import type { HeaderField } from '../../../wire/http2/http2.ts'
import type { Subchannel } from './subchannel.ts'

/**
 * Its set of connections is immutable; a position in a rotation may change. The channel calls it once per attempt of a call, and calls the
 * next picker for queued calls. Must be fast, and must not throw.
 */
export interface Picker {
  pick(call: PickInfo): PickResult
}

/** The call that needs a connection. */
export interface PickInfo {
  /** `/package.Service/Method`. */
  readonly path: string
  /** The request header of the caller, without the fields of the protocol. */
  readonly requestHeader: Headers
}

/** The result of a pick. */
export type PickResult = PickedSubchannel | QueuedPick | FailedPick | DroppedPick

/** Use this subchannel. If it has lost its connection, the call waits for the next picker. */
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
  /** The trailers, or the head of a Trailers-Only response, for load reports (gRFC A51). Null without trailers. */
  readonly trailers: readonly HeaderField[] | null
  /**
   * Whether our side has abandoned it: another attempt was faster, or the caller left, which says nothing about the server. A deadline does
   * not count as abandoned, as the server was too slow.
   */
  readonly isAbandoned: boolean
}

/** Wait for the next picker. */
export interface QueuedPick {
  readonly kind: 'queue'
}

/** Fail with UNAVAILABLE, or the error's code. Calls that wait for ready stay queued. */
export interface FailedPick {
  readonly kind: 'fail'
  readonly error: ConnectError
}

/** Drop the call: it fails even if it waits for ready, and is never retried. */
export interface DroppedPick {
  readonly kind: 'drop'
  readonly error: ConnectError
}

/** The result for waiting. */
export const QUEUE: QueuedPick = Object.freeze({ kind: 'queue' })

/** Queues every call, for channels and policies that are connecting. */
export const queuePicker: Picker = Object.freeze({ pick: () => QUEUE })

/** Returns a picker that fails every call, except those that wait for ready. */
export function failPicker(error: ConnectError): Picker {
  const result: FailedPick = Object.freeze({ kind: 'fail', error })
  return { pick: () => result }
}
