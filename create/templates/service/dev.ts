/**
 * `npm run dev`: runs the server, and restarts it when a file in src/ changes. A change in proto/ generates gen/ first.
 * If there is a page, Vite serves it. Arguments go to the server; Ctrl-C ends everything.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, watch } from 'node:fs'

/** Editors write a file in several steps. */
const SETTLE_MS = 100
const SERVER = ['src/server.ts', '--drain-timeout', '200ms', ...process.argv.slice(2)]

let changes = Promise.withResolvers<void>()
let isProtoChanged = true
let server: ChildProcess | undefined
let page: ChildProcess | undefined

watch('src', { recursive: true }, () => changes.resolve())
watch('proto', { recursive: true }, () => {
  isProtoChanged = true
  changes.resolve()
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
// Nothing is left running after a crash either, or after Ctrl-C in the middle of a restart.
process.once('exit', () => {
  for (const child of [server, page]) child?.kill()
})

for (;;) {
  if (await generate()) await restart()
  if (existsSync('web/vite.config.ts')) page ??= run('vite', 'web')
  await changes.promise
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  changes = Promise.withResolvers()
}

/** Generates gen/ if a proto changed. Returns false if buf rejects it: the server that runs then stays. */
async function generate(): Promise<boolean> {
  if (!isProtoChanged) return true
  isProtoChanged = false
  const [code] = await once(run('buf', 'generate'), 'exit')
  return code === 0
}

async function restart(): Promise<void> {
  if (server !== undefined) await stop(server)
  server = spawn(process.execPath, SERVER, { stdio: 'inherit' })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill()
  await once(child, 'exit')
}

async function end(): Promise<void> {
  await Promise.all([server, page].map((child) => child && stop(child)))
  process.exit()
}

/** Runs a program of node_modules/.bin, which npm puts on the PATH; on Windows only a shell finds it there. */
function run(program: string, ...args: string[]): ChildProcess {
  return spawn(program, args, { stdio: 'inherit', shell: process.platform === 'win32' })
}
