/** `completion SHELL`: prints the script that makes a shell complete `portico`. */
import type { CommandOutline } from '../arguments/flag-table.ts'
import { bashScript } from '../completion/bash-script.ts'
import { fishScript } from '../completion/fish-script.ts'
import { zshScript } from '../completion/zsh-script.ts'
import { writeLine } from '../terminal/io.ts'
import { UsageError } from '../terminal/program-errors.ts'
import { type Command, defineCommand } from './command.ts'

const SCRIPTS: ReadonlyMap<string, (commands: readonly CommandOutline[]) => string> = new Map([
  ['bash', bashScript],
  ['zsh', zshScript],
  ['fish', fishScript],
])

const SHELLS = [...SCRIPTS.keys()]

const DESCRIPTION = `Completes commands, flags and the values of flags. Load the script when the shell starts:
  bash  source <(portico completion bash)       in ~/.bashrc
  zsh   source <(portico completion zsh)        in ~/.zshrc, after compinit
  fish  portico completion fish | source        in ~/.config/fish/config.fish`

/** @param commands returns the commands to complete */
export function completionCommand(commands: () => readonly CommandOutline[]): Command {
  return defineCommand({
    name: 'completion',
    operands: ['SHELL'],
    operandChoices: SHELLS,
    summary: `print the completion script of a shell: ${SHELLS.join(', ')}`,
    description: DESCRIPTION,
    flags: {},
    async execute({ operands: [shell = ''] }, io) {
      const script = SCRIPTS.get(shell)
      if (script === undefined) throw new UsageError(`unknown shell "${shell}"; must be one of ${SHELLS.join(', ')}`)
      await writeLine(io.stdout, script(commands()))
    },
  })
}
