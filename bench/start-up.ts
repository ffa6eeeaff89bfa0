/**
 * From the start of a process to the answer to its first call: `npm run bench:start-up -- [ROUNDS]`, beside grpc-js. The
 * servers take turns, so that what disturbs the machine disturbs all of them.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { build } from 'esbuild'
import { checkExchange } from './exchange.ts'
import { median } from './report/statistics.ts'
import { SMALL_CALL } from './servers/unary.ts'
import { cpuSecondsIn } from './start-server.ts'

interface Contestant {
  readonly title: string
  readonly args: readonly string[]
}

interface Sample {
  readonly wallMs: number
  /** User and system time. Other programs on the machine change it less. */
  readonly cpuMs: number
}

const ROOT = path.resolve(import.meta.dirname, '..')
const DEFAULT_ROUNDS = 11
const ADDRESS = /127\.0\.0\.1:\d+/

const rounds = Number(process.argv[2] ?? DEFAULT_ROUNDS)
await using cleanup = new AsyncDisposableStack()
const folder = await mkdtemp(path.join(tmpdir(), 'start-up-'))
cleanup.defer(() => rm(folder, { recursive: true }))
execFileSync(process.execPath, ['test/pack/build.ts'], { cwd: ROOT, stdio: 'inherit' })
await bundlePacked()

const contestants: readonly Contestant[] = [
  { title: '@grpc/grpc-js', args: ['bench/servers/grpc-js.ts'] },
  { title: 'node server', args: ['server', '--port', '0'] },
  { title: 'the built package', args: ['bench/servers/packed.js'] },
  { title: 'the built package, bundled', args: [path.join(folder, 'packed.mjs')] },
]
const samples = new Map<Contestant, Sample[]>(contestants.map((contestant) => [contestant, []]))
// The first round fills the caches of the disk and of compiled code.
for (let round = 0; round <= rounds; round += 1) {
  for (const [contestant, taken] of samples) {
    const sample = await measure(contestant)
    if (round > 0) taken.push(sample)
  }
}
report()

async function measure({ args }: Contestant): Promise<Sample> {
  const begin = performance.now()
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  const { promise: address, resolve, reject } = Promise.withResolvers<string>()
  let written = ''
  const note = (text: Buffer) => {
    written += text
    const found = ADDRESS.exec(written)?.[0]
    if (found !== undefined) resolve(found)
  }
  child.stdout.on('data', note)
  child.stderr.on('data', note)
  const ended = once(child, 'exit').then(() => reject(new Error(`${args.join(' ')} ended:\n${written}`)))
  await checkExchange(await address, SMALL_CALL)
  const wallMs = performance.now() - begin
  const cpuMs = cpuSecondsIn(await readFile(`/proc/${child.pid}/stat`, 'utf8')) * 1_000
  // Not SIGKILL: compiled code is kept when a process exits.
  child.kill('SIGTERM')
  await ended
  return { wallMs, cpuMs }
}

async function bundlePacked(): Promise<void> {
  await build({
    entryPoints: [path.join(ROOT, 'bench/servers/packed.js')],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: 'error',
  })
}

function report(): void {
  const [base = []] = samples.values()
  const write = (cells: readonly string[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
  write(['', 'first answer', '× grpc-js', 'CPU time', '× grpc-js'])
  write(['---', '---:', '---:', '---:', '---:'])
  for (const [{ title }, taken] of samples) {
    const cells = (['wallMs', 'cpuMs'] as const).flatMap((key) => {
      const ms = median(taken.map((sample) => sample[key]))
      return [`${ms.toFixed(0)} ms`, (ms / median(base.map((sample) => sample[key]))).toFixed(2)]
    })
    write([title, ...cells])
  }
}
