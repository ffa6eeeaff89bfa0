#!/usr/bin/env node
/** The program `portico`. */
import { porticoCommands } from './commands/program-commands.ts'
import { nameOfProgram } from './name-of-program.ts'
import { startProgram } from './start-program.ts'

await startProgram({ name: nameOfProgram(process), commands: porticoCommands })
