/** What the page of the console weighs: its first load, and each view. */
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'

const APP = path.resolve(import.meta.dirname, '../../../console/app')

/** Sizes after gzip, in bytes. */
export interface PageWeights {
  /** The HTML, and the script and the styles that it names, with all that they import. */
  readonly firstBytes: number
  /** By the source of each module that is loaded on demand, as in `browse/service.tsx`: what it adds to the first load. */
  readonly laterBytes: ReadonlyMap<string, number>
  /** The sources of the first load. */
  readonly firstModules: readonly string[]
}

/** Builds the page, and weighs it. */
export async function weighPage(): Promise<PageWeights> {
  const built = await build({
    configFile: path.join(APP, 'vite.config.ts'),
    logLevel: 'warn',
    build: { write: false },
  })
  const outputs = Array.isArray(built) ? built : 'output' in built ? [built] : []
  return weigh(new Map(outputs.flatMap(({ output }) => output.map((file) => [file.fileName, file] as const))))
}

type Files = ReadonlyMap<string, Rolldown.OutputChunk | Rolldown.OutputAsset>

function weigh(files: Files): PageWeights {
  const chunks = [...files.values()].filter((file) => file.type === 'chunk')
  const first = withImports(
    files,
    chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName),
  )
  const later = chunks.filter(({ isDynamicEntry }) => isDynamicEntry)
  return {
    firstBytes: bytesOf(files, new Set(['index.html', ...first])),
    laterBytes: new Map(
      later.map((chunk) => [
        path.relative(APP, chunk.facadeModuleId ?? chunk.fileName),
        bytesOf(
          files,
          [...withImports(files, [chunk.fileName])].filter((name) => !first.has(name)),
        ),
      ]),
    ),
    firstModules: [...first].flatMap((name) => modulesOf(files.get(name))),
  }
}

function modulesOf(file: Rolldown.OutputChunk | Rolldown.OutputAsset | undefined): string[] {
  return file?.type === 'chunk' ? file.moduleIds.map((id) => path.relative(APP, id)) : []
}

/** Files with all that they import at once, styles too. */
function withImports(files: Files, names: readonly string[]): Set<string> {
  const found = new Set<string>()
  const add = (name: string) => {
    if (found.has(name)) return
    found.add(name)
    const file = files.get(name)
    if (file?.type !== 'chunk') return
    for (const each of [...file.imports, ...(file.viteMetadata?.importedCss ?? [])]) add(each)
  }
  for (const name of names) add(name)
  return found
}

function bytesOf(files: Files, names: Iterable<string>): number {
  let bytes = 0
  for (const name of names) {
    const file = files.get(name)
    if (file === undefined) throw new Error(`the page has no ${name}`)
    bytes += gzipSync(file.type === 'chunk' ? file.code : file.source).byteLength
  }
  return bytes
}
