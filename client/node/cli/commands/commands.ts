/** The commands of the program. */
import { callCommand } from './call.ts'
import { channelCommand } from './channel.ts'
import type { Command } from './command.ts'
import { greeterCommands } from './greeter-commands.ts'
import { reflectionCommands } from './reflection-commands.ts'

/** In the order of the help. */
export const commands: readonly Command[] = [...greeterCommands, callCommand, ...reflectionCommands, channelCommand]
