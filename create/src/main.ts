/** The process of `npm create portico`: its arguments, its terminal and its exit code. */
import { createInterface } from 'node:readline/promises'
import { type Ask, createProject } from './create-project.ts'

/** Rejects when the user leaves the question by Ctrl-C or Ctrl-D. */
const askOnTerminal: Ask = async (question, fallback) => {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const cancelled = new Promise<never>((_resolve, reject) => {
    terminal.once('close', () => reject(new Error('cancelled')))
  })
  try {
    const answer = await Promise.race([terminal.question(`${question} (${fallback}): `), cancelled])
    return answer.trim() || fallback
  } finally {
    terminal.close()
  }
}

process.exitCode = await createProject({
  args: process.argv.slice(2),
  cwd: process.cwd(),
  env: process.env,
  ask: process.stdin.isTTY && process.stdout.isTTY ? askOnTerminal : undefined,
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
})
