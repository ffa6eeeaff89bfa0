/** The shape of all checks of the package. */
import { readFile } from 'node:fs/promises'
import { type Command, runCommand, runFailingCommand } from '../support/command.ts'
import type { Check } from '../support/run-checks.ts'

export function check(name: string, run: () => Promise<void>): Check {
  return { name, run }
}

/** @throws Error with what was observed */
export function expect(holds: boolean, seen: string): void {
  if (!holds) throw new Error(seen)
}

export async function expectOutput(command: Command, expected: string): Promise<void> {
  const output = await runCommand(command)
  expect(output === expected, output)
}

export async function expectFailure(command: Command, expected: string): Promise<void> {
  const output = await runFailingCommand(command)
  expect(output.includes(expected), output)
}

export async function expectNoMatch(file: string, pattern: RegExp): Promise<void> {
  const found = pattern.exec(await readFile(file, 'utf8'))
  expect(found === null, `${file} has ${found}`)
}
