/** The imports of a source file, found by a parser, so that examples in comments do not count. */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseSync, Visitor } from 'vite'

/** One import of a module. */
export interface Import {
  /** A path from the repository root; for anything but a relative import, the specifier as written. */
  readonly target: string
  /** Whether it imports types only, and so does not exist at run time. */
  readonly isTypeOnly: boolean
}

/** A source file, as far as the rules look at it. */
export interface SourceModule {
  /** From the root of the repository, with `/`. */
  readonly path: string
  readonly imports: readonly Import[]
  readonly hasDefaultExport: boolean
  readonly lineCount: number
}

const ROOT = path.resolve(import.meta.dirname, '../..')
const BUNDLES = ['client/web/dist/', 'console/app/dist/']

/** Reads every JavaScript and TypeScript file of some folders, declarations and bundles excepted, in the order of paths. */
export function readModules(folders: readonly string[]): SourceModule[] {
  const paths = folders.flatMap((folder) => globSync(`${folder}/**/*.{js,ts,tsx}`, { cwd: ROOT }))
  return paths
    .map((found) => found.replaceAll(path.sep, '/'))
    .filter((found) => !found.endsWith('.d.ts') && !BUNDLES.some((folder) => found.startsWith(folder)))
    .sort()
    .map((found) => parseModule(found, readFileSync(path.join(ROOT, found), 'utf8')))
}

/**
 * Reads one module.
 *
 * @throws Error when the source cannot be parsed
 */
export function parseModule(modulePath: string, source: string): SourceModule {
  const { program, module, errors } = parseSync(modulePath, source)
  if (errors[0] !== undefined) throw new Error(`${modulePath}: ${errors[0].message}`)
  const exported = module.staticExports.flatMap(({ entries }) => entries)
  const imports = [
    ...module.staticImports.map(({ moduleRequest, entries }) => ({
      target: moduleRequest.value,
      isTypeOnly: entries.length > 0 && entries.every(({ isType }) => isType),
    })),
    ...exported.flatMap(({ moduleRequest, isType }) =>
      moduleRequest === null ? [] : [{ target: moduleRequest.value, isTypeOnly: isType }],
    ),
    ...findInnerImports(program),
  ]
  return {
    path: modulePath,
    imports: imports.map(({ target, isTypeOnly }) => ({ target: resolveTarget(modulePath, target), isTypeOnly })),
    hasDefaultExport: exported.some(({ exportName }) => exportName.kind === 'Default' || exportName.name === 'default'),
    lineCount: source.split('\n').length - (source.endsWith('\n') ? 1 : 0),
  }
}

/** Imports that are not statements: `import('x')`, as an expression and as a type. */
function findInnerImports(program: ReturnType<typeof parseSync>['program']): Import[] {
  const found: Import[] = []
  new Visitor({
    ImportExpression({ source }) {
      if (source.type === 'Literal' && typeof source.value === 'string') {
        found.push({ target: source.value, isTypeOnly: false })
      }
    },
    TSImportType({ source }) {
      found.push({ target: source.value, isTypeOnly: true })
    },
  }).visit(program)
  return found
}

function resolveTarget(modulePath: string, target: string): string {
  return target.startsWith('.') ? path.posix.join(path.posix.dirname(modulePath), target) : target
}
