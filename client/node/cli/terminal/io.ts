/** The program's connections to the outside. */
import type { Readable, Writable } from 'node:stream'

/** Streams and environment of a run: those of the process, or a test's own. */
export interface Io {
  /** How the program was called, for help and hints: `portico`, `npx portico`. */
  readonly programName: string
  /** Read only by commands that take messages from it. Destroyed when the run ends. */
  readonly stdin: Readable & { readonly isTTY?: boolean }
  /** Receives results and nothing else. */
  readonly stdout: Writable & { readonly isTTY?: boolean }
  /** Receives everything that is not a result. */
  readonly stderr: Writable
  /** The environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborts when the user interrupts, which cancels the call in progress. */
  readonly signal: AbortSignal
}

/**
 * Writes a line and waits until the stream has taken it, so that a slow reader slows the program down instead of filling its memory.
 *
 * @throws Error with the stream's own code, such as EPIPE when the reader has gone
 */
export function writeLine(stream: Writable, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(`${line}\n`, (error) => (error ? reject(error) : resolve()))
  })
}
