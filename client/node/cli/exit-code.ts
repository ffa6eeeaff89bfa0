/** The exit codes of the program. */
import { ConnectError } from '@connectrpc/connect'
import { HintedError, NotServingError, UsageError } from './terminal/program-errors.ts'

/** Success, or the reader of the results has left. */
export const EXIT_OK = 0
/** A failure of anything but the arguments or an RPC. */
export const EXIT_FAILURE = 1
/** Invalid arguments. */
export const EXIT_USAGE = 2
/** A server that was asked for its health is not serving; the number is that of grpc_health_probe. */
export const EXIT_NOT_SERVING = 4
/** Added to the code of a failed RPC, as grpcurl does: 65 is CANCELLED, 80 UNAUTHENTICATED. */
export const EXIT_RPC_BASE = 64

/** Returns the exit code for an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof HintedError) return exitCodeOf(error.cause)
  if (error instanceof ConnectError) return EXIT_RPC_BASE + error.code
  if (error instanceof UsageError) return EXIT_USAGE
  if (error instanceof NotServingError) return EXIT_NOT_SERVING
  return isClosedPipe(error) ? EXIT_OK : EXIT_FAILURE
}

/** Whether an error only means that the reader of the output left early, as `head` does. */
export function isClosedPipe(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'EPIPE' &&
    'syscall' in error &&
    error.syscall === 'write'
  )
}
