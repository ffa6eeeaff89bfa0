/** Types of a REST client that openapi-typescript makes from our document: they compile, and the client calls the server. */
import { cp, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Command, runCommand, runFailingCommand } from '../support/command.ts'
import { runNpm, thisNodeEnv } from '../support/npm.ts'
import type { Check } from '../support/run-checks.ts'
import type { Ground } from './ground.ts'

const PROJECT = path.join(import.meta.dirname, 'openapi-types')
const TIMEOUT_MS = 60_000

const PRINTED = `path variable: Hello Ada & Bob/√
query: Hello Carol
body: 1
error: 400 3
connect: Hello Dave
`

/** Installs the project of the client, with the versions of its lock file. */
export async function openApiTypesChecks({ cleartext, folder }: Ground): Promise<readonly Check[]> {
  const cwd = path.join(folder, 'openapi-types')
  await cp(PROJECT, cwd, { recursive: true, filter: (source) => !source.includes('node_modules') })
  await runNpm({ args: ['ci', '--silent', '--no-audit', '--no-fund'], cwd, env: thisNodeEnv })
  const origin = `http://${cleartext}`
  const run = (program: string, ...args: readonly string[]): Promise<string> =>
    runCommand({ program, args, cwd, env: thisNodeEnv, timeoutMs: TIMEOUT_MS } satisfies Command)
  const bin = (name: string) => path.join(cwd, 'node_modules/.bin', name)
  return [
    {
      name: 'openapi-typescript: types of the document compile with a client, which calls the server',
      async run() {
        await run(bin('openapi-typescript'), `${origin}/openapi.json`, '--output', 'api.ts')
        await run(bin('tsc'), '-p', '.')
        await writeFile(
          path.join(cwd, 'tsconfig.wrong.json'),
          '{ "extends": "./tsconfig.json", "files": ["misspelled.ts"] }',
        )
        const faults = await runFailingCommand({ program: bin('tsc'), args: ['-p', 'tsconfig.wrong.json'], cwd })
        if (!faults.includes("'nmae' does not exist")) throw new Error(`misspelled.ts: ${faults}`)
        const printed = await run('node', 'calls.ts', origin)
        if (printed !== PRINTED) throw new Error(`calls.ts printed\n${printed}`)
      },
    },
  ]
}
