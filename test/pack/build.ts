/** Writes dist/, what is published: JavaScript with declarations, and beside it, in the same places, what it imports. */
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '../..')
const DIST = path.join(ROOT, 'dist')
/** Made by other tools, and read by the compiled files from where they are in the sources. */
const COPIED = ['gen', 'client/web/dist']

rmSync(DIST, { recursive: true, force: true })
compile('tsconfig.build.json')
compile('tsconfig.build-web.json')
for (const folder of COPIED) cpSync(path.join(ROOT, folder), path.join(DIST, folder), { recursive: true })

function compile(project: string): void {
  const tsc = path.join(ROOT, 'node_modules/.bin/tsc')
  execFileSync(tsc, ['-p', path.join(import.meta.dirname, project)], { stdio: 'inherit' })
}
