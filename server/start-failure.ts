/** Failures to start a server, as they are printed. */
import { inspect } from 'node:util'

/** A failure to start that one sentence explains; all others are shown with their stack. */
export class StartFailure extends Error {}

/** What is printed for a failure. */
export function failureText(error: unknown): string {
  if (error instanceof StartFailure) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : inspect(error)
}
