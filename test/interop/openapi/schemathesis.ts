/** Requests that schemathesis makes up from a document: none may fail in the server, or get what the document does not state. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { runCommand } from '../../support/command.ts'

const VERSION = '4.32.5'
const VENV = path.resolve(import.meta.dirname, `../../../.cache/schemathesis-${VERSION}`)
const PROGRAM = path.join(VENV, 'bin/schemathesis')
const INSTALL_TIMEOUT_MS = 300_000

/** What of the responses is checked. Connect and REST ignore unknown fields and headers, so that wrong requests may succeed. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
].join(',')

/** What to request. */
export interface Requests {
  /** The URL of the document. */
  readonly document: string
  /** Kinds of requests: `examples` of the document, `coverage` of the edges of its schemas, and `fuzzing`. */
  readonly phases: readonly ('examples' | 'coverage' | 'fuzzing')[]
  /** Random requests for each operation. */
  readonly count: number
  /** The ids of operations that are left out. Default: none. */
  readonly without?: readonly string[]
  readonly timeoutMs: number
}

/** Installs schemathesis unless it is there. */
export async function installSchemathesis(): Promise<void> {
  if (existsSync(PROGRAM)) return
  await runCommand({ program: 'python3', args: ['-m', 'venv', '--clear', VENV], timeoutMs: INSTALL_TIMEOUT_MS })
  const python = path.join(VENV, 'bin/python')
  const args = ['-m', 'pip', 'install', '--quiet', `schemathesis==${VERSION}`]
  await runCommand({ program: python, args, timeoutMs: INSTALL_TIMEOUT_MS })
}

/**
 * Sends the requests.
 *
 * @param cwd a folder that may be written to
 * @returns what it says at the end: how many requests there were
 * @throws Error with its report if something is wrong
 */
export async function sendRequests(
  { document, phases, count, without = [], timeoutMs }: Requests,
  cwd: string,
): Promise<string> {
  const limits = [`--phases=${phases.join(',')}`, `--max-examples=${count}`, '--seed=1', '--continue-on-failure']
  const left = without.map((id) => `--exclude-operation-id=${id}`)
  const args = ['run', document, `--checks=${CHECKS}`, '--warnings=off', ...limits, ...left]
  const env = { ...process.env, PYTHONPATH: import.meta.dirname, SCHEMATHESIS_HOOKS: 'formats', NO_COLOR: '1' }
  const report = await runCommand({
    program: PROGRAM,
    args,
    cwd,
    env: { ...env, PYTHONDONTWRITEBYTECODE: '1' },
    timeoutMs,
  })
  return /Test cases:\s*(.*)/.exec(report)?.[1]?.trim() ?? report
}
