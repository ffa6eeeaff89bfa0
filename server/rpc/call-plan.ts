/** What a request's head alone settles about its call. */
import type { Code, ConnectError } from '@connectrpc/connect'
import type { Compression } from '../../wire/compression.ts'
import type { ResponseBlock } from './exchange/response-block.ts'
import type { ProtocolPlan } from './protocols/server-protocol.ts'

/** How the calls of a method are answered that have the same content type, encodings and origin. Shared by them. */
export interface CallPlan extends ProtocolPlan {
  /** What messages to the client are compressed with, if they are long enough. */
  readonly responseCompression: Compression | null
}

/** A whole response to a request that never becomes a call. */
export interface Refusal {
  readonly head: ResponseBlock
  readonly body: Uint8Array
  /** For the log; undefined for an answer that is no failure, as that to a preflight. */
  readonly code: Code | undefined
}

/** What a head says: a call, or why there is none. Kept with the head. */
export class HeadPlan {
  /** The call; null where `refusal` is the whole answer. */
  readonly call: CallPlan | null
  readonly refusal: Refusal | null
  /** A fault of the head to be answered in the protocol of the call; null for none. */
  readonly error: ConnectError | null
  /** The deadline that the client states, within the limit of the method; -1 for none. */
  readonly timeoutMs: number

  private constructor(call: CallPlan | null, refusal: Refusal | null, error: ConnectError | null, timeoutMs: number) {
    this.call = call
    this.refusal = refusal
    this.error = error
    this.timeoutMs = timeoutMs
  }

  /** There will be a call, if `error` is null. */
  static ofCall(call: CallPlan, error: ConnectError | null, timeoutMs: number): HeadPlan {
    return new HeadPlan(call, null, error, timeoutMs)
  }

  /** There will be none. */
  static ofRefusal(refusal: Refusal): HeadPlan {
    return new HeadPlan(null, refusal, null, NO_TIMEOUT)
  }
}

/** The timeout of a call that states none. */
export const NO_TIMEOUT = -1
