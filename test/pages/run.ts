/**
 * Runs the pages whose commands install packages: the quickstart in an empty folder, with packed packages in place of the
 * registry's, and the first page in a fresh clone. `node test/pages/run.ts PAGE` runs one of them, and
 * `--node VERSION` runs them on another Node.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { runCommand } from '../support/command.ts'
import { GRPCURL, installGoTool } from '../support/go-tool.ts'
import { nodeFolder, packTarball } from '../support/npm.ts'
import { pageEnvironment } from '../support/pages/page-environment.ts'
import { type Ground, PageRun } from '../support/pages/page-run.ts'
import { ROOT, readPage } from '../support/pages/read-page.ts'
import { freePort } from '../support/ports.ts'
import { type Check, runChecks } from '../support/run-checks.ts'

/** A page installs packages, and runs what it creates. */
const PAGE_TIMEOUT_MS = 600_000

const { values, positionals } = parseArgs({ options: { node: { type: 'string' } }, allowPositionals: true })

await using cleanup = new AsyncDisposableStack()
const ground = await mkdtemp(path.join(tmpdir(), 'portico-pages-'))
cleanup.defer(() => rm(ground, { recursive: true, force: true }))
const grpcurl = await installGoTool(GRPCURL)
const base = {
  // May configure how npm reaches the registry.
  ...process.env,
  ...pageEnvironment([await nodeFolder(values.node), path.dirname(grpcurl)]),
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
}

const checks = Object.entries({ 'docs/quickstart.md': quickstartGround, 'README.md': cloneGround })
await runChecks(
  checks
    .filter(([page]) => positionals.length === 0 || positionals.includes(page))
    .map(([page, create]) => pageCheck(page, create)),
  { timeoutMs: PAGE_TIMEOUT_MS },
)

/** An empty folder, and packed packages. */
async function quickstartGround(): Promise<Ground> {
  const [portico, creator, port, vitePort] = await Promise.all([
    packTarball(ROOT, ground),
    packTarball(path.join(ROOT, 'create'), ground),
    freePort(),
    freePort(),
  ])
  const folder = path.join(ground, 'empty')
  await mkdir(folder)
  return {
    folder,
    replaced: {
      'npm create portico ': `npm exec --yes --package=${creator} -- create-portico `,
      'npm install portico ': `npm install ${portico} `,
      'run --silent client': `run --silent client -- http://127.0.0.1:${port}`,
      '8080': String(port),
      '5173': String(vitePort),
    },
    modules: {},
    env: { ...base, PORT: String(port), PORTICO_PACKAGE: portico },
  }
}

/** A clone of the last commit. */
async function cloneGround(): Promise<Ground> {
  const folder = path.join(ground, 'clone')
  const port = await freePort()
  await runCommand({ program: 'git', args: ['clone', '--quiet', '--depth', '1', `file://${ROOT}`, folder] })
  const env = { ...base, PORT: String(port), PORTICO_ADDRESS: `http://127.0.0.1:${port}` }
  return { folder, replaced: { '8080': String(port) }, modules: {}, env }
}

function pageCheck(page: string, createGround: () => Promise<Ground>): Check {
  return {
    name: `${page} does what it says`,
    async run() {
      await using run = new PageRun(await createGround())
      const faults: string[] = []
      for (const block of readPage(page)) {
        for (const { name, actual, expected } of await run.run(block)) {
          if (actual !== expected) faults.push(`${name}\nprinted:\n${actual}\nthe page says:\n${expected}`)
        }
      }
      if (faults.length > 0) throw new Error(faults.join('\n\n'))
    },
  }
}
