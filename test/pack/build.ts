/**
 * Writes dist/, what is published: one file of JavaScript per entrance, beside the parts that entrances share or load on
 * request, and the declarations that users can reach.
 */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type BuildOptions, build, type Metafile } from 'esbuild'
import { writeDeclarations } from './declarations.ts'
import { NODE_ENTRANCES, PROGRAM, PUBLISHED_PROTOS, WEB_ENTRANCES } from './entrances.ts'
import { noticesOf } from './notices.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const DIST = path.join(ROOT, 'dist')
const LIB = path.join(DIST, 'lib')

const PROGRAM_STUB = `#!/usr/bin/env node
import nodeModule from 'node:module'
try {
  await import('./check-node.js')
} catch ({ message }) {
  process.stderr.write(message + '\\n')
  process.exit(1)
}
nodeModule.enableCompileCache?.()
await import('./lib/cli.js')
`

await rm(DIST, { recursive: true, force: true })
await mkdir(DIST)
const { peerDependencies } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
const common: BuildOptions = {
  outdir: LIB,
  absWorkingDir: ROOT,
  bundle: true,
  splitting: true,
  format: 'esm',
  chunkNames: '[name]-[hash]',
  // Names and lines stay, so that stack traces and profiles can be read.
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 160,
  charset: 'utf8',
  legalComments: 'none',
  external: Object.keys(peerDependencies),
  metafile: true,
  logLevel: 'warning',
}
const bundles = [
  await build({ ...common, entryPoints: { ...NODE_ENTRANCES, ...PROGRAM }, platform: 'node', target: 'node22.18' }),
  await build({ ...common, entryPoints: WEB_ENTRANCES, platform: 'browser', target: 'es2022' }),
]
const entrances = { ...NODE_ENTRANCES, ...WEB_ENTRANCES }
await writeDeclarations(ROOT, path.join(DIST, 'types'), Object.values(entrances))
for (const [name, source] of Object.entries(entrances)) await writeEntrance(name, source)
for (const name of PUBLISHED_PROTOS) {
  for (const file of [`proto/${name}.proto`, `gen/${name}_pb.js`, `gen/${name}_pb.d.ts`]) {
    await cp(path.join(ROOT, file), path.join(DIST, file))
  }
}
await cp(path.join(ROOT, 'bin/check-node.js'), path.join(DIST, 'check-node.js'))
await writeFile(path.join(DIST, 'cli.js'), PROGRAM_STUB, { mode: 0o755 })
await writeFile(path.join(DIST, 'licenses.txt'), await noticesOf(ROOT, bundles.map(metafileOf)))

/** Modules run in the order of their imports, so an old Node meets the check before anything that it cannot run. */
async function writeEntrance(name: string, source: string): Promise<void> {
  const up = name.replace(/[^/]+$/, '').replace(/[^/]+\//g, '../') || './'
  const types = `${up}types/${source.replace(/\.ts$/, '.js')}`
  const file = path.join(DIST, name)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(`${file}.js`, `import '${up}check-node.js'\nexport * from '${up}lib/${name}.js'\n`)
  await writeFile(`${file}.d.ts`, `export * from '${types}'\n`)
}

function metafileOf({ metafile }: { metafile?: Metafile | undefined }): Metafile {
  if (metafile === undefined) throw new Error('esbuild wrote no metafile')
  return metafile
}
