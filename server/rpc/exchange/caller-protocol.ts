/** What there is to know of a protocol before there is a call: all that a port asks of one. */
import { Code, ConnectError } from '@connectrpc/connect'
import { clipValue } from '../../../wire/text/clip-text.ts'
import type { CallHead } from './call-head.ts'
import { type Refusal, type RequestFault, refusePlainly } from './refusal.ts'

/** A protocol that callers speak. It has no state of its own: one object serves all requests. */
export interface CallerProtocol {
  /** As services see it in their context, and the log. */
  readonly name: string
  /** The HTTP status tells callers how their call ended. */
  readonly hasHttpStatus: boolean
  /** Messages stand in envelopes in the body, which tell when the peer owes octets; else it owes the body as a whole. */
  readonly isEnveloped: boolean
  /**
   * Whether a request is written in this protocol, as far as its head tells. The first protocol of a list that says so is the
   * caller's.
   *
   * @param isMethod the path is that of a method
   */
  recognises(head: CallHead, isMethod: boolean): boolean
  /**
   * The deadline that a request states, in milliseconds from its start; undefined for none.
   *
   * @throws ConnectError INVALID_ARGUMENT for what cannot be read
   */
  timeoutMsOf(head: CallHead): number | undefined
  /**
   * Writes an error as a whole response, to a request that never becomes a call.
   *
   * @param httpStatus what HTTP would say; undefined where the status is the protocol's to choose
   */
  refuse(error: ConnectError, head: CallHead, httpStatus: number | undefined): Refusal
  /**
   * Reads off the last octets of an answer, as they were written, the code of a failed call; undefined where it succeeded, or
   * where its end does not stand in the body. For answers that others wrote.
   */
  endingCodeOf(httpStatus: number, lastChunk: Uint8Array): Code | undefined
}

/** The protocol of a request: the first of the list that recognises it; undefined for ordinary HTTP. */
export function protocolOf<P extends CallerProtocol>(
  protocols: readonly P[],
  head: CallHead,
  isMethod: boolean,
): P | undefined {
  for (const protocol of protocols) if (protocol.recognises(head, isMethod)) return protocol
  return undefined
}

/** Refuses a request in the protocol of its caller; without one, as ordinary HTTP. */
export function refuse(
  protocol: CallerProtocol | undefined,
  head: CallHead,
  { code, message, httpStatus }: RequestFault,
): Refusal {
  const error = new ConnectError(message, code)
  return protocol === undefined ? refusePlainly(error, httpStatus) : protocol.refuse(error, head, httpStatus)
}

/**
 * Says in the protocol of its caller that nobody serves a request. Where the HTTP status is all that tells, it is the one that
 * clients of Connect read as UNIMPLEMENTED.
 */
export function refuseUnserved(protocol: CallerProtocol | undefined, head: CallHead): Refusal {
  const path = head.path.split('?', 1)[0] ?? ''
  const error = new ConnectError(`${clipValue(path)} is not implemented`, Code.Unimplemented)
  if (protocol === undefined) return refusePlainly(error, 404)
  return protocol.refuse(error, head, protocol.hasHttpStatus ? 404 : undefined)
}
