/** Descriptors from .proto files, compiled by buf. */
import { execFile } from 'node:child_process'
import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { InputError } from '../terminal/input-error.ts'
import { imageSource } from './image.ts'
import type { SchemaSource } from './schema-source.ts'

/** What to compile. */
export interface ProtoFilesOptions {
  /** The files that declare the services. */
  readonly files: readonly string[]
  /** Where imports are looked for, as protoc's `-I`. None: the folder of each file. */
  readonly importPaths: readonly string[]
  /** Stops the compiler. */
  readonly signal: AbortSignal
}

const run = promisify(execFile)

/**
 * Compiles .proto files.
 *
 * @throws InputError with what the compiler says, or saying that there is no compiler
 */
export async function openProtoFiles({ files, importPaths, signal }: ProtoFilesOptions): Promise<SchemaSource> {
  for (const file of files) await assertReadable(file)
  const folder = await mkdtemp(path.join(tmpdir(), 'portico-'))
  try {
    const image = path.join(folder, 'image.binpb')
    const roots = importPaths.length > 0 ? importPaths : [...new Set(files.map((file) => path.dirname(file)))]
    const flags = roots.flatMap((root) => ['-I', root])
    await compile(['alpha', 'protoc', ...flags, '--include_imports', '-o', image, ...files], signal)
    return imageSource(await readFile(image))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function assertReadable(file: string): Promise<void> {
  try {
    await access(file)
  } catch (cause) {
    throw new InputError(`--proto ${file} cannot be read`, { cause })
  }
}

async function compile(args: readonly string[], signal: AbortSignal): Promise<void> {
  const [program, ...first] = findBuf()
  try {
    await run(program, [...first, ...args], { signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw new InputError(describeFailure(cause), { cause })
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
    return '--proto needs the program buf, and there is none: npm install --save-dev @bufbuild/buf'
  }
  return 'stderr' in cause && typeof cause.stderr === 'string' && cause.stderr !== ''
    ? cause.stderr.trim()
    : cause.message
}
