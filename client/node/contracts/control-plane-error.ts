/** Keeps what goes wrong in front of a call apart from what a service answers (gRFC A54). */
import { Code, ConnectError } from '@connectrpc/connect'

/** What only a service may say. */
const SERVICE_CODES: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.FailedPrecondition,
  Code.Aborted,
  Code.OutOfRange,
  Code.DataLoss,
])

/** The error of a resolver, picker or service config as a call may show it: INTERNAL for codes that are a service's own. */
export function controlPlaneError(error: ConnectError): ConnectError {
  if (!SERVICE_CODES.has(error.code)) return error
  const message = `the client's control plane failed with ${Code[error.code]}: ${error.rawMessage}`
  return new ConnectError(message, Code.Internal, undefined, undefined, error)
}
