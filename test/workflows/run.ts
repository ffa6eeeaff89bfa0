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
  { name: 'portico and create-portico have the same version', run: expectSameVersion },
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
  const versions = await Promise.all(['package.json', 'create/package.json'].map(versionIn))
  if (versions[0] !== versions[1]) throw new Error(`the versions are ${versions.join(' and ')}`)
}

async function versionIn(file: string): Promise<unknown> {
  return JSON.parse(await readFile(path.join(ROOT, file), 'utf8')).version
}

async function expectPinned(file: string): Promise<void> {
  const text = await readFile(path.join(ROOT, file), 'utf8')
  const used = [...text.matchAll(/\buses:\s*(\S+)/g)].map(([, action = '']) => action)
  const loose = used.filter((action) => !PINNED.test(action))
  if (loose.length > 0) throw new Error(`not pinned: ${loose.join(', ')}`)
}
