/** Runs the client program in this process. */
import { PassThrough, type Readable, Writable } from 'node:stream'
import { programCommands } from '../../client/node/cli/commands/program-commands.ts'
import { greeterCommands } from '../../client/node/cli/greeter/greeter-commands.ts'
import { run } from '../../client/node/cli/run.ts'
import { scanForSecrets } from './planted-secrets.ts'

/** The results of a program. */
export interface ProgramEnd {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Those of `portico`, and of the demo. */
const COMMANDS = programCommands(greeterCommands)

/** The environment of the program. */
export interface Surroundings {
  /** Default: nothing to read. */
  readonly stdin?: Readable
  readonly env?: Readonly<Record<string, string>>
  /** The name it is called by. Default: `portico`. */
  readonly programName?: string
  /** Default: none. */
  readonly signal?: AbortSignal
}

/** Runs the program to completion. */
export async function runInProcess(
  argv: readonly string[],
  {
    stdin = new PassThrough().end(),
    env = {},
    programName = 'portico',
    signal = new AbortController().signal,
  }: Surroundings = {},
): Promise<ProgramEnd> {
  const [stdout, stderr] = [new Kept(), new Kept()]
  const code = await run(COMMANDS, argv, { programName, stdin, stdout, stderr, env, signal })
  scanForSecrets('output of a program', stdout.text + stderr.text)
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
