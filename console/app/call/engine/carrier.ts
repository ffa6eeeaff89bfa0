/** The contract between the engine of calls and the protocols that carry them. */
import type { DescMethod, Message, Registry } from '@bufbuild/protobuf'
import type { Fields } from '../../contracts/live-call.ts'

/** Carries calls in one protocol. */
export interface Carrier {
  /**
   * Carries a call to its end, and reports to its observer what it sees on the way. Resolves if the call succeeds.
   *
   * @throws ConnectError with the status of the call, or what the browser rejected with
   */
  carry(call: CarriedCall): Promise<void>
}

/** A call as a protocol sees it. */
export interface CarriedCall {
  readonly method: DescMethod
  /** What precedes the path of the method. Ends without a slash. */
  readonly baseUrl: string
  readonly headers: Headers
  readonly timeoutMs: number | undefined
  readonly usesGet: boolean
  readonly signal: AbortSignal
  /** The types that `google.protobuf.Any` may hold in JSON. */
  readonly registry: Registry
  /** Each request is taken when the protocol can send it. */
  readonly requests: AsyncIterable<Message>
  readonly observer: CallObserver
}

/** Learns what happens in a call. */
export interface CallObserver {
  /** A request was encoded, and goes out. */
  onSent(message: Message, sizeBytes: number): void
  /** The octets of the body of the request, envelopes included. */
  onRequestBody(octets: Uint8Array): void
  onResponseHead(httpStatus: number | null, headers: Fields): void
  /** Octets of the body of the response, as far as the browser shows them. */
  onResponseBody(octets: Uint8Array): void
  onReceived(message: Message, sizeBytes: number): void
  onTrailers(trailers: Fields): void
}

/** Returns the first request. */
export async function firstRequest(call: CarriedCall): Promise<Message> {
  for await (const message of call.requests) return message
  // The caller left before it sent one.
  throw call.signal.reason ?? new Error('the call has no request message')
}
