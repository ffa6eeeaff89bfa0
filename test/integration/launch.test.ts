/** The programs before their packages are installed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

test.each([
  ['server', ['--port', '0']],
  ['client', ['hello', 'Ada']],
])('node %s without node_modules says to run npm ci', async (program, args) => {
  const folder = await temporaryFolder()
  for (const name of ['package.json', 'bin', 'gen', 'wire', 'server', 'client']) {
    await cp(path.join(ROOT, name), path.join(folder, name), { recursive: true })
  }
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, env: { PATH: process.env.PATH } })
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)]
  const [code] = await once(child, 'close')
  expect(code).toBe(1)
  expect(await stdout).toBe('')
  expect(await stderr).toMatch(
    /^The package \S+, which Portico needs, is not installed: run "npm ci", which installs all\.\n$/,
  )
})
