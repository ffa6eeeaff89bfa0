/** The errors by which calls end that no server has answered. */
import { Code, ConnectError } from '@connectrpc/connect'
import { HeaderListTooLargeError } from '../../../wire/http2/http2.ts'
import { connectErrorOf } from '../base/thrown.ts'

/** @param waitedFor what the call was doing, as the end of the sentence; empty: it waited for the answer */
export function deadlineError(timeoutMs: number, waitedFor: string): ConnectError {
  return new ConnectError(`the deadline of ${timeoutMs} ms passed${waitedFor}`, Code.DeadlineExceeded)
}

/** The reason that the caller gave, if it is an error of a call; else CANCELLED with the text of the reason, as in Connect. */
export function abortError(signal: AbortSignal): ConnectError {
  return toCallError(signal.reason, Code.Canceled)
}

/** Nobody wants the rest of the answer. */
export function leftError(): ConnectError {
  return new ConnectError('the caller has stopped reading', Code.Canceled)
}

/** What a hedge ends with that was not needed. */
export function outrunError(): ConnectError {
  return new ConnectError('another attempt has decided the call', Code.Canceled)
}

/** Metadata that cannot be sent is the fault of the caller. */
export function sendError(error: unknown): ConnectError {
  if (error instanceof HeaderListTooLargeError) return new ConnectError(error.message, Code.ResourceExhausted)
  return toCallError(error, Code.Internal)
}

/** Whatever was thrown, as the error of a call. @param code of what is not an error of a call already */
export function toCallError(thrown: unknown, code: Code): ConnectError {
  try {
    return ConnectError.from(thrown, code)
  } catch {
    return connectErrorOf(thrown, code)
  }
}

/**
 * What was thrown when an answer could not be read: the server's fault, so INTERNAL where readers say INVALID_ARGUMENT. What the
 * server has said itself stands.
 */
export function answerError(thrown: unknown): ConnectError {
  const known = toCallError(thrown, Code.Internal)
  // Connect reads names of codes from JSON, where some mean something to JavaScript.
  if (!(known.code in Code)) return new ConnectError(known.rawMessage, Code.Unknown, known.metadata, undefined, thrown)
  if (known.code !== Code.InvalidArgument || known.isWireError) return known
  return new ConnectError(known.rawMessage, Code.Internal, undefined, undefined, thrown)
}
