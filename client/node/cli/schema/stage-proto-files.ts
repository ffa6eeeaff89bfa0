/** Copies .proto files and their imports into one folder, where the compiler finds each by its import name. */
import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from '../terminal/program-errors.ts'

/** What to copy. */
export interface StagingOptions {
  /** Paths, or names below one of the import paths. */
  readonly files: readonly string[]
  /** The first that has a file is used. They may be nested. If empty: see {@link stageProtoFiles}. */
  readonly importPaths: readonly string[]
}

/** What was copied. */
export interface StagedFiles {
  /** The names of the files that were given. */
  readonly names: readonly string[]
  /** Replaces the names at the beginnings of lines by the paths that the user knows. */
  readonly describe: (output: string) => string
}

const IMPORT = /^\s*import\s+(?:(?:public|weak|option)\s+)?(["'])([^"'\n]+)\1\s*;/gm

/**
 * Copies files into a folder. Unlike protoc, buf rejects nested import paths and names below import paths; staging makes it accept
 * both. Without import paths, each file uses the nearest parent folder from which its imports are found, else its own folder. The
 * compiler reports imports that are not found.
 *
 * @throws InputError for a file that does not exist
 */
export async function stageProtoFiles(options: StagingOptions, folder: string): Promise<StagedFiles> {
  const importPaths = [...options.importPaths]
  const names: string[] = []
  for (const file of options.files) names.push(await nameOf(file, importPaths))
  const staged = new Map<string, string>()
  // Iterating over a Set includes the values added during the iteration.
  const wanted = new Set(names)
  for (const name of wanted) {
    const source = await findBelow(importPaths, name)
    if (source === undefined) continue
    staged.set(name, source)
    const text = await readFile(source)
    const target = path.join(folder, name)
    await mkdir(path.dirname(target), { recursive: true })
    await writeFile(target, text)
    for (const imported of importsIn(text)) wanted.add(imported)
  }
  return { names, describe: (output) => describeBy(staged, output) }
}

/** Returns the name of a file below an import path. A file outside all of them adds one. */
async function nameOf(file: string, importPaths: string[]): Promise<string> {
  if (!(await exists(file))) {
    if ((await findBelow(importPaths, file)) !== undefined) return file
    const places = importPaths.length === 0 ? '' : `, also not below ${importPaths.join(', ')}`
    throw new InputError(`--proto ${file} cannot be read${places}`)
  }
  const name = importPaths.map((root) => path.relative(root, file)).find(isBelow)
  if (name !== undefined) return name
  const root = await guessRoot(file)
  importPaths.push(root)
  return path.relative(root, file)
}

async function guessRoot(file: string): Promise<string> {
  const imports = importsIn(await readFile(file)).filter((name) => !name.startsWith('google/protobuf/'))
  const own = path.dirname(path.resolve(file))
  for (let root = own; ; root = path.dirname(root)) {
    const found = await Promise.all(imports.map((name) => exists(path.join(root, name))))
    if (found.every(Boolean)) return root
    if (root === path.dirname(root)) return own
  }
}

function importsIn(text: Buffer): string[] {
  return Array.from(text.toString().matchAll(IMPORT), ([, , name = '']) => name).filter(isBelow)
}

async function findBelow(roots: readonly string[], name: string): Promise<string | undefined> {
  if (!isBelow(name)) return undefined
  for (const root of roots) {
    const file = path.join(root, name)
    if (await exists(file)) return file
  }
  return undefined
}

function isBelow(name: string): boolean {
  return name !== '' && !path.isAbsolute(name) && !path.normalize(name).startsWith('..')
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  )
}

function describeBy(staged: ReadonlyMap<string, string>, output: string): string {
  const lines = output.split('\n').map((line) => {
    const [name = ''] = line.split(':', 1)
    const source = staged.get(name)
    return source === undefined ? line : `${path.relative('', source) || source}${line.slice(name.length)}`
  })
  return lines.join('\n')
}
