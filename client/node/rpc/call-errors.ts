/** The errors of calls that end on our side. */
import { Code, ConnectError } from '@connectrpc/connect'
import { HeaderListTooLargeError } from '../../../wire/http2/http2.ts'
import { connectErrorOf } from '../base/thrown.ts'

/** @param waitedFor what the call was waiting for, as the end of the sentence; empty for the response */
export function deadlineError(timeoutMs: number, waitedFor: string): ConnectError {
  return new ConnectError(`the deadline of ${timeoutMs} ms passed${waitedFor}`, Code.DeadlineExceeded)
}

/** Returns the abort reason if it is a ConnectError, else CANCELLED with the text of the reason, as in Connect. */
export function abortError(signal: AbortSignal): ConnectError {
  return toCallError(signal.reason, Code.Canceled)
}

/** The error of a call whose caller stopped reading. */
export function leftError(): ConnectError {
  return new ConnectError('the caller has stopped reading', Code.Canceled)
}

/** The error of a hedge that was not needed. */
export function outrunError(): ConnectError {
  return new ConnectError('another attempt has decided the call', Code.Canceled)
}

/** Returns the error for metadata that cannot be sent, a fault of the caller. */
export function sendError(error: unknown): ConnectError {
  if (error instanceof HeaderListTooLargeError) return new ConnectError(error.message, Code.ResourceExhausted)
  return toCallError(error, Code.Internal)
}

/** Converts any thrown value to a ConnectError. @param code the code for values that are not ConnectErrors */
export function toCallError(thrown: unknown, code: Code): ConnectError {
  try {
    return ConnectError.from(thrown, code)
  } catch {
    return connectErrorOf(thrown, code)
  }
}

/**
 * Converts an error from reading a response. A malformed response is the server's fault, so INTERNAL in place of INVALID_ARGUMENT. Errors
 * that the server has sent stay unchanged.
 */
export function answerError(thrown: unknown): ConnectError {
  const known = toCallError(thrown, Code.Internal)
  // Connect looks codes up by their JSON name, which may be that of an inherited property.
  if (!(known.code in Code)) return new ConnectError(known.rawMessage, Code.Unknown, known.metadata, undefined, thrown)
  if (known.code !== Code.InvalidArgument || known.isWireError) return known
  return new ConnectError(known.rawMessage, Code.Internal, undefined, undefined, thrown)
}
