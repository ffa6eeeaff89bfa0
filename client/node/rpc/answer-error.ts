/** Says whose fault it is when an answer cannot be read. */
import { Code, ConnectError } from '@connectrpc/connect'

/** The server's: INTERNAL, where the readers that both ends share say INVALID_ARGUMENT. */
export function answerError(error: unknown): ConnectError {
  const known = ConnectError.from(error, Code.Internal)
  if (known.code !== Code.InvalidArgument) return known
  return new ConnectError(known.rawMessage, Code.Internal, undefined, undefined, error)
}
