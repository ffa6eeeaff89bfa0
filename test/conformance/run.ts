/**
 * Runs the conformance suite against our server and our client. Arguments go to the runner, after an optional `server` or
 * `client` that runs one half alone: `npm run conformance -- server --run 'Errors/**' --trace`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { installGoTool } from '../support/go-tool.ts'
import { SUITE_MODULE, SUITE_VERSION } from './suite.ts'

type Half = 'server' | 'client'

/** What each half needs beside its configuration. The servers come one by one: two cores run no more. */
const FLAGS: Readonly<Record<Half, readonly string[]>> = {
  server: ['--parallel', '4', '--known-flaky', `@${fileNamed('known-flaky-server.txt')}`],
  client: [],
}

const { halves, runnerArgs } = readArguments(process.argv.slice(2))
const runner = await installGoTool({ package: `${SUITE_MODULE}/cmd/connectconformance`, version: SUITE_VERSION })
for (const half of halves) {
  process.stdout.write(`conformance of the ${half}:\n`)
  if (!(await passes(half))) process.exitCode = 1
}

function readArguments(args: readonly string[]): { halves: readonly Half[]; runnerArgs: readonly string[] } {
  const [first, ...rest] = args
  if (first === 'server' || first === 'client') return { halves: [first], runnerArgs: rest }
  return { halves: ['server', 'client'], runnerArgs: args }
}

async function passes(half: Half): Promise<boolean> {
  const flags = ['--mode', half, '--conf', fileNamed(`${half}.yaml`), '--max-servers', '1', ...FLAGS[half]]
  const knownFailing = ['--known-failing', `@${fileNamed(`known-failing-${half}.txt`)}`]
  const program = ['--', process.execPath, fileNamed(`${half}.ts`)]
  const child = spawn(runner, [...flags, ...knownFailing, ...runnerArgs, ...program], { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  return code === 0
}

function fileNamed(name: string): string {
  return path.join(import.meta.dirname, name)
}
