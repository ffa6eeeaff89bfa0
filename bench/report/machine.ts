/** The environment of a measurement, without which figures are meaningless. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { cpus, release, totalmem } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

/** The machine and the versions, as names and values. */
export type Machine = Readonly<Record<string, string>>

const BENCH = path.resolve(import.meta.dirname, '..')
const PACKAGES = ['@connectrpc/connect', '@bufbuild/protobuf', 'fastify', '@grpc/grpc-js']
const GIBIBYTE = 2 ** 30

const run = promisify(execFile)
const require = createRequire(import.meta.url)

/** Describes this machine and the measured versions. */
export async function describeMachine(): Promise<Machine> {
  const [cpu] = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: await firstLine('git', ['describe', '--always', '--dirty']),
    machine: `${cpu?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / GIBIBYTE)} GiB, Linux ${release()}`,
    node: process.version,
    ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
    go: await firstLine('go', ['env', 'GOVERSION']),
    'grpc-go': await versionIn('grpc-go/go.mod', /google\.golang\.org\/grpc (v\S+)/),
    tonic: await versionIn('tonic/Cargo.lock', /name = "tonic"\nversion = "(\S+)"/),
    h2load: await firstLine('h2load', ['--version']),
  }
}

async function firstLine(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, args, { cwd: BENCH })
  return stdout.trim().split('\n')[0] ?? ''
}

/** Not every package exports its package.json, so it is looked up next to the module. */
function versionOf(name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return (require(path.join(folder, name, 'package.json')) as { version: string }).version
    } catch {}
  }
  return 'unknown'
}

async function versionIn(file: string, pattern: RegExp): Promise<string> {
  return pattern.exec(await readFile(path.join(BENCH, file), 'utf8'))?.[1] ?? 'unknown'
}
