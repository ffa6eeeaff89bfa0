/** The program, apart from the process that it runs in. */
import { Code, ConnectError } from '@connectrpc/connect'
import { nearestName } from '../../../wire/options/nearest-name.ts'
import { version } from '../../../wire/version.ts'
import { programHelp } from './arguments/help-text.ts'
import { UsageError } from './arguments/usage-error.ts'
import { commands } from './commands/commands.ts'
import { EXIT_OK, exitCodeOf, isClosedPipe } from './exit-code.ts'
import { describeError } from './report-error.ts'
import { type Io, writeLine } from './terminal/io.ts'

/**
 * Runs a command. Results go to standard output, everything else to standard error.
 *
 * @param argv the arguments, from the name of the command on
 * @returns the exit code; this never throws
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const stopReading = () => io.stdin.destroy()
  io.signal.addEventListener('abort', stopReading)
  try {
    await dispatch(argv, io)
    return EXIT_OK
  } catch (error) {
    // What an interrupted command stumbles over is of no interest: it was told to stop.
    return await report(io.signal.aborted ? INTERRUPTED : error, argv, io)
  } finally {
    io.signal.removeEventListener('abort', stopReading)
    stopReading()
  }
}

const INTERRUPTED = new ConnectError('interrupted', Code.Canceled)

async function dispatch([name, ...rest]: readonly string[], io: Io): Promise<void> {
  if (name === undefined) throw new UsageError('a command is missing')
  if (name === '--help' || name === '-h') return writeLine(io.stdout, programHelp(commands))
  if (name === '--version') return writeLine(io.stdout, version)
  const command = commands.find((candidate) => candidate.name === name)
  if (command === undefined) throw new UsageError(`there is no command ${name}${suggestion(name)}`)
  await command.run(rest, io)
}

function suggestion(name: string): string {
  const nearest = nearestName(
    name,
    commands.map((command) => command.name),
  )
  return nearest === undefined ? '' : `: is ${nearest} meant?`
}

async function report(error: unknown, argv: readonly string[], { stderr }: Io): Promise<number> {
  if (!isClosedPipe(error)) {
    const help = error instanceof UsageError ? [`hint: ${helpCall(argv)}`] : []
    // When standard error is closed as well, there is nobody to tell.
    await writeLine(stderr, [...describeError(error), ...help].join('\n')).catch(() => {})
  }
  return exitCodeOf(error)
}

function helpCall([name]: readonly string[]): string {
  return commands.some((command) => command.name === name) ? `portico ${name} --help` : 'portico --help'
}
