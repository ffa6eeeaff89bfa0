/** The program `node client`: the commands of `portico`, and those that call the demo's GreeterService. */
import { programCommands } from '../commands/program-commands.ts'
import { startProgram } from '../start-program.ts'
import { greeterCommands } from './greeter-commands.ts'

await startProgram({ name: 'node client', commands: programCommands(greeterCommands) })
