/** What a request's head alone settles about its call. */
import type { Code, ConnectError } from '@connectrpc/connect'
import type { Compression } from '../../wire/compression.ts'
import type { EncodableField } from '../../wire/http2/http2.ts'
import type { MessageCodec } from '../../wire/message-codec.ts'
import type { ResponseBlock } from './exchange/response-block.ts'
import type { MethodEntry } from './method-table.ts'
import type { ServerProtocol } from './protocols/server-protocol.ts'

/** How the calls of a method are answered that have the same content type, encodings and origin. Shared by them. */
export interface CallPlan {
  readonly entry: MethodEntry
  readonly protocol: ServerProtocol
  readonly codec: MessageCodec
  readonly requestCompression: Compression | null
  readonly responseCompression: Compression | null
  /** What every response begins with, whatever its content: CORS, caching. */
  readonly baseFields: readonly EncodableField[]
  /** The head of a success to which the service adds nothing. */
  readonly head: ResponseBlock
  /** The same where the body as a whole is compressed; differs from `head` in Connect's unary calls. */
  readonly compressedHead: ResponseBlock
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
