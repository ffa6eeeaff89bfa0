/** Connects a program to the process that it runs in. */
import type { Command } from './commands/command.ts'
import { EXIT_FAILURE } from './exit-code.ts'
import { run } from './run.ts'

/** npm and terminals may deliver one interrupt twice; two signals within this time count as one. */
const SAME_SIGNAL_MS = 1_000

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const

/** A program: how it was called, and its commands. */
export interface Program {
  readonly name: string
  readonly commands: readonly Command[]
}

/** Runs the command that the arguments of the process name, and sets the exit code. A second signal ends the process immediately. */
export async function startProgram({ name, commands }: Program): Promise<void> {
  const signal = interruption()
  // The writer of a line receives its error; without a listener the process would die of it as well.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  process.on('uncaughtException', (error) => {
    process.stderr.write(`error: ${error.message}\n`, () => process.exit(EXIT_FAILURE))
  })
  process.exitCode = await run(commands, process.argv.slice(2), {
    programName: name,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signal,
  })
}

/** Aborts at the first signal. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  let interruptedAtMs = Number.POSITIVE_INFINITY
  for (const [signal, number] of Object.entries(SIGNAL_NUMBERS)) {
    process.on(signal, () => {
      const nowMs = performance.now()
      if (nowMs - interruptedAtMs >= SAME_SIGNAL_MS) process.exit(128 + number)
      if (!controller.signal.aborted) interruptedAtMs = nowMs
      controller.abort()
    })
  }
  return controller.signal
}
