/** The edges of the program: everything that it reads from, writes to and listens to. */
import type { Readable, Writable } from 'node:stream'

/** What `run` works with; `main.ts` gives it the process' own, a test gives it streams of its own. */
export interface Io {
  /** Read only by commands that take messages from it. Destroyed when the run ends. */
  readonly stdin: Readable & { readonly isTTY?: boolean }
  /** Gets results, and nothing else. */
  readonly stdout: Writable & { readonly isTTY?: boolean }
  /** Gets everything that is not a result. */
  readonly stderr: Writable
  /** The environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborts when the person interrupts: the call under way is then cancelled. */
  readonly signal: AbortSignal
}

/**
 * Writes a line and waits until the stream took it, so that a slow reader slows the program and does not fill its memory.
 *
 * @throws Error with the stream's own code, as EPIPE when nobody reads any more
 */
export function writeLine(stream: Writable, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(`${line}\n`, (error) => (error ? reject(error) : resolve()))
  })
}
