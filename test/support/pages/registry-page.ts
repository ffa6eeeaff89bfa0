/** Runs the programs of a page about a registry: a server that registers, and a client that finds it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, runCommand } from '../command.ts'
import { freePort } from '../ports.ts'
import { endWithProcess } from '../processes.ts'
import { pageEnvironment } from './page-environment.ts'
import { MODULES } from './page-ground.ts'
import { ROOT, readPage } from './read-page.ts'
import { replaceTexts } from './replace-texts.ts'

/** Inside the project, so that packages resolve. */
const CACHE = path.join(ROOT, '.cache/pages')
const PATIENCE_MS = 20_000

/**
 * Starts `server.ts` of a page, runs its `client.ts`, and ends the server.
 *
 * @param replaced texts of the page, such as the address of the registry, and what to use instead
 * @returns what the client printed, and the exit code of the server
 */
export async function runRegistryPage(
  page: string,
  replaced: Readonly<Record<string, string>>,
): Promise<{ printed: string; serverCode: number | null }> {
  await mkdir(CACHE, { recursive: true })
  const folder = await mkdtemp(path.join(CACHE, 'registry-'))
  try {
    await writePrograms(folder, page, replaced)
    const env = { ...process.env, ...pageEnvironment(), LOG_LEVEL: 'error', PORT: String(await freePort()) }
    const server = endWithProcess(spawn(process.execPath, ['server.ts'], { cwd: folder, env, stdio: 'inherit' }))
    const ended = once(server, 'exit')
    try {
      const printed = await untilItRuns({ program: process.execPath, args: ['client.ts'], cwd: folder, env })
      server.kill('SIGTERM')
      const [code] = await ended
      return { printed, serverCode: code }
    } finally {
      server.kill('SIGKILL')
      await ended
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The client fails until the server has registered. */
async function untilItRuns(command: Command): Promise<string> {
  const giveUpAt = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await runCommand(command)
    } catch (cause) {
      if (performance.now() > giveUpAt) throw cause
      await sleep(200)
    }
  }
}

async function writePrograms(folder: string, page: string, replaced: Readonly<Record<string, string>>): Promise<void> {
  for (const part of ['gen/greeter', 'gen/google', 'gen/portico/options']) {
    await cp(path.join(ROOT, part), path.join(folder, part), { recursive: true })
  }
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  for (const block of readPage(page)) {
    if (block.kind !== 'file') continue
    const text = replaceTexts(replaceTexts(block.body, MODULES), replaced)
    await writeFile(path.join(folder, block.name), text)
  }
}
