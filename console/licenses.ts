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
      const byFolder = Map.groupBy([...new Set(modules)].sort(), (module) => PACKAGE_FOLDER.exec(module)?.[0])
      const notices = [...byFolder].map(([folder, files]) => (folder === undefined ? '' : noticeOf(folder, files)))
      const sections = (await Promise.all(notices)).filter(Boolean).sort()
      const source = `${['The page contains parts of these packages.', ...sections].join('\n\n')}\n`
      this.emitFile({ type: 'asset', fileName: 'licenses.txt', source })
    },
  }
}

/** Returns the licence of a package: its text, or the notices at the top of its modules where it has none. */
async function noticeOf(folder: string, modules: readonly string[]): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'))
  const title = `${name} ${version}, ${license}`
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
  if (file !== undefined) return `${title}\n\n${(await readFile(path.join(folder, file), 'utf8')).trim()}`
  const heads = await Promise.all(modules.map(async (module) => headOf(await readFile(module, 'utf8'))))
  const notices = [...new Set(heads.filter(Boolean))].sort()
  if (notices.length === 0) throw new Error(`${name} comes without the text of its licence, ${license}`)
  return [title, ...notices].join('\n\n')
}

/** Returns the comment at the top of a source. */
function headOf(source: string): string {
  return (/^(?:\/\/.*\n)*/.exec(source)?.[0] ?? '').replace(/^\/\/ ?/gm, '').trim()
}
