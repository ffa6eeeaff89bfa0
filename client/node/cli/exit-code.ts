/** The exit codes of the program. */
import { ConnectError } from '@connectrpc/connect'
import { HintedError, UsageError } from './terminal/program-errors.ts'

/** Success, or the reader of the results has left. */
export const EXIT_OK = 0
/** A failure of anything but the arguments or an RPC. */
export const EXIT_FAILURE = 1
/** Invalid arguments. */
export const EXIT_USAGE = 2
/** Added to the code of a failed RPC, as grpcurl does: 65 is CANCELLED, 80 UNAUTHENTICATED. */
export const EXIT_RPC_BASE = 64

/** Returns the exit code for an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof HintedError) return exitCodeOf(error.cause)
  if (error instanceof ConnectError) return EXIT_RPC_BASE + error.code
  if (error instanceof UsageError) return EXIT_USAGE
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
