/** The commands of the programs: `portico`, and any program that adds its own to them. */
import { version } from '../../../../wire/version.ts'
import { programHelp } from '../arguments/help-text.ts'
import { writeLine } from '../terminal/io.ts'
import { adminCommand } from './admin.ts'
import { callCommand } from './call.ts'
import { channelCommand } from './channel.ts'
import { type Command, defineCommand, findCommand } from './command.ts'
import { completionCommand } from './completion.ts'
import { healthCommand } from './health.ts'
import { openApiCommand } from './openapi.ts'
import { reflectionCommands } from './reflection-commands.ts'
import { registryCommand } from './registry.ts'

const versionCommand = defineCommand({
  name: 'version',
  operands: [],
  summary: 'print the version',
  flags: {},
  execute: (_, io) => writeLine(io.stdout, version),
})

/** The commands of `portico`, which work with any server. */
export const porticoCommands: readonly Command[] = programCommands([])

/**
 * Composes the commands of a program, in the order of its help.
 *
 * @param own the commands that `portico` does not have
 */
export function programCommands(own: readonly Command[]): readonly Command[] {
  const completion = completionCommand(() => porticoCommands)
  const commands = [
    ...own,
    callCommand,
    ...reflectionCommands,
    openApiCommand,
    healthCommand,
    adminCommand,
    channelCommand,
    registryCommand,
    completion,
    versionCommand,
  ]
  commands.splice(-1, 0, helpCommand(commands))
  return commands
}

/** `help [COMMAND]`: the same as `--help`, for those who try the word first. */
function helpCommand(commands: readonly Command[]): Command {
  return defineCommand({
    name: 'help',
    operands: ['[COMMAND]'],
    operandChoices: commands.map(({ name }) => name),
    summary: 'show the help of the program, or of a command',
    flags: {},
    async execute({ operands: [name] }, io) {
      if (name === undefined) await writeLine(io.stdout, programHelp(io.programName, commands))
      else await findCommand(commands, name).run(['--help'], io)
    },
  })
}
