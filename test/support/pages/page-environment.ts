/** The environment of programs and commands of pages. */
import path from 'node:path'
import { ROOT } from './read-page.ts'

/** The program of the package, from its sources, and the settings of curl. */
const BIN = path.join(ROOT, 'test/support/pages/bin')

/** Where pages find programs first: this Node, and what belongs to this project. */
export const PROJECT_FOLDERS: readonly string[] = [
  path.dirname(process.execPath),
  BIN,
  path.join(ROOT, 'node_modules/.bin'),
]

/** Returns an environment with nothing of the person's own settings but the programs of this machine. */
export function pageEnvironment(folders: readonly string[] = PROJECT_FOLDERS): NodeJS.ProcessEnv {
  return {
    PATH: [...folders, process.env.PATH].join(path.delimiter),
    HOME: process.env.HOME,
    NO_COLOR: '1',
    CURL_HOME: BIN,
    NODE_COMPILE_CACHE: path.join(ROOT, '.cache/compiled'),
  }
}
