/** Distinguishes errors of the control plane from those of a service (gRFC A54). */
import { Code, ConnectError } from '@connectrpc/connect'

/** The codes that only a service may use. */
const SERVICE_CODES: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.FailedPrecondition,
  Code.Aborted,
  Code.OutOfRange,
  Code.DataLoss,
])

/** Returns the error of a resolver, picker or service config for a call: INTERNAL in place of codes that only a service may use. */
export function controlPlaneError(error: ConnectError): ConnectError {
  if (!SERVICE_CODES.has(error.code)) return error
  const message = `the client's control plane failed with ${Code[error.code]}: ${error.rawMessage}`
  return new ConnectError(message, Code.Internal, undefined, undefined, error)
}
