/** Checks the workflows of this repository and of its templates with actionlint, and what a release needs. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { runCommand } from '../support/command.ts'
import { installGoTool } from '../support/go-tool.ts'
import { runChecks } from '../support/run-checks.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
/** A workflow of this repository, or an action at the hash of a commit. */
const PINNED = /^\.\/|@[0-9a-f]{40}$/

const actionlint = await installGoTool({ package: 'github.com/rhysd/actionlint/cmd/actionlint', version: 'v1.7.12' })
const listed = await runCommand({ program: 'git', args: ['ls-files', '*workflows/*.yml'], cwd: ROOT })
const files = listed.split('\n').filter((line) => line !== '')
if (files.length === 0) throw new Error('no workflow is committed')

await runChecks([
  { name: 'all packages have the same version', run: expectSameVersion },
  ...files.flatMap((file) => [
    {
      name: `${file}: actionlint reports nothing`,
      run: async () => {
        await runCommand({ program: actionlint, args: ['-no-color', file], cwd: ROOT })
      },
    },
    { name: `${file}: actions are pinned by hash`, run: () => expectPinned(file) },
  ]),
])

async function expectSameVersion(): Promise<void> {
  const manifests = ['package.json', 'create/package.json', 'console/package.json'].map(readManifest)
  const versions = (await Promise.all(manifests)).map(({ version }) => version)
  if (new Set(versions).size > 1) throw new Error(`the versions are ${versions.join(', ')}`)
  const { peerDependencies } = await readManifest('package.json')
  const { 'portico-console': peer } = peerDependencies as Readonly<Record<string, unknown>>
  if (peer !== versions[0]) throw new Error(`portico has the peer portico-console ${peer}, not ${versions[0]}`)
}

async function readManifest(file: string): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await readFile(path.join(ROOT, file), 'utf8'))
}

async function expectPinned(file: string): Promise<void> {
  const text = await readFile(path.join(ROOT, file), 'utf8')
  const used = [...text.matchAll(/\buses:\s*(\S+)/g)].map(([, action = '']) => action)
  const loose = used.filter((action) => !PINNED.test(action))
  if (loose.length > 0) throw new Error(`not pinned: ${loose.join(', ')}`)
}
