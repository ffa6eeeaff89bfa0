/** What a command of the program is. */
import type { CommandOutline } from '../arguments/command-outline.ts'
import { type FlagTable, helpFlag } from '../arguments/flag-table.ts'
import { commandHelp } from '../arguments/help-text.ts'
import { type Arguments, asksForHelp, parseArguments } from '../arguments/parse-arguments.ts'
import { type Io, writeLine } from '../terminal/io.ts'

/** A command, to be run with what follows its name. */
export interface Command extends CommandOutline {
  /**
   * Does the work; help is part of it.
   *
   * @throws UsageError for wrong arguments, and whatever else stops the work
   */
  run(argv: readonly string[], io: Io): Promise<void>
}

interface Definition<Table extends FlagTable> extends CommandOutline {
  readonly flags: Table
  execute(args: Arguments<Table & typeof helpFlag>, io: Io): Promise<void>
}

/** Makes a command: its arguments are read by its table before it is executed. */
export function defineCommand<const Table extends FlagTable>(definition: Definition<Table>): Command {
  const { execute, ...outline } = definition
  const flags = { ...definition.flags, ...helpFlag }
  return {
    ...outline,
    flags,
    async run(argv, io) {
      if (asksForHelp(argv, flags)) return writeLine(io.stdout, commandHelp({ ...outline, flags }))
      await execute(parseArguments(argv, flags, outline.operands), io)
    },
  }
}
