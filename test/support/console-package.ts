/** The package `portico-console`, as users install it. */
import { existsSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import path from 'node:path'
import { buildConsole, SCALAR_VERSION } from '../../console/build.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const MODULES = path.join(ROOT, `.cache/console-${SCALAR_VERSION}`)
const PACKAGE = path.join(MODULES, 'portico-console')

/** Builds the package once per version of Scalar, and returns a folder of packages that has it, for `NODE_PATH`. */
export async function consolePackages(): Promise<string> {
  const built = path.join(PACKAGE, 'dist')
  if (!existsSync(built)) await buildConsole(built)
  await cp(path.join(ROOT, 'console/package.json'), path.join(PACKAGE, 'package.json'))
  return MODULES
}
