/**
 * Writes dist/: the page of the console, and the browser build of Scalar, of a fixed version whose bytes are checked, each with its
 * licences. Scalar is 5 MB, so it is neither committed nor part of `portico`.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { build } from 'vite'

/** To take another version, change it, and set what `npm view @scalar/api-reference@VERSION dist.integrity` prints. */
export const SCALAR_VERSION = '1.76.0'
const INTEGRITY = 'sha512-pjqwnzmA9YK3ZX+IZSICMsywm4qI6HLSngR2py9H6TvFApHHuJjkTAd+gFJfnqJDzJuro8k7ji6JCtJ2U+Byng=='
const NAME = '@scalar/api-reference'
const SCRIPT = 'package/dist/browser/standalone.js'

const run = promisify(execFile)

/**
 * Downloads Scalar with npm, and writes `scalar.js` and `licenses.txt`.
 *
 * @param folder is created, or replaced once everything is there
 * @throws Error if the package is not the one whose hash is known
 */
export async function buildReference(folder: string): Promise<void> {
  await mkdir(path.dirname(folder), { recursive: true })
  const ground = await mkdtemp(path.join(tmpdir(), 'portico-console-'))
  try {
    await run('npm', ['pack', `${NAME}@${SCALAR_VERSION}`, '--silent', '--pack-destination', ground])
    const tarball = path.join(ground, `scalar-api-reference-${SCALAR_VERSION}.tgz`)
    assertIntegrity(await readFile(tarball))
    await run('tar', ['-xzf', tarball, '-C', ground, SCRIPT])
    const script = await readFile(path.join(ground, SCRIPT), 'utf8')
    const staged = await mkdtemp(`${folder}-`)
    await writeFile(path.join(staged, 'scalar.js'), script)
    await writeFile(path.join(staged, 'licenses.txt'), licensesOf(script))
    await rm(folder, { recursive: true, force: true })
    await rename(staged, folder)
  } finally {
    await rm(ground, { recursive: true })
  }
}

function assertIntegrity(tarball: Buffer): void {
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
  if (integrity !== INTEGRITY) throw new Error(`${NAME} ${SCALAR_VERSION} has the hash ${integrity}, not ${INTEGRITY}`)
}

const LICENSE = `dist/scalar.js is the browser build of ${NAME} ${SCALAR_VERSION} (https://github.com/scalar/scalar).

MIT License

Copyright (c) 2023-present Scalar

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR
ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH
THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

It contains other packages, with these notices:
`

/** The notices that the packages inside of the script ask to keep. */
function licensesOf(script: string): string {
  const notices = script.match(/\/\*![\s\S]*?\*\/|\/\*\*?[^*]*@licen[sc]e[\s\S]*?\*\//g) ?? []
  return `${[LICENSE, ...new Set(notices)].join('\n')}\n`
}

/** Builds the page of the console into a folder, which is replaced. */
export async function buildPage(folder: string): Promise<void> {
  const configFile = path.join(import.meta.dirname, 'app/vite.config.ts')
  await build({ configFile, logLevel: 'warn', build: { outDir: folder } })
}

if (process.argv[1] === import.meta.filename) {
  const folder = path.join(import.meta.dirname, 'dist')
  await buildReference(folder)
  await buildPage(path.join(folder, 'app'))
}
