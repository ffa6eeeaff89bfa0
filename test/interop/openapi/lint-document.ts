/** The linter of Redocly, with all rules that it recommends. */

import { existsSync } from 'node:fs'
import { cp, mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { runCommand } from '../../support/command.ts'
import { runNpm, thisNodeEnv } from '../../support/npm.ts'

const PROJECT = path.join(import.meta.dirname, 'linter')
const CACHE = path.resolve(import.meta.dirname, '../../../.cache')

/** It would send facts about its use, and ask for newer versions. */
const QUIET = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }

/** Installs the linter, with the version of its lock file, unless it is there. Returns its program. */
export async function installLinter(): Promise<string> {
  const { dependencies } = JSON.parse(await readFile(path.join(PROJECT, 'package.json'), 'utf8'))
  const cwd = path.join(CACHE, `redocly-${dependencies['@redocly/cli']}`)
  const program = path.join(cwd, 'node_modules/@redocly/cli/bin/cli.js')
  if (existsSync(program)) return program
  await mkdir(cwd, { recursive: true })
  await cp(PROJECT, cwd, { recursive: true })
  await runNpm({ args: ['ci', '--silent', '--no-audit', '--no-fund', '--ignore-scripts'], cwd, env: thisNodeEnv })
  return program
}

/**
 * @param without rules that do not apply
 * @throws Error with the findings, warnings among them
 */
export async function lintDocument(program: string, file: string, without: readonly string[]): Promise<void> {
  const config = path.join(PROJECT, 'redocly.yaml')
  const args = [
    program,
    'lint',
    file,
    '--config',
    config,
    '--format',
    'json',
    ...without.map((rule) => `--skip-rule=${rule}`),
  ]
  const output = await runCommand({ program: process.execPath, args, env: { ...process.env, ...QUIET } })
  const { totals, problems } = JSON.parse(output.slice(output.indexOf('{')))
  if (totals.errors + totals.warnings > 0) throw new Error(`${file}: ${JSON.stringify(problems, null, 1)}`)
}
