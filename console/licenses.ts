/** Lists the packages of which the page contains parts, with their licences, in `licenses.txt` beside it. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Plugin } from 'vite'

const PACKAGE_FOLDER = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/

/** A plugin of vite. */
export function licenses(): Plugin {
  return {
    name: 'licenses',
    async generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((output) => (output.type === 'chunk' ? output.moduleIds : []))
      const folders = new Set(modules.flatMap((module) => PACKAGE_FOLDER.exec(module) ?? []))
      const notices = await Promise.all([...folders].sort().map(noticeOf))
      const source = `${['The page contains parts of these packages.', ...notices].join('\n\n')}\n`
      this.emitFile({ type: 'asset', fileName: 'licenses.txt', source })
    },
  }
}

/**
 * Returns the name of a package and its licence.
 *
 * @param folder the folder of the package. Without the text of a licence, its licence must be that of Portico
 */
export async function noticeOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'))
  const title = `${name} ${version}, ${license}`
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
  if (file !== undefined) return `${title}\n\n${await readFile(path.join(folder, file), 'utf8')}`
  if (license !== 'Apache-2.0') throw new Error(`${name} comes without the text of its licence, ${license}`)
  return `${title}: see LICENSE`
}
