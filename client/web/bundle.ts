/**
 * Bundles the page from `client/web/page` into `client/web/dist`, from where the demo serves it. The output is deterministic, so
 * that CI can compare it with what is committed.
 */
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { build, type Metafile } from 'esbuild'

const PAGE = path.join(import.meta.dirname, 'page')
const DIST = path.join(import.meta.dirname, 'dist')
const ROOT = path.join(import.meta.dirname, '../..')

/** The first versions with `light-dark()`, the newest feature that the page needs. */
const BROWSERS = ['chrome123', 'firefox124', 'safari17.5']

await rm(DIST, { recursive: true, force: true })
await mkdir(DIST)
const { metafile } = await build({
  entryPoints: { app: path.join(PAGE, 'main.ts') },
  outdir: DIST,
  bundle: true,
  minify: true,
  format: 'esm',
  target: BROWSERS,
  charset: 'utf8',
  legalComments: 'none',
  metafile: true,
  absWorkingDir: ROOT,
  logLevel: 'warning',
})
await build({
  entryPoints: { app: path.join(PAGE, 'styles/app.css') },
  outdir: DIST,
  bundle: true,
  minify: true,
  target: BROWSERS,
  absWorkingDir: ROOT,
  logLevel: 'warning',
})
await Promise.all(['index.html', 'favicon.svg'].map((name) => copyFile(path.join(PAGE, name), path.join(DIST, name))))
await writeFile(path.join(DIST, 'licenses.txt'), await licenses(metafile))

/** Lists each package in the bundle with its license and the notices at the top of its sources. */
async function licenses({ inputs }: Metafile): Promise<string> {
  const notices = new Map<string, Set<string>>()
  for (const input of Object.keys(inputs).sort()) {
    const [, folder] = /^(node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input) ?? []
    if (folder === undefined) continue
    const title = await titleOf(folder)
    const ofPackage = notices.get(title) ?? new Set()
    notices.set(title, ofPackage.add(headOf(await readFile(path.join(ROOT, input), 'utf8'))))
  }
  const sections = [...notices].map(([title, heads]) => [title, ...heads].join('\n\n'))
  return ['app.js contains parts of these packages.', ...sections].join('\n\n')
}

async function titleOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(path.join(ROOT, folder, 'package.json'), 'utf8'))
  return `${name} ${version}, ${license}`
}

/** Returns the comment at the top of a source. */
function headOf(source: string): string {
  return (/^(?:\/\/.*\n)*/.exec(source)?.[0] ?? '').replace(/^\/\/ ?/gm, '')
}
