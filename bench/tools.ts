/** The programs that the benchmarks need besides Node, and where to get them. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

interface Tool {
  readonly program: string
  /** How it prints its version. */
  readonly args: readonly string[]
  /** What brings it. */
  readonly source: string
  /** The oldest supported version, as [major, minor]. Default: any. */
  readonly oldest?: readonly [number, number]
}

const NEEDED: readonly Tool[] = [
  { program: 'taskset', args: ['--version'], source: 'the Debian package util-linux' },
  { program: 'h2load', args: ['--version'], source: 'the Debian package nghttp2-client' },
  { program: 'go', args: ['version'], source: 'https://go.dev/dl', oldest: [1, 24] },
]
const CARGO: Tool = { program: 'cargo', args: ['--version'], source: 'https://rustup.rs', oldest: [1, 85] }

const run = promisify(execFile)

/**
 * Says what is missing, a sentence each.
 *
 * @returns `needed`: no benchmark runs without these. `cargo`: without it the server on tonic is left out
 */
export async function findMissingTools(): Promise<{ needed: readonly string[]; cargo: string | undefined }> {
  const needed = await Promise.all(NEEDED.map(faultOf))
  return { needed: needed.filter((fault) => fault !== undefined), cargo: await faultOf(CARGO) }
}

async function faultOf(tool: Tool): Promise<string | undefined> {
  const [major, minor] = tool.oldest ?? [0, 0]
  const version = await versionOf(tool)
  if (version === undefined) return `${tool.program} is missing: ${tool.source} brings it`
  const [ownMajor, ownMinor] = version
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return undefined
  return `${tool.program} ${version.join('.')} is too old: ${major}.${minor} or newer is needed, from ${tool.source}`
}

async function versionOf({ program, args }: Tool): Promise<readonly [number, number] | undefined> {
  try {
    const [, major, minor] = /(\d+)\.(\d+)/.exec((await run(program, args)).stdout) ?? []
    return [Number(major), Number(minor)]
  } catch {
    return undefined
  }
}
