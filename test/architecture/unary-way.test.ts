/** The path of a unary call is short, and docs/architecture.md lists all of it. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const MAX_FILES = 15

const run = promisify(execFile)
const program = fileURLToPath(new URL('../support/unary-way.ts', import.meta.url))
const architecture = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8')
const listed = [...architecture.matchAll(/^\d+\. `((?:server|wire)\/[^`]+)`/gm)].map(([, path = '']) => path)

async function filesOf(...args: readonly string[]): Promise<string[]> {
  const { stdout } = await run(process.execPath, [program, ...args])
  return stdout.trim().split('\n')
}

test('a call with a head seen for the first time runs through the listed files, and no others', async () => {
  const files = await filesOf('fresh')
  expect(files).toEqual(listed.toSorted())
  expect(files.length).toBeLessThanOrEqual(MAX_FILES)
})

test('a call with a cached head runs through some of them', async () => {
  expect(listed).toEqual(expect.arrayContaining(await filesOf()))
})
