/** Ends the process once its log is written. */
import type { FastifyBaseLogger } from 'fastify'

/** How long the last log lines may take to be written. */
const FLUSH_MS = 1_000

/** Ends it with an exit code that is read once the log is written, or after a second. */
export function exitProcess(log: FastifyBaseLogger, code: () => number): void {
  const leave = () => process.exit(code())
  // A reader of the log that has stopped reading must not keep the process alive.
  setTimeout(leave, FLUSH_MS)
  flush(log, leave)
}

/** Loggers of programs may have no `flush`, or one without a callback. */
function flush(log: FastifyBaseLogger, done: () => void): void {
  const { flush } = log as { readonly flush?: (done: () => void) => void }
  if (flush === undefined) done()
  else flush.call(log, done)
}
