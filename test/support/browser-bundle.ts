/** Scripts for pages, bundled as users bundle them. */
import path from 'node:path'
import { build } from 'esbuild'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** Bundles the text of a module, whose imports start from the root of the repository. Returns a small module. */
export async function bundleModule(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'chrome123',
    write: false,
  })
  return outputFiles.map(({ text }) => text).join('\n')
}

/** Bundles a file. Returns a script that makes its exports the global `calls`. */
export async function bundleCalls(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'calls',
    logLevel: 'warning',
  })
  return outputFiles.map(({ text }) => text).join('\n')
}
