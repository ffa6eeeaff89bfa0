/** Runs the client program without a process of its own. */
import { PassThrough, type Readable, Writable } from 'node:stream'
import { run } from '../../client/node/cli/run.ts'
import type { ProgramEnd } from './client-program.ts'

/** What the program has around it. */
export interface Surroundings {
  /** Default: nothing to read. */
  readonly stdin?: Readable
  readonly env?: Readonly<Record<string, string>>
}

/** Runs the program to its end. */
export async function runInProcess(
  argv: readonly string[],
  { stdin = new PassThrough().end(), env = {} }: Surroundings = {},
): Promise<ProgramEnd> {
  const [stdout, stderr] = [new Kept(), new Kept()]
  const code = await run(argv, { stdin, stdout, stderr, env, signal: new AbortController().signal })
  return { code, stdout: stdout.text, stderr: stderr.text }
}

/** Keeps what is written. */
class Kept extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += String(chunk)
    done()
  }
}
