/** What a port needs to know of a protocol: how to recognise a request and how to refuse it. */
import { Code, ConnectError } from '@connectrpc/connect'
import { clipValue } from '../../../wire/text/clip-text.ts'
import type { CallHead } from './call-head.ts'
import { type Refusal, type RequestFault, refusePlainly } from './refusal.ts'

/** A protocol of calls. Stateless: one object serves all requests. */
export interface CallerProtocol {
  /** The name that services see in their context, and that logs show. */
  readonly name: string
  /** Whether the HTTP status reports how a call ended. */
  readonly hasHttpStatus: boolean
  /**
   * Whether messages are in envelopes, whose prefix tells how many bytes the client still owes. Otherwise the client
   * owes the whole body.
   */
  readonly isEnveloped: boolean
  /**
   * Returns whether the head of a request is in this protocol. Of a list of protocols, the first match counts.
   *
   * @param isMethod whether the path is that of a method
   */
  recognises(head: CallHead, isMethod: boolean): boolean
  /**
   * Returns the timeout of a request in milliseconds; undefined if it has none.
   *
   * @throws ConnectError INVALID_ARGUMENT for an invalid timeout
   */
  timeoutMsOf(head: CallHead): number | undefined
  /**
   * Encodes an error as the complete response to a request that does not become a call.
   *
   * @param httpStatus the status for the error in HTTP; undefined: the protocol chooses
   */
  refuse(error: ConnectError, head: CallHead, httpStatus: number | undefined): Refusal
  /**
   * Returns the error code in the last bytes of a response that was written elsewhere; undefined for success, and for
   * protocols that report the end outside of the body.
   */
  endingCodeOf(httpStatus: number, lastChunk: Uint8Array): Code | undefined
}

/** Returns the protocol of a request: the first one that recognises it; undefined for ordinary HTTP. */
export function protocolOf<P extends CallerProtocol>(
  protocols: readonly P[],
  head: CallHead,
  isMethod: boolean,
): P | undefined {
  for (const protocol of protocols) if (protocol.recognises(head, isMethod)) return protocol
  return undefined
}

/** Refuses a request in its own protocol, or as ordinary HTTP if it has none. */
export function refuse(
  protocol: CallerProtocol | undefined,
  head: CallHead,
  { code, message, httpStatus }: RequestFault,
): Refusal {
  const error = new ConnectError(message, code)
  return protocol === undefined ? refusePlainly(error, httpStatus) : protocol.refuse(error, head, httpStatus)
}

/**
 * Refuses a request for an unknown method in its own protocol. Protocols that report by HTTP status use 404, which
 * Connect clients read as UNIMPLEMENTED.
 */
export function refuseUnserved(protocol: CallerProtocol | undefined, head: CallHead): Refusal {
  const path = head.path.split('?', 1)[0] ?? ''
  const error = new ConnectError(`${clipValue(path)} is not implemented`, Code.Unimplemented)
  if (protocol === undefined) return refusePlainly(error, 404)
  return protocol.refuse(error, head, protocol.hasHttpStatus ? 404 : undefined)
}
