/** What the end of a WebSocket before the trailers means for its call. */
import { Code, ConnectError } from '@connectrpc/connect'

/** The codes of RFC 6455, section 7.4.1, and of IANA's registry of close codes, whose meaning has a gRPC code. */
const CODES: Readonly<Record<number, Code>> = {
  1001: Code.Unavailable, // going away
  1006: Code.Unavailable, // lost, without a Close frame
  1008: Code.PermissionDenied, // policy violation
  1009: Code.ResourceExhausted, // message too big
  1011: Code.Unavailable, // internal error
  1012: Code.Unavailable, // service restart
  1013: Code.Unavailable, // try again later
  1014: Code.Unavailable, // bad gateway
}

/** Returns the error of a call whose WebSocket closed before the trailers. */
export function closeError(code: number, reason: string, cause?: unknown): ConnectError {
  const what =
    code === 1006 ? 'the connection was lost' : `the server closed the WebSocket before the trailers (${code})`
  const text = reason === '' ? what : `${what}: ${reason}`
  return new ConnectError(text, CODES[code] ?? Code.Internal, undefined, undefined, cause)
}

/** Returns the error of a call whose messages the page has not read in time. */
export function tooSlowError(maxBufferedBytes: number): ConnectError {
  const text = `the page reads too slowly: more than ${maxBufferedBytes} bytes wait (maxBufferedBytes)`
  return new ConnectError(text, Code.ResourceExhausted)
}
