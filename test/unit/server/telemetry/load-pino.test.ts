import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadPino } from '../../../../server/telemetry/load-pino.ts'

const ROOT = path.resolve(import.meta.dirname, '../../../..')

test('pino is loaded by its name', async () => {
  const { pino, destination, stdSerializers } = await loadPino()
  expect([pino, destination, stdSerializers.errWithCause].map((value) => typeof value)).toEqual([
    'function',
    'function',
    'function',
  ])
})

test('pino is found where only Fastify sees it', async () => {
  // As pnpm lays packages out: a project has links to its own dependencies, and to no others.
  const folder = await mkdtemp(path.join(tmpdir(), 'portico-pino-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await mkdir(path.join(folder, 'node_modules'))
  await symlink(path.join(ROOT, 'node_modules/fastify'), path.join(folder, 'node_modules/fastify'))
  await cp(path.join(ROOT, 'server/telemetry/load-pino.ts'), path.join(folder, 'load-pino.mts'))
  const script = `const { loadPino } = await import('./load-pino.mts'); const { pino } = await loadPino(); console.log(typeof pino)`
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module']
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '--eval', script], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(stdout).toBe('function\n')
})
