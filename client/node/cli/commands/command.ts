/** Commands: what they are, and how they are defined. */
import { nearestName } from '../../../../wire/options/nearest-name.ts'
import { type CommandOutline, type FlagTable, helpFlag } from '../arguments/flag-table.ts'
import { commandHelp } from '../arguments/help-text.ts'
import { type Arguments, asksForHelp, parseArguments } from '../arguments/parse-arguments.ts'
import { type Io, writeLine } from '../terminal/io.ts'
import { UsageError } from '../terminal/program-errors.ts'

/** A command of the program. */
export interface Command extends CommandOutline {
  /**
   * Runs the command, or prints its help.
   *
   * @param argv the arguments after its name
   * @throws UsageError for wrong arguments, and anything that makes the command fail
   */
  run(argv: readonly string[], io: Io): Promise<void>
}

interface Definition<Table extends FlagTable> extends CommandOutline {
  readonly flags: Table
  execute(args: Arguments<Table & typeof helpFlag>, io: Io): Promise<void>
}

/** Defines a command. Its arguments are parsed by its table before it is executed. */
export function defineCommand<const Table extends FlagTable>(definition: Definition<Table>): Command {
  const { execute, ...outline } = definition
  const flags = { ...definition.flags, ...helpFlag }
  return {
    ...outline,
    flags,
    async run(argv, io) {
      if (asksForHelp(argv, flags)) return writeLine(io.stdout, commandHelp(io.programName, { ...outline, flags }))
      await execute(parseArguments(argv, flags, outline.operands), io)
    },
  }
}

/**
 * Finds a command by its name.
 *
 * @throws UsageError that suggests the nearest name
 */
export function findCommand(commands: readonly Command[], name: string): Command {
  const command = commands.find((candidate) => candidate.name === name)
  if (command !== undefined) return command
  const names = commands.map((candidate) => candidate.name)
  const nearest = nearestName(name, names)
  throw new UsageError(`unknown command "${name}"${nearest === undefined ? '' : `; did you mean ${nearest}?`}`)
}
