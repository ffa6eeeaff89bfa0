/** Descriptors from .proto files, compiled by buf. */
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
  /** Where imports are looked for, as protoc's `-I`. None: the folder of each file, then the working directory. */
  readonly importPaths: readonly string[]
  /** Stops the compiler. */
  readonly limit: TimeLimit
}

const run = promisify(execFile)

/** More than compilers say of any file; the default would cut it. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/**
 * Compiles .proto files into a pool.
 *
 * @throws InputError with what the compiler says, or saying that there is no compiler
 */
export async function readProtoFiles(options: ProtoFilesOptions, pool: FilePool): Promise<void> {
  const { limit } = options
  limit.begin('compiling the .proto files')
  const folder = await mkdtemp(path.join(tmpdir(), 'portico-'))
  try {
    const root = path.join(folder, 'protos')
    const { names, describe } = await stageProtoFiles(options, root)
    const image = path.join(folder, 'image.binpb')
    const args = ['alpha', 'protoc', '-I', '.', '--include_imports', '-o', image, ...names]
    await compile(args, { cwd: root, signal: limit.signal, describe })
    addImage(await readFile(image), pool)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Compilation {
  readonly cwd: string
  readonly signal: AbortSignal
  /** Says in an output which files are meant. */
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

/** The buf that is installed beside this program or in the folder of the person's project, else that of the PATH. */
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
