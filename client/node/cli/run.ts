/** The program, apart from the process that it runs in. */
import { Code, ConnectError } from '@connectrpc/connect'
import { version } from '../../../wire/version.ts'
import { programHelp } from './arguments/help-text.ts'
import { type Command, findCommand } from './commands/command.ts'
import { EXIT_OK, exitCodeOf, isClosedPipe } from './exit-code.ts'
import { describeError } from './report-error.ts'
import { type Io, writeLine } from './terminal/io.ts'
import { UsageError } from './terminal/program-errors.ts'

/**
 * Runs a command. Results go to standard output, everything else to standard error. Without arguments it prints the help.
 *
 * @param commands all commands of the program
 * @param argv the arguments, starting with the name of a command
 * @returns the exit code; never throws
 */
export async function run(commands: readonly Command[], argv: readonly string[], io: Io): Promise<number> {
  const stopReading = () => io.stdin.destroy()
  io.signal.addEventListener('abort', stopReading)
  try {
    await dispatch(commands, argv, io)
    return EXIT_OK
  } catch (error) {
    // Whatever an interrupted command fails with only follows from the interruption.
    const reported = io.signal.aborted ? INTERRUPTED : error
    return await report(reported, helpCall(commands, argv, io), io)
  } finally {
    io.signal.removeEventListener('abort', stopReading)
    stopReading()
  }
}

const INTERRUPTED = new ConnectError('interrupted', Code.Canceled)

async function dispatch(commands: readonly Command[], [name, ...rest]: readonly string[], io: Io): Promise<void> {
  if (name === undefined || name === '--help' || name === '-h') {
    return writeLine(io.stdout, programHelp(io.programName, commands))
  }
  if (name === '--version') return writeLine(io.stdout, version)
  await findCommand(commands, name).run(rest, io)
}

async function report(error: unknown, helpCall: string, { stderr }: Io): Promise<number> {
  if (!isClosedPipe(error)) {
    const help = error instanceof UsageError ? [`hint: ${helpCall}`] : []
    // Standard error may be closed as well; then there is nowhere to report to.
    await writeLine(stderr, [...describeError(error), ...help].join('\n')).catch(() => {})
  }
  return exitCodeOf(error)
}

function helpCall(commands: readonly Command[], [name]: readonly string[], { programName }: Io): string {
  const isKnown = commands.some((command) => command.name === name)
  return isKnown ? `${programName} ${name} --help` : `${programName} --help`
}
