/** The process of `npm create portico`. */
import { askOnTerminal } from './ask.ts'
import { createProject } from './create-project.ts'

process.exitCode = await createProject({
  args: process.argv.slice(2),
  cwd: process.cwd(),
  env: process.env,
  ask: process.stdin.isTTY && process.stdout.isTTY ? askOnTerminal : undefined,
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
})
