/**
 * Runs the conformance suite against our server, our server with its connections cut into single bytes, and our client; then
 * once more with the service and the client that connect-es tests its own servers and transports with (upstream/).
 * Arguments go to the runner, after an optional name of one run: `npm run conformance -- server --run 'Errors/**' --trace`.
 * The reference lane is run only where it is named: `npm run conformance -- server-reference`; `full` names the runs of
 * connect-es's programs with every encoding and limit.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { installGoTool } from '../support/go-tool.ts'
import { SUITE_MODULE, SUITE_VERSION } from './suite.ts'

/** One use of the suite. */
interface Run {
  readonly mode: 'server' | 'client'
  /** The features file, which selects the cases to run. */
  readonly config: string
  /** What the program under test is started with. */
  readonly programArgs?: readonly string[]
  /** What the runner is started with. */
  readonly flags?: readonly string[]
}

/** Two cores run no more at once. */
const PARALLEL = ['--parallel', '4']

const RUNS: Readonly<Record<string, Run>> = {
  server: { mode: 'server', config: 'server.yaml', flags: PARALLEL },
  'server-sliced': { mode: 'server', config: 'server-sliced.yaml', programArgs: ['--sliced'], flags: PARALLEL },
  'server-reference': {
    mode: 'server',
    config: 'server-reference.yaml',
    programArgs: ['--lane', 'reference'],
    flags: [...PARALLEL, '--known-flaky', `@${fileNamed('known-flaky-reference.txt')}`],
  },
  'server-reflective': {
    mode: 'server',
    config: 'server-sliced.yaml',
    programArgs: ['--codec', 'reflective'],
    flags: PARALLEL,
  },
  'server-websocket': {
    mode: 'server',
    config: 'server-websocket.yaml',
    programArgs: ['--websockets'],
    flags: [...PARALLEL, '--skip', `@${fileNamed('skipped-server-websocket.txt')}`],
  },
  client: { mode: 'client', config: 'client.yaml' },
  'client-reflective': { mode: 'client', config: 'client.yaml', programArgs: ['--codec', 'reflective'] },
  'client-websocket': {
    mode: 'client',
    config: 'client-websocket.yaml',
    programArgs: ['--websockets'],
    flags: ['--skip', `@${fileNamed('skipped-client-websocket.txt')}`],
  },
  'upstream-server': { mode: 'server', config: 'upstream.yaml', programArgs: ['--upstream'], flags: PARALLEL },
  'upstream-client': { mode: 'client', config: 'upstream.yaml', programArgs: ['--upstream', 'promise'] },
  'upstream-server-full': { mode: 'server', config: 'server.yaml', programArgs: ['--upstream'], flags: PARALLEL },
  'upstream-client-full': { mode: 'client', config: 'client.yaml', programArgs: ['--upstream', 'promise'] },
  'upstream-callback': { mode: 'client', config: 'upstream-callback.yaml', programArgs: ['--upstream', 'callback'] },
}

const USUAL = [
  'server',
  'server-sliced',
  'server-reflective',
  'client',
  'client-websocket',
  'upstream-server',
  'upstream-client',
]

/** What `npm run deep` adds. */
const FULL = [
  'server-websocket',
  'client-reflective',
  'upstream-server-full',
  'upstream-client-full',
  'upstream-callback',
]

const { names, runnerArgs } = readArguments(process.argv.slice(2))
const runner = await installGoTool({ package: `${SUITE_MODULE}/cmd/connectconformance`, version: SUITE_VERSION })
for (const [name, run] of Object.entries(RUNS)) {
  if (!names.includes(name)) continue
  process.stdout.write(`conformance, ${name}:\n`)
  if (!(await passes(run))) process.exitCode = 1
}

function readArguments(args: readonly string[]): { names: readonly string[]; runnerArgs: readonly string[] } {
  const [first = '', ...rest] = args
  if (first === 'full') return { names: FULL, runnerArgs: rest }
  return first in RUNS ? { names: [first], runnerArgs: rest } : { names: USUAL, runnerArgs: args }
}

async function passes({ mode, config, programArgs = [], flags = [] }: Run): Promise<boolean> {
  const common = ['--mode', mode, '--conf', fileNamed(config), '--max-servers', '1']
  const knownFailing = ['--known-failing', `@${fileNamed(`known-failing-${mode}.txt`)}`]
  const program = ['--', process.execPath, fileNamed(`${mode}.ts`), ...programArgs]
  const child = spawn(runner, [...common, ...knownFailing, ...flags, ...runnerArgs, ...program], { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  return code === 0
}

function fileNamed(name: string): string {
  return path.join(import.meta.dirname, name)
}
