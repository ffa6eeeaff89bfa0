/** Programs and sources from Go modules: installed by path and version, cached in `.cache`. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

/** A Go program: the path of its `main` package, and the version of its module. */
export interface GoTool {
  /** For example `github.com/fullstorydev/grpcurl/cmd/grpcurl`. */
  readonly package: string
  /** For example `v1.9.3`. */
  readonly version: string
}

/** The command line client of gRPC, which is grpc-go. */
export const GRPCURL: GoTool = { package: 'github.com/fullstorydev/grpcurl/cmd/grpcurl', version: 'v1.9.3' }

const OLDEST_GO = { major: 1, minor: 24 }
const CACHE = path.resolve(import.meta.dirname, '../../.cache/go-bin')
const USUAL_PLACES = ['go', '/usr/local/go/bin/go', '/usr/lib/go/bin/go']
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

const run = promisify(execFile)

/**
 * Installs a program unless this version of it is there already.
 *
 * @returns the path of the executable
 * @throws Error when there is no Go, or one that is too old, or the program does not build
 */
export async function installGoTool(tool: GoTool): Promise<string> {
  const name = path.posix.basename(tool.package)
  const folder = path.join(CACHE, `${name}@${tool.version}`)
  const executable = path.join(folder, name)
  if (existsSync(executable)) return executable
  await mkdir(folder, { recursive: true })
  await go(['install', `${tool.package}@${tool.version}`], { env: { ...process.env, GOBIN: folder } })
  return executable
}

/**
 * Builds a program of this repository.
 *
 * @param folder the folder with its go.mod and its `main` package
 * @returns the path of the executable, which is named as the folder
 * @throws Error when there is no Go, or one that is too old, or the program does not build
 */
export async function buildGoProgram(folder: string): Promise<string> {
  const executable = path.join(CACHE, path.basename(folder))
  await mkdir(CACHE, { recursive: true })
  await go(['build', '-o', executable, '.'], { cwd: folder })
  return executable
}

/**
 * Builds the programs that a module lists as its tools.
 *
 * @param folder the folder with the go.mod
 * @returns the folder with the executables
 * @throws Error when there is no Go, or one that is too old, or a program does not build
 */
export async function buildGoTools(folder: string): Promise<string> {
  const bin = path.join(CACHE, `${path.basename(folder)}-tools`)
  await mkdir(bin, { recursive: true })
  await go(['build', '-o', `${bin}${path.sep}`, 'tool'], { cwd: folder })
  return bin
}

/**
 * Brings a module into Go's module cache.
 *
 * @param module path and version, as in `connectrpc.com/conformance@v1.0.5`
 * @returns the folder with its sources, which is read-only
 * @throws Error when there is no Go, or one that is too old, or no such module
 */
export async function downloadGoModule(module: string): Promise<string> {
  const answer: unknown = JSON.parse(
    await go(['mod', 'download', '-json', module], { env: { ...process.env, GOFLAGS: '-mod=mod' } }),
  )
  if (typeof answer === 'object' && answer !== null && 'Dir' in answer && typeof answer.Dir === 'string') {
    return answer.Dir
  }
  throw new Error(`go mod download names no folder for ${module}`)
}

async function go(args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv }): Promise<string> {
  const program = await findGo()
  const { stdout } = await run(program, args, { ...options, maxBuffer: MAX_OUTPUT_BYTES })
  return stdout
}

async function findGo(): Promise<string> {
  const seen: string[] = []
  for (const candidate of USUAL_PLACES) {
    const version = await versionOf(candidate)
    if (version === undefined) continue
    if (isNewEnough(version)) return candidate
    seen.push(`${candidate} is ${version}`)
  }
  const found = seen.length > 0 ? seen.join(', ') : 'there is none on the PATH or in /usr/local/go'
  throw new Error(`Go ${OLDEST_GO.major}.${OLDEST_GO.minor} or newer is needed: ${found}`)
}

async function versionOf(program: string): Promise<string | undefined> {
  try {
    return (await run(program, ['env', 'GOVERSION'])).stdout.trim()
  } catch {
    return undefined
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^go/, '').split('.').map(Number)
  return major > OLDEST_GO.major || (major === OLDEST_GO.major && minor >= OLDEST_GO.minor)
}
