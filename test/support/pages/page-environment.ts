/** The environment of the programs and commands on pages. */
import path from 'node:path'
import { ROOT } from './read-page.ts'

/** The package's program, run from its sources, and curl settings. */
const BIN = path.join(ROOT, 'test/support/pages/bin')

/** Directories that are searched first: this Node, and the project's own programs. */
export const PROJECT_FOLDERS: readonly string[] = [
  path.dirname(process.execPath),
  BIN,
  path.join(ROOT, 'node_modules/.bin'),
]

/** Returns an environment without the user's settings, except for PATH. */
export function pageEnvironment(folders: readonly string[] = PROJECT_FOLDERS): NodeJS.ProcessEnv {
  return {
    PATH: [...folders, process.env.PATH].join(path.delimiter),
    HOME: process.env.HOME,
    NO_COLOR: '1',
    CURL_HOME: BIN,
    NODE_COMPILE_CACHE: path.join(ROOT, '.cache/compiled'),
  }
}
