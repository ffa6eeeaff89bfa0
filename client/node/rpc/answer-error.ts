/** Says whose fault it is when an answer cannot be read. */
import { Code, ConnectError } from '@connectrpc/connect'

/** The server's: INTERNAL, where readers say INVALID_ARGUMENT. What the server has said itself stands. */
export function answerError(error: unknown): ConnectError {
  const known = ConnectError.from(error, Code.Internal)
  // Connect reads names of codes from JSON, where some mean something to JavaScript.
  if (!(known.code in Code)) return new ConnectError(known.rawMessage, Code.Unknown, known.metadata, undefined, error)
  if (known.code !== Code.InvalidArgument || known.isWireError) return known
  return new ConnectError(known.rawMessage, Code.Internal, undefined, undefined, error)
}
