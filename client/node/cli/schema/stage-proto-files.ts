/** Copies .proto files and what they import below one folder, where a compiler finds each under the name of its import. */
import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { InputError } from '../terminal/program-errors.ts'

/** What to copy. */
export interface StagingOptions {
  /** Paths, or names below one of the import paths. */
  readonly files: readonly string[]
  /** The first one that has a file counts; one may lie in another. None: see {@link stageProtoFiles}. */
  readonly importPaths: readonly string[]
}

/** What was copied. */
export interface StagedFiles {
  /** The names of the files that were given. */
  readonly names: readonly string[]
  /** Puts the paths that the person knows in place of the names at the beginnings of lines. */
  readonly describe: (output: string) => string
}

const IMPORT = /^\s*import\s+(?:(?:public|weak|option)\s+)?(["'])([^"'\n]+)\1\s*;/gm

/**
 * Copies files below a folder. buf refuses import paths that lie in each other and names below import paths, protoc does
 * not: here they are taken as protoc does. Without import paths each file has as its own the nearest folder above it from
 * which its imports are found, else the folder that it is in. An import that is not found is for the compiler to report.
 *
 * @throws InputError for a file that is not there
 */
export async function stageProtoFiles(options: StagingOptions, folder: string): Promise<StagedFiles> {
  const importPaths = [...options.importPaths]
  const names: string[] = []
  for (const file of options.files) names.push(await nameOf(file, importPaths))
  const staged = new Map<string, string>()
  // A set that grows while it is walked is walked to its end.
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

/** The name of a file below an import path; one that lies below none brings its own along. */
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
