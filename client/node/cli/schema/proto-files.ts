/** Compiles .proto files with buf. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { TimeLimit } from '../connection/time-limit.ts'
import { InputError } from '../terminal/program-errors.ts'
import type { FilePool } from './file-pool.ts'
import { addImage } from './read-descriptors.ts'
import { stageProtoFiles } from './stage-proto-files.ts'

/** What to compile. */
export interface ProtoFilesOptions {
  /** The files that declare the services: paths, or names below one of the import paths. */
  readonly files: readonly string[]
  /** Where to look for imports, as protoc's `-I`. If empty: see {@link stageProtoFiles}. */
  readonly importPaths: readonly string[]
  /** Stops the compiler. */
  readonly limit: TimeLimit
}

const run = promisify(execFile)

/** More than any compiler's output; Node's default would cut it off. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/**
 * Compiles .proto files into a pool.
 *
 * @throws InputError with the output of the compiler, or if buf is not installed
 */
export async function readProtoFiles(options: ProtoFilesOptions, pool: FilePool): Promise<void> {
  const { limit } = options
  limit.begin('compiling the .proto files')
  const folder = await mkdtemp(path.join(tmpdir(), 'portico-'))
  try {
    const root = path.join(folder, 'protos')
    const { names, describe } = await stageProtoFiles(options, root)
    const image = path.join(folder, 'image.binpb')
    const args = ['alpha', 'protoc', '-I', '.', '--include_imports', '--include_source_info', '-o', image, ...names]
    await compile(args, { cwd: root, signal: limit.signal, describe })
    addImage(await readFile(image), pool)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Compilation {
  readonly cwd: string
  readonly signal: AbortSignal
  /** Replaces staged names in the output by the paths that the user knows. */
  readonly describe: (output: string) => string
}

async function compile(args: readonly string[], { cwd, signal, describe }: Compilation): Promise<void> {
  const [program, ...before] = findBuf()
  try {
    await run(program, [...before, ...args], { cwd, signal, maxBuffer: MAX_OUTPUT_BYTES })
  } catch (cause) {
    signal.throwIfAborted()
    const [first = '', ...moreLines] = describe(describeFailure(cause)).split('\n')
    throw new InputError(first, { cause, moreLines })
  }
}

/** Finds buf: installed beside this program, in the project in the working directory, or on the PATH. */
function findBuf(): [program: string, ...args: string[]] {
  for (const place of [import.meta.url, path.join(process.cwd(), 'package.json')]) {
    try {
      return [process.execPath, createRequire(place).resolve('@bufbuild/buf/bin/buf')]
    } catch {
      // Not installed there.
    }
  }
  return ['buf']
}

function describeFailure(cause: unknown): string {
  if (!(cause instanceof Error)) return 'buf failed'
  if ('code' in cause && cause.code === 'ENOENT') {
    return '--proto needs the program buf, which is not installed: npm install --save-dev @bufbuild/buf'
  }
  return 'stderr' in cause && typeof cause.stderr === 'string' && cause.stderr !== ''
    ? cause.stderr.trim()
    : cause.message
}
