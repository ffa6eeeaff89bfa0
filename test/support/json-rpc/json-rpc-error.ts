/** Errors in JSON-RPC 2.0 form (section 5.1). */
import { Code, ConnectError } from '@connectrpc/connect'

/** An error object. */
export interface JsonRpcFailure {
  readonly code: number
  readonly message: string
}

const PARSE_ERROR = -32_700
const METHOD_NOT_FOUND = -32_601
const INVALID_PARAMS = -32_602
const INTERNAL_ERROR = -32_603

/** Server codes end here; the code of the call is subtracted. */
const FIRST_SERVER_ERROR = -32_000

const CODES: ReadonlyMap<Code, number> = new Map([
  [Code.Unimplemented, METHOD_NOT_FOUND],
  [Code.InvalidArgument, INVALID_PARAMS],
  [Code.Internal, INTERNAL_ERROR],
])

/** Messages of errors for bodies that are not JSON: the one JSON-RPC error that gRPC has no code for. */
const parseErrors = new WeakSet<ConnectError>()

/** The body is not JSON. */
export function parseError(cause: unknown): ConnectError {
  const error = new ConnectError('the body is not JSON', Code.InvalidArgument, undefined, undefined, cause)
  parseErrors.add(error)
  return error
}

/** Writes an error. */
export function failureOf(error: ConnectError): JsonRpcFailure {
  const code = CODES.get(error.code) ?? FIRST_SERVER_ERROR - error.code
  return { code: parseErrors.has(error) ? PARSE_ERROR : code, message: error.rawMessage }
}

/** Recovers the code of the call. */
export function codeOf({ code }: JsonRpcFailure): Code {
  if (code === PARSE_ERROR) return Code.InvalidArgument
  for (const [own, theirs] of CODES) if (theirs === code) return own
  return FIRST_SERVER_ERROR - code
}
